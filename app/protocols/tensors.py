"""Tensors as the protocols carry them: JSON or bytes ↔ arrays, without loss or an error."""

import base64
import binascii
import math
import struct
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np
import pydantic_core
from numpy.typing import NDArray

from app.errors import InvalidTensor, MalformedBody, UploadTooLarge

DIGIT = (28, 28)
PIXELS = math.prod(DIGIT)

VALUES_PER_ROW = 1024
"""Values, lists and objects that one digit may take in JSON; nested it takes 784 + 29."""

WHITE = 255

BFLOAT16 = "BF16"

_NUMBERS = frozenset({int, float})  # a bool is an int to isinstance

# As the Open Inference Protocol names them; little-endian on the wire.
NUMERIC = {
    **{f"UINT{bits}": np.dtype(f"<u{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"INT{bits}": np.dtype(f"<i{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": np.dtype(f"<f{bits // 8}") for bits in (16, 32, 64)},
    BFLOAT16: np.dtype("<u2"),  # NumPy has none: the upper half of a float32
}


class NotAPixel(InvalidTensor):
    """A value that is not a whole number from 0 to 255.

    Attributes:
        value: that one.
    """

    def __init__(self, place: int, value: object) -> None:
        """Name the value and its place."""
        super().__init__(f"Value {place}, {show(value)}, is not a whole number from 0 to 255.")
        self.value = value


def parse_json(body: bytes, *, max_values: int) -> dict[str, Any]:
    """The JSON object of a body; NaN and Infinity are no JSON.

    What could be values is counted first: a megabyte of brackets would take a hundred in memory.

    Raises:
        MalformedBody: no JSON, or no object.
        UploadTooLarge: more than about `max_values` values.
    """
    if body.count(b",") + body.count(b"[") + body.count(b"{") > max_values:
        raise UploadTooLarge(f"The JSON has more than {max_values:,} values.")
    try:
        value = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedBody(f"JSON Parse error: {error}") from error
    if not isinstance(value, dict):
        raise MalformedBody("The JSON is not an object.")
    return value


def unnest(data: Sequence[Any]) -> tuple[list[Any], tuple[int, ...]]:
    """The leaves of nested lists in their order, and the shape of the nest.

    Raises:
        InvalidTensor: lists of unlike lengths beside each other.
    """
    leaves, shape = list(data), [len(data)]
    while leaves and isinstance(leaves[0], list):
        lengths = {len(each) if isinstance(each, list) else -1 for each in leaves}
        if len(lengths) > 1:
            raise InvalidTensor(f"The lists at level {len(shape)} are of unlike lengths.")
        shape.append(lengths.pop())
        leaves = list(chain.from_iterable(leaves))
    return leaves, tuple(shape)


def to_pixels(values: Sequence[Any]) -> NDArray[np.uint8]:
    """Numbers out of JSON as pixels uint8 [n].

    Raises:
        NotAPixel: one of them is not a whole number from 0 to 255.
    """
    if set(map(type, values)) <= _NUMBERS:
        with suppress(NotAPixel, OverflowError):  # it is named below, as it was written
            return narrow(np.array(values, np.float64))
    place = next(at for at, each in enumerate(values) if not _is_pixel(each))
    raise NotAPixel(place, values[place])


def _is_pixel(value: Any) -> bool:  # noqa: ANN401 # whatever JSON holds
    return type(value) in _NUMBERS and 0 <= value <= WHITE and value == int(value)


def narrow(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers [n] of any type as pixels uint8 [n].

    Raises:
        NotAPixel: one of them is not a whole number from 0 to 255.
    """
    if numbers.dtype == np.uint8:
        return numbers
    with np.errstate(invalid="ignore"):  # what does not fit is found by comparing
        pixels = numbers.astype(np.uint8)
    wrong = np.flatnonzero(pixels != numbers)
    if wrong.size:
        place = int(wrong[0])
        raise NotAPixel(place, numbers[place].item())
    return pixels


def numbers_from_bytes(content: bytes, datatype: str, count: int) -> NDArray[Any]:
    """Little-endian numbers [count] of one of the `NUMERIC` types.

    Raises:
        InvalidTensor: the bytes are not as many as that takes.
    """
    dtype = NUMERIC[datatype]
    if len(content) != count * dtype.itemsize:
        raise InvalidTensor(
            f"{count} elements of {datatype} take {count * dtype.itemsize} bytes, "
            f"not {len(content)}."
        )
    numbers: NDArray[Any] = np.frombuffer(content, dtype)
    if datatype == BFLOAT16:
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers


def split_bytes(content: bytes, count: int) -> list[bytes]:
    """The elements of a BYTES tensor, each behind its length in four little-endian bytes.

    Raises:
        InvalidTensor: not exactly `count` elements.
    """
    elements: list[bytes] = []
    start = 0
    while start < len(content):
        if len(elements) == count:
            raise InvalidTensor(f"The bytes hold more than {count} elements.")
        begin = start + 4
        # A length that was cut off becomes one that cannot be.
        (length,) = struct.unpack("<I", content[start:begin].ljust(4, b"\xff"))
        start = begin + length
        if start > len(content):
            raise InvalidTensor(f"Element {len(elements)} is longer than the bytes there are.")
        elements.append(content[begin:start])
    if len(elements) != count:
        raise InvalidTensor(f"The bytes hold {len(elements)} elements, not {count}.")
    return elements


def join_bytes(elements: Sequence[bytes]) -> bytes:
    """A BYTES tensor's elements, each behind its length in four little-endian bytes."""
    return b"".join(struct.pack("<I", len(each)) + each for each in elements)


def decode_base64(text: object) -> bytes:
    """The bytes that a JSON string stands for.

    Raises:
        InvalidTensor: no string, or no base64 (RFC 4648, section 4).
    """
    if not isinstance(text, str):
        raise InvalidTensor(f"{show(text)} is not a string of base64.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidTensor("Unable to base64 decode a picture.") from error


def show(value: object) -> str:
    """A value as a message can bear it."""
    text = pydantic_core.to_json(value, inf_nan_mode="constants").decode()
    return text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004 # a line's worth
