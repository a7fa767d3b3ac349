"""Normalise a picture to the digit the model expects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.errors import BlankImage
from app.imaging.framing import frame, is_framed

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Normalised:
    """A digit as the model sees it, and what was found on the way.

    Attributes:
        digit: uint8 [28, 28], white ink on black.
        box: (x, y, w, h) of the ink, in the picture's pixels.
        is_dark_on_light: the polarity of the picture.
        stroke_width_pixels: in the picture's pixels.
        ink_fraction: of the box that is ink, 0–1.
        warnings: what may have made the digit hard to read.
    """

    digit: NDArray[np.uint8]
    box: Box
    is_dark_on_light: bool
    stroke_width_pixels: float
    ink_fraction: float
    warnings: tuple[str, ...] = ()


def normalise(grey: NDArray[np.uint8]) -> Normalised:
    """Turn a grey picture into the digit the model expects.

    Args:
        grey: uint8 [H, W], upright.

    Returns:
        The digit and what was found. A picture framed as MNIST's passes through bit for bit.

    Raises:
        BlankImage: there is no ink in the picture.
    """
    if is_framed(grey):
        return _describe(grey, grey > 127, is_dark_on_light=False)
    inverse = 255 - grey
    if is_framed(inverse):
        return _describe(inverse, inverse > 127, is_dark_on_light=True)
    middle = (int(grey.min()) + int(grey.max())) / 2
    mask = grey > middle
    is_dark_on_light = bool(mask.mean() > 0.5)
    if is_dark_on_light:
        mask = ~mask
    if not mask.any() or int(grey.max()) - int(grey.min()) < 16:
        raise BlankImage("There is no ink in the picture.")
    contrast = np.abs(grey - np.float32(np.median(grey[~mask]))) * mask
    return _describe(frame(contrast), mask, is_dark_on_light=is_dark_on_light)


def _describe(
    digit: NDArray[np.uint8], mask: NDArray[np.bool_], *, is_dark_on_light: bool
) -> Normalised:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    box = (x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)
    fraction = float(mask.sum()) / (box[2] * box[3])
    return Normalised(digit, box, is_dark_on_light, 0.0, fraction)
