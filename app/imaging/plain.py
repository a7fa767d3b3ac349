"""Plain PNGs, as MNIST's digits are kept in: grey, a byte a pixel, and nothing besides.

To open a file Pillow calls a hundred functions of Python, which for 28×28 pixels take three times
as long as to decode it. Of a plain one all there is to know stands at fixed places (PNG
specification, third edition, 5.3 and 11.2), and Pillow's decoder can be asked for the pixels alone.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.imaging.formats import PNG_SIGNATURE

_FIRST = struct.Struct(">8sI4sII5B")
"""The signature, and the first chunk: length, kind, width, height, depth, colour, three methods."""

_PLAIN = (PNG_SIGNATURE, 13, b"IHDR")
_GREY_BYTES = (8, 0, 0, 0, 0)
"""Of 8 bits, of no colour, compressed and filtered in the only ways there are, not interlaced."""

_CHUNK = struct.Struct(">I4s")
_SUM = struct.Struct(">I")
_AROUND = _CHUNK.size + _SUM.size


def decode_plain(upload: bytes, longest_side: int) -> NDArray[np.uint8] | None:
    """Decode a plain PNG.

    Args:
        upload: the whole file.
        longest_side: in pixels; a larger picture is none of those.

    Returns:
        uint8 [H, W]; None for any other file, and for one that is damaged in whatever way.
    """
    if len(upload) < _FIRST.size:
        return None
    *start, width, height, depth, colour, packing, filtering, interlace = _FIRST.unpack_from(upload)
    if tuple(start) != _PLAIN or (depth, colour, packing, filtering, interlace) != _GREY_BYTES:
        return None
    if not (0 < width <= longest_side and 0 < height <= longest_side):
        return None
    packed = _join_data(upload)
    if packed is None:
        return None
    try:
        # "zip" is what Pillow calls deflate with PNG's filters; "L" its rows of grey bytes.
        image = Image.frombytes("L", (width, height), packed, "zip", "L", 0)
    except (ValueError, OSError, SyntaxError):
        return None
    return np.frombuffer(image.tobytes(), np.uint8).reshape(height, width)


def _join_data(upload: bytes) -> bytes | None:
    """The contents of all data chunks; None where there is another chunk, or one is damaged."""
    pieces: list[bytes] = []
    place = len(PNG_SIGNATURE)
    while place + _AROUND <= len(upload):
        length, kind = _CHUNK.unpack_from(upload, place)
        start, end = place + _CHUNK.size, place + _CHUNK.size + length
        if end + _SUM.size > len(upload):
            return None
        if zlib.crc32(upload[place + 4 : end]) != _SUM.unpack_from(upload, end)[0]:
            return None
        if kind == b"IEND":
            return b"".join(pieces)
        if kind == b"IDAT":
            pieces.append(upload[start:end])
        elif kind != b"IHDR" or place != len(PNG_SIGNATURE):
            return None
        place = end + _SUM.size
    return None
