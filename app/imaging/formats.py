"""The image formats that are read, told by their first bytes.

Pillow's own `Image.open` is not used: it tries every format it knows, fills process-wide
tables when first called, and warns or raises by a process-wide pixel limit.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from app.errors import DamagedImage, NotAnImage

# A progressive JPEG of a camera has about ten scans, and each costs a pass over the whole
# picture: a few kilobytes of thousands of scans would keep a core busy for minutes.
MAX_JPEG_SCANS = 100

# Metadata of 20 MB take 320 of the longest; Pillow keeps a note of each, however short.
MAX_JPEG_SEGMENTS = 2000

# What follows 0xFF in a marker; in what is coded it is 0 or a restart (ITU T.81, B.1).
_JPEG_MARK = 0xFF
_IS_JPEG_MARKER = np.ones(256, dtype=bool)
_IS_JPEG_MARKER[[0x00, *range(0xD0, 0xD8), _JPEG_MARK]] = False
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
_JPEG_BARE = {0xD8, 0x01}

LEAST_WINDOW, LARGEST_WINDOW = 1 << 12, 1 << 20
"""Bytes of what is coded that are looked through at once for its end."""

SMALL_BYTES = 32 << 10
SMALL_PIXELS = 1 << 10
"""Of what is decoded on the event loop: up to 32×32, which at its worst takes 8 KB."""

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Of files that are taken for pictures where a folder holds others besides."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_SIZE_END = 24
_PNG_ESSENTIAL = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf", b"IEND"}


def _as_it_is(upload: bytes) -> bytes:
    return upload


def _always(_upload: bytes) -> bool:
    return True


def _has_exif_chunk(upload: bytes) -> bool:
    return b"eXIf" in upload


def _not_announced(_upload: bytes) -> tuple[int, int] | None:
    return None


@dataclass(frozen=True, slots=True)
class Format:
    """One image format.

    Attributes:
        name: as people write it.
        open: parses the header, and decodes nothing yet.
        essential: the bytes of an upload that the decoder is to see.
        announced_size: (width, height) by the header, for decoders that allocate on opening.
        turns_itself: whether Pillow applies the orientation while it loads.
        may_be_turned: whether the bytes may hold an orientation; Pillow decodes a whole PNG to
            find one.
        may_warn: whether Pillow may warn of something in the bytes.
    """

    name: str
    open: Callable[[BytesIO], ImageFile]
    essential: Callable[[bytes], bytes] = _as_it_is
    announced_size: Callable[[bytes], tuple[int, int] | None] = _not_announced
    turns_itself: bool = False
    may_be_turned: Callable[[bytes], bool] = _always
    may_warn: Callable[[bytes], bool] = _always


def recognise(upload: bytes) -> Format:
    """Tell the format of an upload.

    Raises:
        NotAnImage: none of those that are read.
    """
    for magic, form in _BY_MAGIC:
        if upload.startswith(magic):
            return form
    if upload[:4] == b"RIFF" and upload[8:12] == b"WEBP":
        return _WEBP
    raise NotAnImage("The upload is not a PNG, JPEG, WebP, BMP, GIF or TIFF image.")


def _essential_chunks(upload: bytes) -> bytes:
    """A PNG without the chunks that hold no pixels.

    Compressed text and colour profiles can swell to gigabytes, and a broken animation chunk
    makes Pillow warn; a picture of a digit needs none of them.
    """
    kept = [PNG_SIGNATURE]
    place = len(PNG_SIGNATURE)
    while place + 8 <= len(upload):
        length, kind = struct.unpack_from(">I4s", upload, place)
        end = place + 12 + length
        if kind in _PNG_ESSENTIAL:
            kept.append(upload[place:end])
        place = end
    return b"".join(kept)


def _png_size(upload: bytes) -> tuple[int, int] | None:
    """Width and height, which stand first in the header chunk, which stands first in the file."""
    if len(upload) < _PNG_SIZE_END or upload[_PNG_SIZE_END - 12 : _PNG_SIZE_END - 8] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", upload, _PNG_SIZE_END - 8)
    return width, height


def _few_segments(upload: bytes) -> bytes:
    """A JPEG as it is; what follows its end, such as the film of a moving photo, counts nothing.

    Raises:
        DamagedImage: it has more scans or segments than any camera writes.
    """
    segments = scans = place = 0
    while (place := _find_marker(upload, place)) < len(upload):
        marker = upload[place]
        if marker == _JPEG_END:
            break
        segments += 1
        scans += marker == _JPEG_SCAN
        if segments > MAX_JPEG_SEGMENTS or scans > MAX_JPEG_SCANS:
            raise DamagedImage("The JPEG image has too many segments.")
        place += 1
        if marker not in _JPEG_BARE:
            place += int.from_bytes(upload[place : place + 2])
    return upload


def _find_marker(upload: bytes, place: int) -> int:
    """Where the next marker's second byte is, from a place on; the length if there is none.

    A regular expression took 6 ms of a photo of a megabyte, in which no other thread could run.
    """
    second = place + 1
    if second < len(upload) and upload[place] == _JPEG_MARK and _IS_JPEG_MARKER[upload[second]]:
        return second
    coded, length = np.frombuffer(upload, dtype=np.uint8), LEAST_WINDOW
    while place + 1 < len(upload):
        window = coded[place : place + length]
        seconds = 1 + np.flatnonzero(window[:-1] == _JPEG_MARK)
        found = seconds[_IS_JPEG_MARKER[window[seconds]]]
        if found.size:
            return place + int(found[0])
        place += len(window) - 1  # the last may be the first of a marker's
        length = min(4 * length, LARGEST_WINDOW)
    return len(upload)


def _webp_size(upload: bytes) -> tuple[int, int] | None:
    """The canvas of a WebP file, which its decoder allocates before it says the size (RFC 9649)."""
    kind, header = upload[12:16], upload[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        return (
            1 + int.from_bytes(header[4:7], "little"),
            1 + int.from_bytes(header[7:10], "little"),
        )
    if kind == b"VP8L":
        bits = int.from_bytes(header[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", header, 6)
        return width & 0x3FFF, height & 0x3FFF
    return None


_PNG = Format(
    "PNG",
    PngImageFile,
    _essential_chunks,
    _png_size,
    may_be_turned=_has_exif_chunk,
    may_warn=_has_exif_chunk,  # of its essential chunks it warns of no other
)
_WEBP = Format("WebP", WebPImageFile, announced_size=_webp_size)
_TIFF = Format("TIFF", TiffImageFile, turns_itself=True)
_GIF = Format("GIF", GifImageFile)
_BY_MAGIC = (
    (PNG_SIGNATURE, _PNG),
    (b"\xff\xd8\xff", Format("JPEG", JpegImageFile, essential=_few_segments)),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"II*\0", _TIFF),
    (b"MM\0*", _TIFF),
    (b"BM", Format("BMP", BmpImageFile)),
)


def is_small(upload: bytes) -> bool:
    """Whether decoding an upload takes microseconds: a PNG of few bytes and pixels.

    One with an orientation is none: Pillow decodes it to find that, under a lock of ours.
    """
    if len(upload) > SMALL_BYTES or not upload.startswith(PNG_SIGNATURE):
        return False
    size = _png_size(upload)
    return size is not None and size[0] * size[1] <= SMALL_PIXELS and not _has_exif_chunk(upload)
