"""A form of one file is read in a quicker way, and read the same."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ServiceError
from app.routes.uploads import find_lone_file, parse_form

BOUNDARY = b"x-boundary"
CURL = b'Content-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png'
BROWSER = b'Content-Disposition: form-data; name="file"; filename="\xe4\xb8\x83.png"'
HEADS = [
    CURL,
    BROWSER,
    b'Content-Disposition: form-data; name="file"',
    b"content-disposition: form-data; name=file",
    b'Content-Disposition: form-data; name="other"',
    b'Content-Disposition: form-data; name="other"\r\nContent-Disposition: form-data; name="file"',
    b'Content-Disposition: form-data; name="file"\r\nContent-Disposition: form-data; name="other"',
    b"Content-Type: image/png",
    b'Content-Disposition: form-data;\r\n name="file"',
    b"nonsense",
    b"",
]
ENDS = [
    b"\r\n--x-boundary--",
    b"\r\n--x-boundary--\r\n",
    b"\r\n--x-boundary",
    b"",
    b"--x-boundary--",
]
PIECES = [
    b"",
    b"a",
    b"\r\n",
    b"\r",
    b"--",
    b"--x-boundary",
    b"\r\n--x-boundary",
    b"\r\n\r\n",
    b"--\r\n",
]


def write(head: bytes, content: bytes, end: bytes = ENDS[1]) -> bytes:
    """A form of one part."""
    return b"--x-boundary\r\n" + head + b"\r\n\r\n" + content + end


def find(body: bytes) -> bytes | None:
    """In the quicker way."""
    return find_lone_file(body, BOUNDARY, field_name="file")


def parse(body: bytes) -> list[bytes]:
    """In the plain way; nothing where it is refused."""
    try:
        return parse_form(body, BOUNDARY, field_name="file", max_files=1, max_parts=9)
    except ServiceError:
        return []


@given(
    st.sampled_from(HEADS),
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20))).map(b"".join),
    st.sampled_from(ENDS),
)
def test_what_is_found_is_what_is_parsed(head: bytes, content: bytes, end: bytes) -> None:
    """Whatever looks like a delimiter, a header or an end."""
    body = write(head, content, end)
    found = find(body)

    assert not found or parse(body) == [found]


@given(st.binary(max_size=200), st.integers(0, 200), st.sampled_from(PIECES))
def test_a_form_that_is_damaged_is_none_or_the_same(
    content: bytes, place: int, piece: bytes
) -> None:
    """Wherever something was put in."""
    whole = write(CURL, content)
    body = whole[:place] + piece + whole[place:]
    found = find(body)

    assert not found or parse(body) == [found]


@pytest.mark.parametrize("head", HEADS[:1] + HEADS[2:4])
@pytest.mark.parametrize("end", ENDS[:2])
def test_usual_forms_are_found(head: bytes, end: bytes) -> None:
    """Else it would be quick for nobody."""
    assert find(write(head, b"picture", end)) == b"picture"


def test_a_form_of_this_client_is_found() -> None:
    """Of httpx, which writes what most libraries do."""
    request = httpx.Request("POST", "http://test", files={"file": ("a.png", b"x", "image/png")})
    boundary = request.headers["content-type"].partition("boundary=")[2]

    assert find_lone_file(request.read(), boundary.encode(), field_name="file") == b"x"


def test_any_other_form_is_left_to_the_parser() -> None:
    """Of two parts, of another field, of another alphabet."""
    two = write(CURL, b"a", b"\r\n") + write(CURL, b"b")

    assert find(two) is None
    assert find(write(HEADS[4], b"a")) is None
    assert find(write(BROWSER, b"a")) is None
    assert parse(write(BROWSER, b"a")) == [b"a"]
