"""Plain PNGs are decoded in a quicker way, to the same pixels, and damaged ones are not."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from app.errors import ImageError
from app.imaging import decoding
from app.imaging.plain import decode_plain

LONGEST = 1280
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode(image: Image.Image, **options: bool | int) -> bytes:
    """As Pillow writes a PNG."""
    file = BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """With the right checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_second_header_is_not_passed_over() -> None:
    """Other readers take its size; whoever reads such a file is to be the same always."""
    other = chunk(b"IHDR", struct.pack(">IIBBBBB", 28, 14, 8, 0, 0, 0, 0))
    rows = zlib.compress(bytes(29 * 28))

    assert decode_plain(write(28, 28, rows), LONGEST) is not None
    assert decode_plain(write(28, 28, rows, before=other), LONGEST) is None


def write(width: int, height: int, *data: bytes, before: bytes = b"") -> bytes:
    """A plain PNG with these data chunks."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pieces = b"".join(chunk(b"IDAT", piece) for piece in data)
    return SIGNATURE + header + before + pieces + chunk(b"IEND", b"")


def by_pillow(upload: bytes) -> NDArray[np.uint8] | None:
    """What the general way gives; None where it refuses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "decode_plain", lambda *_: None)
        try:
            return decoding.decode(upload, max_pixels=1 << 20)
        except ImageError:
            return None


def check_same(upload: bytes) -> None:
    """Either none, or what Pillow reads."""
    found = decode_plain(upload, LONGEST)
    if found is not None:
        np.testing.assert_array_equal(found, by_pillow(upload))


def filtered(pixels: NDArray[np.uint8], kinds: list[int]) -> bytes:
    """Rows of noise under each of PNG's filters: what they stand for is the decoder's affair."""
    return b"".join(bytes([kind]) + row.tobytes() for kind, row in zip(kinds, pixels, strict=True))


@pytest.mark.parametrize("size", [(28, 28), (1, 1), (5, 40), (1280, 3)])
@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"compress_level": 0}])
def test_pixels_are_those_that_were_written(
    size: tuple[int, int], options: dict[str, bool | int]
) -> None:
    """Of any size, however compressed."""
    pixels = np.random.default_rng(0).integers(0, 256, size[::-1], np.uint8)
    upload = encode(Image.fromarray(pixels), **options)

    np.testing.assert_array_equal(decode_plain(upload, LONGEST), pixels)
    np.testing.assert_array_equal(by_pillow(upload), pixels)


@given(st.lists(st.integers(0, 4), min_size=8, max_size=8), st.integers(1, 60))
def test_every_filter_in_any_cut(kinds: list[int], cut: int) -> None:
    """Filters by row, data in several chunks."""
    pixels = np.random.default_rng(cut).integers(0, 256, (8, 9), np.uint8)
    packed = zlib.compress(filtered(pixels, kinds))
    upload = write(9, 8, packed[:cut], packed[cut:])

    assert decode_plain(upload, LONGEST) is not None
    check_same(upload)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"])
def test_other_kinds_are_left_to_pillow(mode: str) -> None:
    """Bits, palettes, colours, wide samples; grey bytes alone are plain."""
    found = decode_plain(encode(Image.new(mode, (9, 8))), LONGEST)

    assert (found is not None) == (mode == "L")


def test_whatever_stands_besides_is_left_to_pillow() -> None:
    """A transparent grey, an orientation, a comment, a picture to be reduced."""
    packed = zlib.compress(bytes(8 * 10))
    assert decode_plain(write(9, 8, packed), LONGEST) is not None

    for kind in (b"tRNS", b"eXIf", b"tEXt"):
        assert decode_plain(write(9, 8, packed, before=chunk(kind, b"\0\0")), LONGEST) is None
    assert decode_plain(write(9, 8, packed), 8) is None


@given(st.binary(max_size=60), st.integers(0, 120), st.integers(0, 12))
def test_damage_is_none_or_the_same(piece: bytes, place: int, cut: int) -> None:
    """Bytes overwritten and cut out anywhere in the file."""
    upload = encode(Image.fromarray(np.arange(72, dtype=np.uint8).reshape(8, 9)))

    check_same(upload[:place] + piece + upload[place + cut :])
    check_same(upload[:place])


@given(st.binary(min_size=1, max_size=6), st.integers(0, 90), st.integers(0, 6))
def test_data_that_was_damaged_before_it_was_summed(piece: bytes, place: int, cut: int) -> None:
    """Streams that are none, too short, too long, or of another sum."""
    packed = zlib.compress(
        filtered(np.arange(72, dtype=np.uint8).reshape(8, 9), [0, 1, 2, 3, 4] + [0] * 3)
    )

    check_same(write(9, 8, packed[:place] + piece + packed[place + cut :]))
    check_same(write(9, 8, packed[:place]))
