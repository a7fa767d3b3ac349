"""Mutate images of every format and have them read: python -m tests.faults.mutants COUNT MEBIBYTES.

In a process of its own, whose memory is limited: what is too much here ends this process and no
other. Every mutant comes from one seed, so that one that did harm can be made again.
"""

import io
import json
import random
import resource
import struct
import sys
import time
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from app.errors import ServiceError
from app.imaging import decode, normalise

SEED = 0
MAX_PIXELS = 50_000_000
MEBIBYTE = 1 << 20
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")

Mutation = Callable[[bytearray, random.Random], bytes]


def make_originals() -> list[bytes]:
    """A drawn digit of a few sizes and modes in every format."""
    digit = np.zeros((60, 40), np.uint8)
    digit[8:52, 18:24] = 220
    originals = []
    for form in FORMATS:
        for mode in ("L", "RGB", "P"):
            for scale in (1, 6):
                image = Image.fromarray(np.kron(255 - digit, np.ones((scale, scale), np.uint8)))
                buffer = io.BytesIO()
                image.convert("RGB" if form in {"JPEG", "WEBP"} and mode == "P" else mode).save(
                    buffer, form
                )
                originals.append(buffer.getvalue())
    return originals


def flip_bits(content: bytearray, chance: random.Random) -> bytes:
    """A few bits anywhere."""
    for _ in range(chance.randint(1, 12)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def truncate(content: bytearray, chance: random.Random) -> bytes:
    """The beginning alone."""
    return bytes(content[: chance.randrange(len(content))])


def spoil_header(content: bytearray, chance: random.Random) -> bytes:
    """Bytes of the first hundred, where sizes and counts stand."""
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(min(len(content), 100))
        content[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
    return bytes(content)


def double(content: bytearray, chance: random.Random) -> bytes:
    """A stretch of it a second time, as decoders that count do not expect."""
    start = chance.randrange(len(content))
    stop = min(len(content), start + chance.randint(1, 2000))
    return bytes(content[:stop] + content[start:stop] * chance.randint(1, 20) + content[stop:])


def announce(_content: bytearray, chance: random.Random) -> bytes:
    """A bomb: a PNG of one colour as large as is allowed, or larger."""
    width, height = chance.choice(((1000, 1000), (20_000, 20_000), (60_000, 1), (1, 60_000)))
    header = struct.pack(">IIBBBBB", width, height, 8, chance.choice((0, 2, 3, 4, 6)), 0, 0, 0)
    rows = zlib.compress(bytes(min(width * height, MEBIBYTE)), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows)


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


MUTATIONS: tuple[Mutation, ...] = (flip_bits, truncate, spoil_header, double, announce)


def main() -> None:
    """Read so many mutants, and say what became of them."""
    count, mebibytes = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (mebibytes * MEBIBYTE, mebibytes * MEBIBYTE))
    originals = make_originals()
    report = {"mutants": 0, "read": 0, "strange": [], "slowest_seconds": 0.0}
    strange: list[str] = []
    for number in range(count):
        chance = random.Random(f"{SEED}-{number}")  # noqa: S311 # it must come out the same again
        mutation = MUTATIONS[number % len(MUTATIONS)]
        upload = mutation(bytearray(chance.choice(originals)), chance)
        started = time.process_time()
        try:
            normalise(decode(upload, max_pixels=MAX_PIXELS))
            report["read"] += 1
        except ServiceError:
            pass
        except BaseException as error:  # noqa: BLE001 # whatever it is, it is what is looked for
            strange.append(f"{number} {mutation.__name__}: {error!r}")
        report["mutants"] += 1
        report["slowest_seconds"] = max(report["slowest_seconds"], time.process_time() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    json.dump({**report, "strange": strange[:20], "peak_mebibytes": peak}, sys.stdout)


if __name__ == "__main__":
    main()
