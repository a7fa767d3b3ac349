"""Any of Pillow's modes → one grey channel of bytes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.imaging.colours import weigh
from app.imaging.transparency import Colour, choose_backdrop, has_alpha, lay

# Rows are converted in bands of about this many pixels, so that a large picture is never held
# twice in full.
BAND_PIXELS = 1 << 20

# The greatest samples of 8 and of 16 bits.
BYTE, WORD = 255, 65535

_WIDE_MODES = {"I", "F", "I;16", "I;16L", "I;16B", "I;16N"}


def to_grey(image: Image.Image, longest_side: int) -> NDArray[np.uint8]:
    """Make a picture grey, with no transparency and no side longer than `longest_side`.

    Args:
        image: loaded, of any mode.
        longest_side: in pixels; a longer picture is reduced by averaging whole blocks.

    Returns:
        uint8 [H, W].
    """
    if image.mode in _WIDE_MODES:
        image = Image.fromarray(_to_bytes(np.asarray(image)))
    if image.mode in {"1", "L"} and "transparency" not in image.info:
        return _reduce(image if image.mode == "L" else image.convert("L"), longest_side)
    if image.mode == "LAB":
        return _reduce(image.getchannel("L"), longest_side)
    return _reduce_colours(image, longest_side)


def _reduce_colours(image: Image.Image, longest_side: int) -> NDArray[np.uint8]:
    """Reduce the colours, then weigh those that are left."""
    backdrop = choose_backdrop(image) if has_alpha(image) else None
    factor = -(-max(image.size) // longest_side)
    reduced = lay(image, backdrop) if factor == 1 else _in_bands(image, backdrop, factor)
    weights = weigh(reduced)
    return np.asarray(reduced.convert("L") if weights is None else reduced.convert("L", weights))


def _in_bands(image: Image.Image, backdrop: Colour | None, factor: int) -> Image.Image:
    """Reduce a picture laid on its backdrop, band by band."""
    width, height = (-(-side // factor) for side in image.size)
    reduced = Image.new("RGB", (width, height))
    top = 0
    for band in _bands(image, factor):
        small = lay(band, backdrop).reduce(factor)
        reduced.paste(small, (0, top))
        top += small.height
    return reduced


def _to_bytes(wide: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Bring 16-bit, 32-bit and float samples to 0–255.

    The full scale is the smallest of 1 (floats), 255 and 65,535 that holds them; other ranges, and
    16-bit files that hold but 12 bits, are stretched from the least to the greatest.
    """
    low, high = _range(wide)
    is_float = np.issubdtype(wide.dtype, np.floating)
    if low >= 0 and high <= 1 and is_float:
        scale, low = 255.0, 0.0
    elif low >= 0 and high <= BYTE:
        scale, low = 1.0, 0.0
    elif low >= 0 and 1 << 14 < high <= WORD:
        scale, low = 1 / 257, 0.0
    else:
        scale = 255.0 / max(high - low, 1e-30)
    scaled = np.empty(wide.shape, dtype=np.uint8)
    for rows in _slices(wide.shape):
        scaled[rows] = np.rint((_finite(wide[rows]) - low) * scale)
    return scaled


def _range(wide: NDArray[np.generic]) -> tuple[float, float]:
    """The least and the greatest sample."""
    extremes = [
        (float(samples.min()), float(samples.max()))
        for samples in (_finite(wide[rows]) for rows in _slices(wide.shape))
    ]
    return min(low for low, _ in extremes), max(high for _, high in extremes)


def _finite(wide: NDArray[np.generic]) -> NDArray[np.float32]:
    return np.nan_to_num(wide.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)


def _slices(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows of about a band's pixels at once: floats of a whole picture would take too much."""
    height, width = shape
    rows = max(1, BAND_PIXELS // width)
    for top in range(0, height, rows):
        yield slice(top, top + rows)


def _bands(image: Image.Image, factor: int) -> Iterator[Image.Image]:
    """Cut a picture into bands whose heights `factor` divides, but for the last."""
    width, height = image.size
    rows = max(1, BAND_PIXELS // width // factor) * factor
    for top in range(0, height, rows):
        yield image.crop((0, top, width, min(top + rows, height)))


def _reduce(grey: Image.Image, longest_side: int) -> NDArray[np.uint8]:
    factor = -(-max(grey.size) // longest_side)
    reduced = grey if factor == 1 else grey.reduce(factor)
    # As `np.asarray`, which asks the picture for its bytes, its type and its shape by Python.
    return np.frombuffer(reduced.tobytes(), np.uint8).reshape(reduced.height, reduced.width)
