"""A form of files alone is read in a quicker way, and read the same."""

import sys
from types import FrameType

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import MalformedBody, ServiceError
from app.routes.forms import HEAD_BYTES, Expected, find_files, parse_form

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


MOST = 3
EXPECTED = Expected("file", MOST, 9)


def write(*parts: tuple[bytes, bytes], end: bytes = ENDS[1]) -> bytes:
    """A form of parts, each its headers and its content."""
    whole = [b"--x-boundary\r\n" + head + b"\r\n\r\n" + content for head, content in parts]
    return b"\r\n".join(whole) + end


def find(body: bytes) -> list[bytes] | None:
    """In the quicker way."""
    return find_files(body, BOUNDARY, EXPECTED)


def parse(body: bytes) -> list[bytes]:
    """In the plain way; nothing where it is refused."""
    try:
        return parse_form(body, BOUNDARY, EXPECTED)
    except ServiceError:
        return []


CONTENT = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20))).map(b"".join)


@given(
    st.lists(st.tuples(st.sampled_from(HEADS), CONTENT), min_size=1, max_size=MOST + 1),
    st.sampled_from(ENDS),
)
def test_what_is_found_is_what_is_parsed(parts: list[tuple[bytes, bytes]], end: bytes) -> None:
    """Whatever looks like a delimiter, a header or an end."""
    body = write(*parts, end=end)
    found = find(body)

    assert found is None or parse(body) == found


@given(
    st.lists(st.binary(max_size=99), min_size=1, max_size=MOST),
    st.integers(0, 400),
    st.sampled_from(PIECES),
)
def test_a_form_that_is_damaged_is_none_or_the_same(
    contents: list[bytes], place: int, piece: bytes
) -> None:
    """Wherever something was put in."""
    whole = write(*[(CURL, content) for content in contents])
    body = whole[:place] + piece + whole[place:]
    found = find(body)

    assert found is None or parse(body) == found


@pytest.mark.parametrize("head", HEADS[:1] + HEADS[2:4])
@pytest.mark.parametrize("end", ENDS[:2])
def test_usual_forms_are_found(head: bytes, end: bytes) -> None:
    """Else it would be quick for nobody."""
    assert find(write((head, b"picture"), end=end)) == [b"picture"]
    assert find(write((head, b"a"), (CURL, b"b\r\n"), end=end)) == [b"a", b"b\r\n"]


def test_a_form_of_this_client_is_found() -> None:
    """Of httpx, which writes what most libraries do."""
    files = [("file", (f"{content}.png", content, "image/png")) for content in ("x", "y")]
    request = httpx.Request("POST", "http://test", files=files)
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()

    found = find_files(request.read(), boundary, EXPECTED)
    assert found == [b"x", b"y"]


def test_any_other_form_is_left_to_the_parser() -> None:
    """Of too many parts, of another field, of another alphabet, with an empty file."""
    assert find(write(*[(CURL, b"a")] * (MOST + 1))) is None
    assert find(write((CURL, b"a"), (HEADS[4], b"b"))) is None
    assert find(write((BROWSER, b"a"))) is None
    assert parse(write((BROWSER, b"a"))) == [b"a"]
    assert find(write((CURL, b"a"), (CURL, b""))) is None


@pytest.mark.parametrize(
    "more", [b"\r\nX-Much: " + b"x" * 2 * HEAD_BYTES, b"\r\nx: y" * 8], ids=["long", "many"]
)
def test_headers_beyond_bounds_are_left_to_the_parser(more: bytes) -> None:
    """He refuses them; kept for the next form, long ones would fill the memory."""
    body = write((CURL + more, b"a"))

    assert find(body) is None
    assert parse(body) == []


@pytest.mark.parametrize(
    "filling",
    [b" ", b"\t", b"\r\n--x-boundaryx", b"\r\n", b"\r\n--", b"\r\n--x-boundar", b"-", b"\r"],
    ids=repr,
)
@pytest.mark.parametrize("where", ["before", "within", "in a header", "after a boundary"])
def test_no_form_keeps_the_parser_busy(filling: bytes, where: str) -> None:
    """Of megabytes that a few kilobytes of gzip can hold: lines are counted, not seconds."""
    much = filling * ((128 << 10) // len(filling))
    body = {
        "before": much + write((CURL, b"a")),
        "within": write((CURL, b"a" + much)),
        "in a header": write((CURL + b"\r\nX:" + much, b"a")),
        "after a boundary": write((CURL, b"a"), end=b"\r\n--x-boundary" + much),
    }[where]
    lines = 0

    def count(_frame: FrameType, event: str, _argument: object) -> object:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        parse(body)
    finally:
        sys.settrace(before)

    assert lines < 100_000


def test_boundary_that_is_too_long_is_malformed() -> None:
    """RFC 2046 allows 70 characters, the parser 256."""
    boundary = b"x" * 300
    body = b"--" + boundary + b"\r\n" + BROWSER + b"\r\n\r\na\r\n--" + boundary + b"--"

    with pytest.raises(MalformedBody):
        parse_form(body, boundary, EXPECTED)
