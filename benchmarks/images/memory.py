"""What decoding and normalising the largest uploads takes of memory, beside the file itself.

    python -m benchmarks.images.memory

Each is read by a process of its own, whose peak is compared with what it had before.
"""

import multiprocessing
import re
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from app.imaging import decode, normalise
from app.settings import Settings

SIDE = 7000
"""Of a square, just within the bound of 50 megapixels; WebP's own is 16,383 a side."""

GRAIN = 10
"""Pixels of one of its spots: noise of single pixels would not compress into 20 MiB."""

KINDS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("PNG, 8-bit grey", "L", "PNG", {}),
    ("PNG, 16-bit grey", "I;16", "PNG", {}),
    ("PNG with transparency", "RGBA", "PNG", {}),
    ("JPEG", "RGB", "JPEG", {}),
    ("JPEG, progressive", "RGB", "JPEG", {"progressive": True}),
    ("JPEG, progressive, CMYK", "CMYK", "JPEG", {"progressive": True}),
    ("TIFF, CMYK", "CMYK", "TIFF", {"compression": "tiff_adobe_deflate"}),
    ("GIF", "P", "GIF", {}),
    ("WebP", "RGB", "WEBP", {"method": 0}),
)  # fmt: skip
MEBIBYTE = 1 << 20


def main() -> int:
    """Measure every kind and print a table."""
    print(f"| {SIDE:,}×{SIDE:,} | file | peak |\n|---|---|---|")
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        for title, mode, kind, options in KINDS:
            with ProcessPoolExecutor(1, context) as drawer:
                drawer.submit(draw, path, mode, kind, options).result()
            with ProcessPoolExecutor(1, context) as reader:
                peak = reader.submit(measure_peak, path).result()
            size = path.stat().st_size / MEBIBYTE
            print(f"| {title} | {size:.1f} MiB | {peak / MEBIBYTE:,.0f} MiB |")
    return 0


def draw(path: Path, mode: str, kind: str, options: dict[str, Any]) -> None:
    """Save coloured spots on light paper, with a stroke to be found."""
    side = SIDE // GRAIN
    spots = np.random.default_rng(0).integers(200, 256, (side, side, 3), dtype=np.uint8)
    spots[side // 4 : -side // 4, side // 2 : side // 2 + side // 20] = 20
    picture = Image.fromarray(spots).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    else:
        picture = picture.convert(mode)
    picture.save(path, kind, **options)


def measure_peak(path: Path) -> int:
    """Bytes beyond what the process had with the file in it, at the most."""
    upload = path.read_bytes()
    before = _read_peak()
    normalise(decode(upload, max_pixels=Settings().max_pixels))
    return _read_peak() - before


def _read_peak() -> int:
    """The most that this program was resident with; `getrusage` counts what ran before it too."""
    (line,) = re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) * 1024


if __name__ == "__main__":
    sys.exit(main())
