"""Multipart forms (RFC 7578): the files of one field, in their order."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import DEFAULT_MAX_HEADER_COUNT, parse_options_header

from app.errors import EmptyUpload, MalformedBody, MissingFile, TooManyFiles, TooManyParts

HEAD_BYTES = 4 << 10
"""Of a part's headers: those of a part with more are the parser's to refuse, and are not kept."""

MOST_BLANKS = 64
MOST_STRANGERS = 1000
"""After a boundary, and boundaries that are none: the parser takes byte after byte of them."""

_HEADER = re.compile(rb"[0-9A-Za-z-]+: [ -~]*")
"""A header of a part as nearly every client writes it."""

_CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a form is to hold.

    Attributes:
        field: whose files are asked for.
        max_files: most of them.
        max_parts: most parts of other fields.
    """

    field: str
    max_files: int
    max_parts: int


@dataclass(slots=True)
class _Form:
    """What a parse of a form has found so far."""

    body: bytes
    expected: Expected
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
            self.is_wanted = _field_name(self.header_value) == self.expected.field.encode()
        self.header_name = self.header_value = b""

    def add_data(self, _data: bytes, start: int, end: int) -> None:
        if self.is_wanted:
            self.spans.append((start, end))

    def end_part(self) -> None:
        if not self.is_wanted:
            self.other_parts += 1
            if self.other_parts > self.expected.max_parts:
                raise TooManyParts(
                    f"More than {self.expected.max_parts} fields that are not asked for."
                )
            return
        if len(self.files) == self.expected.max_files:
            raise TooManyFiles(f"More than {self.expected.max_files} files in one request.")
        self.files.append(b"".join(self.body[start:end] for start, end in self.spans))

    def end(self) -> None:
        self.is_complete = True


@lru_cache(maxsize=256)  # a caller's files mostly have the same name
def _field_name(disposition: bytes) -> bytes | None:
    return parse_options_header(disposition)[1].get(b"name")


def find_files(body: bytes, boundary: bytes, expected: Expected) -> list[bytes] | None:
    """What `parse_form` finds in a form of nothing but files, in a twentieth of the calls.

    Returns:
        The files of the field; None for any other form, and for one with an empty file or too many.
    """
    delimiter = _CRLF + b"--" + boundary
    wanted = expected.field.encode()
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
            or len(files) == expected.max_files
            or _sole_field(body[head:head_end]) != wanted
        ):
            return None
        files.append(body[start:end])
        place = end + len(delimiter)
    return files if body[place:] in (b"--", b"--" + _CRLF) and files else None


@lru_cache(maxsize=256)  # as above
def _sole_field(head: bytes) -> bytes | None:
    """The field that a part's headers name; None where they are not plainly headers."""
    lines = head.split(_CRLF)
    if len(lines) > DEFAULT_MAX_HEADER_COUNT or not all(map(_HEADER.fullmatch, lines)):
        return None
    pairs = [line.split(b":", 1) for line in lines]
    named = [value.strip() for name, value in pairs if name.lower() == b"content-disposition"]
    return _field_name(named[0]) if len(named) == 1 else None


def parse_form(body: bytes, boundary: bytes, expected: Expected) -> list[bytes]:
    """The files of any multipart form, in their order.

    Raises:
        MalformedBody: not a complete form.
        MissingFile: no such field.
        TooManyFiles: more of it than are expected.
        TooManyParts: more of other fields.
        EmptyUpload: the body has no bytes.
    """
    if not body:
        raise EmptyUpload("The body has no bytes.")
    _bound_steps(body, boundary)
    form = _Form(body, expected)
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
    except FormParserError as error:
        raise MalformedBody("The form is malformed.") from error
    if not form.is_complete:
        raise MalformedBody("The form ends before its closing boundary.")
    if not form.files:
        raise MissingFile(f"The form has no file in the field `{expected.field}`.")
    return form.files


def _bound_steps(body: bytes, boundary: bytes) -> None:
    """Refuse what would keep the parser, which is no C, busy for many seconds.

    Raises:
        MalformedBody: blanks without end after a boundary, or it is in the files time and again.
    """
    delimiter = re.escape(b"--" + boundary)
    if re.search(delimiter + rb"[ \t]{%d}" % MOST_BLANKS, body):
        raise MalformedBody("The form has blanks after a boundary.")
    strangers = re.finditer(rb"\r\n" + delimiter + rb"(?!\r\n|--|[ \t])", body)
    if next(islice(strangers, MOST_STRANGERS, None), None):
        raise MalformedBody("The form's boundary is all over its files.")
