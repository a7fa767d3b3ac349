"""Files that were cut, mixed up or made to hurt: a picture or a clean error, in bounded memory."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.errors import DamagedImage, ImageError, TooManyPixels
from app.imaging import decode
from tests.pictures import encode

FILES = sorted((Path(__file__).parent.parent / "files").iterdir())
MAX_PIXELS = 50_000_000

# What `decode` says it takes at the most, and what any upload may take besides.
BYTES_PER_PIXEL = 10
BYTES_BESIDES = 60 << 20

# Every length of a small file is tried, and so many of a large one.
MOST_LENGTHS = 100

SWOLLEN = 1 << 28

MEASURE = f"""
import resource, sys
from app.errors import ServiceError
from app.imaging import decode
upload = sys.stdin.buffer.read()
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
try:
    decode(upload, max_pixels={MAX_PIXELS})
    outcome = "read"
except ServiceError as error:
    outcome = error.code
print(outcome, peak() - before)
"""


def measure(upload: bytes) -> tuple[str, int]:
    """What became of an upload in a process of its own, and the memory that took, in bytes."""
    command = [sys.executable, "-c", MEASURE]
    answer = subprocess.run(command, input=upload, capture_output=True, check=True, timeout=120)
    outcome, grown = answer.stdout.split()
    return outcome.decode(), int(grown)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, depth: int = 8) -> bytes:
    """A grey PNG of any claims."""
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def deflate_zeros(count: int) -> bytes:
    """So many zeros and a few, a thousandth as long."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    return b"".join(
        [*(packer.compress(block) for _ in range(-(-count // len(block)))), packer.flush()]
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_cut_at_every_length(path: Path) -> None:
    """However much of a file is missing; without its first half it is never read."""
    whole = path.read_bytes()
    step = -(-len(whole) // MOST_LENGTHS)
    for length in range(1, len(whole), step):
        try:
            decode(whole[:length], max_pixels=MAX_PIXELS)
        except ImageError:
            continue
        assert length > len(whole) // 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_beginning_of_one_format_and_the_rest_of_another(path: Path) -> None:
    """Eight bytes of each other file in front: a picture or an error of ours."""
    for other in FILES:
        mixed = other.read_bytes()[:8] + path.read_bytes()[8:]
        try:
            grey = decode(mixed, max_pixels=MAX_PIXELS)
        except ImageError:
            continue
        assert grey.ndim == 2


ABSURD = {
    "PNG": png(2**31 - 1, 2**31 - 1),
    "PNG of one row": png(2**31 - 1, 1),
    "GIF": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b"," + bytes(9),
    "BMP": b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 10**6, 10**6, 1, 24, *[0] * 6),
    "JPEG": b"\xff\xd8\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00" + bytes(64),
    "WebP": b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6 + bytes(8),
    "TIFF": b"II*\0\x08\0\0\0\x04\0"
    + struct.pack("<HHII", 256, 4, 1, 10**6)
    + struct.pack("<HHII", 257, 4, 1, 10**6)
    + struct.pack("<HHII", 262, 3, 1, 1)
    + struct.pack("<HHII", 273, 4, 1, 8)
    + bytes(4),
}


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_sizes_are_refused_by_the_header(name: str) -> None:
    """Gigapixels of a hundred bytes: nothing is decoded."""
    with pytest.raises((TooManyPixels, DamagedImage)):
        decode(ABSURD[name], max_pixels=MAX_PIXELS)


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_sizes_take_no_memory(name: str) -> None:
    """Nor is anything allocated for them."""
    _, grown = measure(ABSURD[name])

    assert grown < BYTES_BESIDES


def test_pixels_that_swell_are_not_unpacked() -> None:
    """A quarter of a gigabyte of zeros in a 28×28 PNG: no more is unpacked than has room."""
    outcome, grown = measure(png(28, 28, chunk(b"IDAT", deflate_zeros(SWOLLEN))))

    assert outcome in {"read", "damaged_image"}
    assert grown < BYTES_BESIDES


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP", b"iTXt"])
def test_text_that_swells_is_not_unpacked(kind: bytes) -> None:
    """Nor of a comment or a colour profile, and the picture is read."""
    comment = b"x\0\1\0\0\0" if kind == b"iTXt" else b"x\0\0"
    bomb = chunk(kind, comment + deflate_zeros(SWOLLEN))
    pixels = chunk(b"IDAT", zlib.compress(bytes(29 * 28)))
    outcome, grown = measure(png(28, 28, bomb, pixels))

    assert outcome == "read"
    assert grown < BYTES_BESIDES


@pytest.mark.parametrize("depth", [8, 16])
def test_the_largest_picture_takes_what_is_stated(depth: int) -> None:
    """8000 × 6000, of 8 and of 16 bits a pixel."""
    rows = 6000 * (1 + 8000 * depth // 8)
    outcome, grown = measure(png(8000, 6000, chunk(b"IDAT", deflate_zeros(rows)), depth=depth))

    assert outcome == "read"
    assert grown < BYTES_PER_PIXEL * 8000 * 6000 + BYTES_BESIDES


def test_the_largest_colour_picture_takes_what_is_stated() -> None:
    """With transparency, which is laid onto paper."""
    image = Image.new("RGBA", (8000, 6000), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (3000, 1000, 4000, 5000))
    outcome, grown = measure(encode(np.asarray(image)))

    assert outcome == "read"
    assert grown < BYTES_PER_PIXEL * 8000 * 6000 + BYTES_BESIDES
