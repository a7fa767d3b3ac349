"""Take uploads out of a request: bounded, in memory, never on the disk."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import DEFAULT_MAX_HEADER_COUNT, parse_options_header
from starlette.requests import ClientDisconnect

from app.errors import (
    EmptyUpload,
    MalformedBody,
    MissingFile,
    TooManyFiles,
    TooManyParts,
    UnsupportedMediaType,
    UploadTooLarge,
)

FORM_BYTES = 16 << 10
"""Room for the form around one upload: boundaries, headers and small fields."""

IMAGE_TYPES = frozenset(
    {
        "application/octet-stream",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/tiff",
        "image/webp",
        "image/x-ms-bmp",
    }
)
"""Bodies that are the image itself. What it really is, its first bytes say."""


_FORM = re.compile(r"multipart/form-data; ?boundary=([0-9A-Za-z_-]+)")
"""A form's content type as nearly every client writes it."""

_HEADER = re.compile(rb"[0-9A-Za-z-]+: [ -~]*")
"""A header of a part, likewise."""

HEAD_BYTES = 4 << 10
"""Of a part's headers: those of a part with more are the parser's to refuse, and are not kept."""

_CRLF = b"\r\n"


async def read_upload(request: Request, *, max_bytes: int, max_parts: int) -> bytes:
    """Read the one image of a request: the form field `file`, or the body itself.

    Raises:
        UploadError: there is no such image, or it is not one we take.
    """
    media_type, boundary = _media_type(request)
    if boundary is not None:
        body = await read_body(request, max_bytes + FORM_BYTES)
        file = _take_files(body, boundary, "file", max_files=1, max_parts=max_parts)[0]
        if len(file) > max_bytes:
            raise UploadTooLarge(f"The file has more than {max_bytes:,} bytes.")
        return file
    if media_type not in IMAGE_TYPES:
        raise UnsupportedMediaType(
            f"Send multipart/form-data or an image, not {media_type or 'a body without a type'}."
        )
    body = await read_body(request, max_bytes)
    if not body:
        raise EmptyUpload("The body has no bytes.")
    return body


async def read_uploads(
    request: Request, *, max_bytes: int, max_files: int, max_parts: int
) -> list[bytes]:
    """Read the images of a form's repeated field `files`, in their order.

    Raises:
        UploadError: there is none, there are too many, or the body is no form.
    """
    media_type, boundary = _media_type(request)
    if boundary is None:
        raise UnsupportedMediaType(
            f"Send multipart/form-data, not {media_type or 'a body without a type'}."
        )
    body = await read_body(request, max_bytes)
    return _take_files(body, boundary, "files", max_files=max_files, max_parts=max_parts)


def _take_files(
    body: bytes, boundary: bytes, field_name: str, *, max_files: int, max_parts: int
) -> list[bytes]:
    files = find_files(body, boundary, field_name=field_name, max_files=max_files)
    if files is not None:
        return files
    return parse_form(
        body, boundary, field_name=field_name, max_files=max_files, max_parts=max_parts
    )


def _media_type(request: Request) -> tuple[str, bytes | None]:
    """The content type, and the boundary where it is a form's.

    Raises:
        MalformedBody: a form without a boundary.
    """
    written = _find_header(request, b"content-type")
    if common := _FORM.fullmatch(written):
        return "multipart/form-data", common[1].encode()
    content_type, options = parse_options_header(written)
    media_type = content_type.decode("latin-1").lower()
    if media_type != "multipart/form-data":
        return media_type, None
    boundary = options.get(b"boundary")
    if not boundary:
        raise MalformedBody("The content type of the form names no boundary.")
    return media_type, boundary


def _find_header(request: Request, name: bytes) -> str:
    """The first of a name, which is in lower case; empty where there is none."""
    for each, value in request.scope["headers"]:
        if each == name:
            return str(value, "latin-1")
    return ""


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The whole body; one that is larger is refused before it is read whole.

    Raises:
        UploadTooLarge: it has more bytes.
        ClientDisconnect: the caller went before its end.
    """
    announced = _find_header(request, b"content-length")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    chunks = []
    size = 0
    is_last = False
    while not is_last:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        is_last = not message.get("more_body", False)
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(max_bytes: int) -> UploadTooLarge:
    return UploadTooLarge(f"The body has more than {max_bytes:,} bytes.")


@dataclass(slots=True)
class _Form:
    """What a parse of a form has found so far."""

    body: bytes
    wanted: bytes
    max_files: int
    max_parts: int
    files: list[bytes] = field(default_factory=list)
    other_parts: int = 0
    is_wanted: bool = False
    is_complete: bool = False
    header_name: bytes = b""
    header_value: bytes = b""
    spans: list[tuple[int, int]] = field(default_factory=list)

    def begin_part(self) -> None:
        self.is_wanted = False
        self.spans = []

    def add_header_name(self, data: bytes, start: int, end: int) -> None:
        self.header_name += data[start:end]

    def add_header_value(self, data: bytes, start: int, end: int) -> None:
        self.header_value += data[start:end]

    def end_header(self) -> None:
        if self.header_name.lower() == b"content-disposition":
            self.is_wanted = _field_name(self.header_value) == self.wanted
        self.header_name = self.header_value = b""

    def add_data(self, _data: bytes, start: int, end: int) -> None:
        if self.is_wanted:
            self.spans.append((start, end))

    def end_part(self) -> None:
        if not self.is_wanted:
            self.other_parts += 1
            if self.other_parts > self.max_parts:
                raise TooManyParts(f"More than {self.max_parts} fields that are not asked for.")
            return
        if len(self.files) == self.max_files:
            raise TooManyFiles(f"More than {self.max_files} files in one request.")
        self.files.append(b"".join(self.body[start:end] for start, end in self.spans))

    def end(self) -> None:
        self.is_complete = True


@lru_cache(maxsize=256)  # a caller's files mostly have the same name
def _field_name(disposition: bytes) -> bytes | None:
    return parse_options_header(disposition)[1].get(b"name")


def find_files(
    body: bytes, boundary: bytes, *, field_name: str, max_files: int
) -> list[bytes] | None:
    """What `parse_form` finds in a form of nothing but files, in a twentieth of the calls.

    Returns:
        The files of the field; None for any other form, and for one with an empty file or too many.
    """
    delimiter = _CRLF + b"--" + boundary
    wanted = field_name.encode()
    if not body.startswith(delimiter[len(_CRLF) :]):
        return None
    files: list[bytes] = []
    place = len(delimiter) - len(_CRLF)
    while body.startswith(_CRLF, place):
        head = place + len(_CRLF)
        head_end = body.find(_CRLF + _CRLF, head, head + HEAD_BYTES)
        start = head_end + 2 * len(_CRLF)
        end = body.find(delimiter, start)
        if (
            head_end < 0
            or end <= start
            or len(files) == max_files
            or _sole_field(body[head:head_end]) != wanted
        ):
            return None
        files.append(body[start:end])
        place = end + len(delimiter)
    return files if body[place:] in (b"--", b"--" + _CRLF) and files else None


@lru_cache(maxsize=256)  # as below
def _sole_field(head: bytes) -> bytes | None:
    """The field that a part's headers name; None where they are not plainly headers."""
    lines = head.split(_CRLF)
    if len(lines) > DEFAULT_MAX_HEADER_COUNT or not all(map(_HEADER.fullmatch, lines)):
        return None
    pairs = [line.split(b":", 1) for line in lines]
    named = [value.strip() for name, value in pairs if name.lower() == b"content-disposition"]
    return _field_name(named[0]) if len(named) == 1 else None


def parse_form(
    body: bytes, boundary: bytes, *, field_name: str, max_files: int, max_parts: int
) -> list[bytes]:
    """The files of one field of a multipart form (RFC 7578), in their order.

    Raises:
        MalformedBody: not a complete form.
        MissingFile: no such field.
        TooManyFiles: more than `max_files`.
        TooManyParts: more than `max_parts` of other fields.
        EmptyUpload: the body, or the only file, has no bytes.
    """
    if not body:
        raise EmptyUpload("The body has no bytes.")
    form = _Form(body, field_name.encode(), max_files, max_parts)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": form.begin_part,
                "on_header_field": form.add_header_name,
                "on_header_value": form.add_header_value,
                "on_header_end": form.end_header,
                "on_part_data": form.add_data,
                "on_part_end": form.end_part,
                "on_end": form.end,
            },
        )
        parser.write(body)
    except MultipartParseError as error:
        raise MalformedBody("The form is malformed.") from error
    if not form.is_complete:
        raise MalformedBody("The form ends before its closing boundary.")
    if not form.files:
        raise MissingFile(f"The form has no file in the field `{field_name}`.")
    if form.files == [b""]:
        raise EmptyUpload("The file has no bytes.")
    return form.files
