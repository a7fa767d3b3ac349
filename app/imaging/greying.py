"""Any of Pillow's modes → one grey channel of bytes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Rows are converted in bands of about this many pixels, so that a large picture is never held
# twice in full.
BAND_PIXELS = 1 << 20

# The greatest samples of 8 and of 16 bits.
BYTE, WORD = 255, 65535

_WIDE_MODES = {"I", "F", "I;16", "I;16L", "I;16B", "I;16N"}
_ALPHA_MODES = {"LA", "La", "PA", "RGBA", "RGBa"}


def to_grey(image: Image.Image, longest_side: int) -> NDArray[np.uint8]:
    """Make a picture grey, with transparency on white and no side longer than `longest_side`.

    Args:
        image: loaded, of any mode.
        longest_side: in pixels; a longer picture is reduced by averaging whole blocks.

    Returns:
        uint8 [H, W].
    """
    if image.mode in _WIDE_MODES:
        image = Image.fromarray(_to_bytes(np.asarray(image)))
    factor = -(-max(image.size) // longest_side)
    if factor == 1:
        return _flatten(image)
    return np.concatenate([_reduce(_flatten(band), factor) for band in _bands(image, factor)])


def _to_bytes(wide: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Bring 16-bit, 32-bit and float samples to 0–255.

    The full scale is the smallest of 1 (floats), 255 and 65,535 that holds them; other ranges, and
    16-bit files that hold but 12 bits, are stretched from the least to the greatest.
    """
    samples = np.nan_to_num(wide.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(samples.min()), float(samples.max())
    is_float = np.issubdtype(wide.dtype, np.floating)
    if low >= 0 and high <= 1 and is_float:
        scale, low = 255.0, 0.0
    elif low >= 0 and high <= BYTE:
        scale, low = 1.0, 0.0
    elif low >= 0 and 1 << 14 < high <= WORD:
        scale, low = 1 / 257, 0.0
    else:
        scale = 255.0 / max(high - low, 1e-30)
    scaled: NDArray[np.uint8] = np.rint((samples - low) * scale).astype(np.uint8)
    return scaled


def _bands(image: Image.Image, factor: int) -> Iterator[Image.Image]:
    """Cut a picture into bands whose heights `factor` divides, but for the last."""
    width, height = image.size
    rows = max(1, BAND_PIXELS // width // factor) * factor
    for top in range(0, height, rows):
        yield image.crop((0, top, width, min(top + rows, height)))


def _reduce(grey: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(grey).reduce(factor))


def _flatten(image: Image.Image) -> NDArray[np.uint8]:
    """One grey channel, transparency on white."""
    if image.mode == "L" and "transparency" not in image.info:
        return np.asarray(image)
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        rgba = image.convert("RGBA")
        grey = np.asarray(rgba.convert("RGB").convert("L"), dtype=np.uint16)
        alpha = np.asarray(rgba.getchannel("A"), dtype=np.uint16)
        return ((grey * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    if image.mode == "LAB":
        return np.asarray(image.getchannel("L"))
    return np.asarray(
        image.convert("RGB").convert("L") if image.mode != "1" else image.convert("L")
    )
