"""Take uploads out of a request: bounded, in memory, never on the disk."""

import re
from collections.abc import Callable
from typing import Protocol, TypeVar

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect

from app.errors import EmptyUpload, MalformedBody, UnsupportedMediaType, too_large
from app.routes.forms import Expected, find_files, parse_form

Result = TypeVar("Result")

FORM_BYTES = 16 << 10
"""Room for the form around one upload: boundaries, headers and small fields."""

IMAGE_TYPES = frozenset(
    {
        "application/octet-stream",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/jpg",  # is none, and sent all the same
        "image/png",
        "image/tiff",
        "image/webp",
        "image/x-ms-bmp",
    }
)
"""Bodies that are the image itself. What it really is, its first bytes say."""

INLINE_BYTES = 32 << 10
"""Bodies up to this are parsed on the event loop: a handful of digits, in about a millisecond."""

_FORM = re.compile(r"multipart/form-data; ?boundary=([0-9A-Za-z_-]+)")
"""A form's content type as nearly every client writes it."""


class RunAside(Protocol):
    """Does work in a thread, as `app.classifier.Classifier.run_aside`."""

    async def __call__(self, work: Callable[[], Result]) -> Result:
        """What the work gives."""


async def read_upload(
    request: Request, aside: RunAside, *, max_bytes: int, max_parts: int
) -> bytes:
    """Read the one image of a request: the form field `file`, or the body itself.

    Args:
        request: its body has not been read.
        aside: does work in a thread; a form that is not plain is parsed there if it is large.
        max_bytes: of the image.
        max_parts: of a form, besides the image.

    Raises:
        UploadError: there is no such image, or it is not one we take.
        QueueFull: too much waits for a thread.
    """
    media_type, boundary = _media_type(request)
    if boundary is not None:
        body = await read_body(request, max_bytes + FORM_BYTES)
        found = await _take_files(body, boundary, aside, Expected("file", 1, max_parts))
        file = found[0]
        if len(file) > max_bytes:
            raise too_large("The file", max_bytes)
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
    request: Request, aside: RunAside, *, max_bytes: int, max_files: int, max_parts: int
) -> list[bytes]:
    """Read the images of a form's repeated field `files`, in their order.

    Args:
        request: its body has not been read.
        aside: as of `read_upload`.
        max_bytes: of the body.
        max_files: of the field.
        max_parts: of the form, besides them.

    Raises:
        UploadError: there is none, there are too many, or the body is no form.
        QueueFull: too much waits for a thread.
    """
    media_type, boundary = _media_type(request)
    if boundary is None:
        raise UnsupportedMediaType(
            f"Send multipart/form-data, not {media_type or 'a body without a type'}."
        )
    body = await read_body(request, max_bytes)
    return await _take_files(body, boundary, aside, Expected("files", max_files, max_parts))


async def _take_files(
    body: bytes, boundary: bytes, aside: RunAside, expected: Expected
) -> list[bytes]:
    files = find_files(body, boundary, expected)
    if files is not None:
        return files
    return await parse_body(body, aside, lambda form: parse_form(form, boundary, expected))


async def parse_body(body: bytes, aside: RunAside, parse: Callable[[bytes], Result]) -> Result:
    """Parse a body, in a thread if that takes long.

    Raises:
        UploadError: `parse` refuses it.
        QueueFull: too much waits for a thread.
    """
    if len(body) <= INLINE_BYTES:
        return parse(body)
    return await aside(lambda: parse(body))


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
        raise too_large("The body", max_bytes)
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
            raise too_large("The body", max_bytes)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
