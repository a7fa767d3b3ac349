"""Tensors out of JSON and out of bytes: what comes in comes out, or an error says why not."""

import base64
import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.errors import InvalidTensor, MalformedBody, UploadTooLarge
from app.protocols.tensors import (
    NUMERIC,
    NotAPixel,
    decode_base64,
    join_bytes,
    narrow,
    numbers_from_bytes,
    parse_json,
    split_bytes,
    to_pixels,
    unnest,
)

PIXELS = np.array([0, 1, 2, 3, 64, 127], np.uint8)


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a": NaN}', b'{"a": -Infinity}', b"{} {}", b'{"a": "\xff"}', b"[" * 300]
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """The tokens of JavaScript that JSON lacks among them, and nests without end."""
    with pytest.raises(MalformedBody, match="JSON Parse error"):
        parse_json(body, max_values=1000)


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """A request is an object in every protocol."""
    with pytest.raises(MalformedBody, match="not an object"):
        parse_json(body, max_values=1000)


@pytest.mark.parametrize("filling", [b"[" * 9, b"1," * 9, b"{" * 9])
def test_values_are_counted_before_they_are_parsed(filling: bytes) -> None:
    """A body that would take a hundred times its size in memory is not parsed at all."""
    with pytest.raises(UploadTooLarge):
        parse_json(b'{"a":' + filling, max_values=9)


def test_unnest_gives_leaves_and_shape() -> None:
    """In the order of the axes, however deep."""
    assert unnest([[[1, 2, 3], [4, 5, 6]]]) == ([1, 2, 3, 4, 5, 6], (1, 2, 3))
    assert unnest([1, 2]) == ([1, 2], (2,))
    assert unnest([]) == ([], (0,))
    assert unnest([[], []]) == ([], (2, 0))


@settings(deadline=None)
@given(hnp.arrays(np.uint8, hnp.array_shapes(max_dims=4, max_side=5)))
def test_unnest_is_the_inverse_of_nesting(array: np.ndarray) -> None:
    """Whatever NumPy nests comes back."""
    leaves, shape = unnest(array.tolist())

    assert shape == array.shape
    assert leaves == array.ravel().tolist()


@pytest.mark.parametrize("data", [[[1, 2], [3]], [[1], 2], [[[1]], [[1], [2]]]])
def test_ragged_lists_are_refused(data: list[object]) -> None:
    """Lists of unlike lengths are no tensor."""
    with pytest.raises(InvalidTensor, match="unlike lengths"):
        unnest(data)


def test_whole_numbers_are_pixels() -> None:
    """However they are written."""
    np.testing.assert_array_equal(to_pixels([0, 255, 7.0, -0.0]), np.array([0, 255, 7, 0]))
    assert to_pixels([0]).dtype == np.uint8


@pytest.mark.parametrize(
    "value", [-1, 256, 0.5, 1e300, 10**400, -(10**400), math.inf, True, None, "7", [7], {"b64": ""}]
)
def test_what_is_no_pixel_is_named(value: object) -> None:
    """With its place, and nothing is rounded, wrapped or taken for a number."""
    with pytest.raises(NotAPixel, match="Value 2") as caught:
        to_pixels([0, 1, value, 3])

    assert caught.value.value == value


@pytest.mark.parametrize("datatype", [name for name in NUMERIC if name != "BF16"])
def test_every_datatype_converts_without_loss(datatype: str) -> None:
    """Bytes of each numeric type come out as the pixels that went in."""
    content = PIXELS.astype(NUMERIC[datatype]).tobytes()
    pixels = narrow(numbers_from_bytes(content, datatype, len(PIXELS)))

    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, PIXELS)


def test_bfloat16_converts_without_loss() -> None:
    """It is the upper half of a float32; all pixels have eight significant bits."""
    pixels = np.arange(256, dtype=np.uint8)
    content = (pixels.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()

    np.testing.assert_array_equal(narrow(numbers_from_bytes(content, "BF16", 256)), pixels)


@settings(deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.int8, np.uint16, np.int64, np.uint64, np.float16, np.float64]),
        st.integers(1, 9),
    )
)
def test_narrow_is_exact_or_refuses(numbers: np.ndarray) -> None:
    """Any numbers at all: equal pixels, or an error; never something near."""
    try:
        pixels = narrow(numbers)
    except NotAPixel:
        assert any(not 0 <= number <= 255 or number != int(number) for number in numbers.tolist())
    else:
        assert pixels.tolist() == numbers.tolist()


@pytest.mark.parametrize("size", [0, 11, 13])
def test_bytes_that_do_not_fit_are_refused(size: int) -> None:
    """Too few or too many are not made to fit."""
    with pytest.raises(InvalidTensor, match="take 12 bytes"):
        numbers_from_bytes(b"\0" * size, "FP32", 3)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_bytes_elements_come_back(elements: list[bytes]) -> None:
    """Joined and split they are the same, the empty ones too."""
    assert split_bytes(join_bytes(elements), len(elements)) == elements


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (join_bytes([b"abc"])[:-1], 1),
        (join_bytes([b"abc"]) + b"\0", 1),
        (join_bytes([b"abc"]) + b"\0\0\0", 2),
        (struct.pack("<I", 0xFFFFFFFF), 1),
        (join_bytes([b"a", b"b"]), 1),
        (join_bytes([b"a"]), 2),
        (b"", 1),
    ],
)
def test_wrong_lengths_are_refused(content: bytes, count: int) -> None:
    """No element reaches beyond the bytes, and there are as many as were announced."""
    with pytest.raises(InvalidTensor):
        split_bytes(content, count)


@settings(deadline=None)
@given(st.binary())
def test_base64_comes_back(content: bytes) -> None:
    """Whatever was encoded."""
    assert decode_base64(base64.b64encode(content).decode()) == content


@pytest.mark.parametrize("text", ["a", "ab=c", "ab c", "ä", "-_-_", 7, None, ["YQ=="]])
def test_wrong_base64_is_refused(text: object) -> None:
    """Nothing is skipped or guessed."""
    with pytest.raises(InvalidTensor, match="base64"):
        decode_base64(text)
