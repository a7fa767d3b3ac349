"""Measure how wide strokes are, and bring them to the width of MNIST's."""

import numpy as np
from numpy.typing import NDArray

from app.imaging.windows import dilate, erode, open_

# In MNIST's training digits, upscaled and measured by `stroke_width`, half are 2.1 to 2.9 pixels
# wide and nine in ten 1.7 to 3.9. A digit outside of this range is brought to its nearer end.
THINNEST_PIXELS = 2.0
WIDEST_PIXELS = 3.4

# Strokes are wide with hairlines between them if the share of the ink that is but a pixel or two
# wide lies between these: below are corners of any stroke, above are digits all of hairlines.
THIN_SHARES = (0.04, 0.5)


def stroke_width(mask: NDArray[np.bool_]) -> float:
    """The mean width of the strokes of a mask, in its pixels.

    A long stroke's area is its length times its width, and its outline twice its length. The
    outline is π/4 of the steps between neighbours (Crofton's formula for two directions).

    Args:
        mask: bool [H, W].
    """
    padded = np.pad(mask, 1)
    steps = np.count_nonzero(padded[1:] != padded[:-1])
    steps += np.count_nonzero(padded[:, 1:] != padded[:, :-1])
    return 2 * float(np.count_nonzero(mask)) / max(np.pi / 4 * steps, 1)


def adjust(ink: NDArray[np.uint8], pixels_per_digit_pixel: float) -> NDArray[np.uint8]:
    """Thicken hairlines and thin heavy strokes, so that they look like MNIST's when reduced.

    Args:
        ink: uint8 [H, W], several pixels for each of the digit's; with a margin of them around it.
        pixels_per_digit_pixel: how many.

    Returns:
        uint8 [H, W].
    """
    thin = ink - np.minimum(ink, open_(ink, 3))
    least, most = (share * float(ink.sum()) for share in THIN_SHARES)
    if least < float(thin.sum()) < most:
        # What is but a pixel or two wide would fade: the hairline of a Didot.
        ink = np.maximum(ink, dilate(thin, 3))
    width = stroke_width(ink > ink.max() // 2)
    excess = width - np.clip(
        width, THINNEST_PIXELS * pixels_per_digit_pixel, WIDEST_PIXELS * pixels_per_digit_pixel
    )
    size = 2 * round(abs(excess) / 2) + 1
    if size == 1:
        return ink
    if excess < 0:
        return _round(ink, size, np.maximum)
    # What is thinner than the strokes at large would vanish: a serif, the hairline of a Bodoni.
    hairlines = ink - np.minimum(ink, dilate(erode(ink, size), size))
    return np.maximum(_round(ink, size, np.minimum), hairlines)


def _round(ink: NDArray[np.uint8], size: int, better: np.ufunc) -> NDArray[np.uint8]:
    """Grow or shrink by an octagon as wide as `size`: a square and a diamond in turns."""
    step = dilate if better is np.maximum else erode
    for turn in range(size // 2):
        ink = step(ink, 3) if turn % 2 else _cross(ink, better)
    return ink


def _cross(ink: NDArray[np.uint8], better: np.ufunc) -> NDArray[np.uint8]:
    padded = np.pad(ink, 1, mode="edge")
    out: NDArray[np.uint8] = better(padded[1:-1, 1:-1], padded[:-2, 1:-1])
    for neighbour in (padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
        out = better(out, neighbour)
    return out
