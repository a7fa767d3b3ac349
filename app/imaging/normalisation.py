"""Normalise a picture to the digit the model expects."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.errors import BlankImage
from app.imaging.drawing import draw
from app.imaging.framing import frame, is_framed
from app.imaging.grouping import Ink, is_several
from app.imaging.ready import has_no_paper, is_made_for_model, is_speckled
from app.imaging.search import LARGEST_SIDE, Found, search
from app.imaging.strokes import stroke_width
from app.predictions import Notice

Box = tuple[int, int, int, int]

# Half of white: what is brighter is ink, in a mask of bytes.
MIDDLE = 128

# When to warn: ink that keeps back less of the light than this, digits smaller than MNIST's 20.
LOW_CONTRAST = 0.15
TINY_PIXELS = 12


@dataclass(frozen=True, slots=True)
class Normalised:
    """A digit as the model sees it, and what was found on the way.

    Attributes:
        digit: uint8 [28, 28], white ink on black.
        is_dark_on_light: the polarity of the picture.
        found: bool [H, W], the ink on the picture at the size it was looked for; None where the
            digit is the picture itself.
        scale: the picture's pixels for each of the mask's.
        warnings: what may have made the digit hard to read.
    """

    digit: NDArray[np.uint8]
    is_dark_on_light: bool
    found: NDArray[np.bool_] | None = None
    scale: float = 1.0
    warnings: tuple[Notice, ...] = ()

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Bool [H, W], the ink."""
        return self.digit >= MIDDLE if self.found is None else self.found

    @property
    def box(self) -> Box:
        """(x, y, w, h) of the ink, in the picture's pixels."""
        mask = self.mask
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        x, y = round(int(columns[0]) * self.scale), round(int(rows[0]) * self.scale)
        right, bottom = (
            round(int(columns[-1] + 1) * self.scale),
            round(int(rows[-1] + 1) * self.scale),
        )
        return x, y, max(1, right - x), max(1, bottom - y)

    @property
    def stroke_width_pixels(self) -> float:
        """The mean width of the strokes, in the picture's pixels."""
        return float(stroke_width(self.mask) * self.scale)

    @property
    def ink_fraction(self) -> float:
        """What share of the box is ink, 0–1."""
        mask = self.mask
        rows, columns = (np.count_nonzero(mask.any(axis=axis)) for axis in (1, 0))
        return float(np.count_nonzero(mask) / (rows * columns))


def keep_framed(grey: NDArray[np.uint8]) -> Normalised | None:
    """A picture framed as MNIST's, dark on light or light on dark; None for any other.

    Takes microseconds, where to find ink takes milliseconds.

    Args:
        grey: uint8 [H, W], upright.
    """
    if is_framed(grey):
        return Normalised(grey, is_dark_on_light=False)
    if is_framed(~grey):
        return Normalised(~grey, is_dark_on_light=True)
    return None


def normalise(grey: NDArray[np.uint8]) -> Normalised:
    """Turn a grey picture into the digit the model expects.

    Args:
        grey: uint8 [H, W], upright.

    Returns:
        The digit and what was found. A picture framed as MNIST's passes through bit for bit.

    Raises:
        BlankImage: there is no ink in the picture.
    """
    kept = keep_framed(grey)
    if kept is not None:
        return kept
    if has_no_paper(grey):
        return Normalised(grey, is_dark_on_light=False)
    try:
        found = search(grey, LARGEST_SIDE)
    except BlankImage:
        if not is_speckled(grey):
            raise
        return Normalised(grey, is_dark_on_light=False)
    if is_made_for_model(found):
        digit = ~found.dark
    else:
        digit = frame(draw(found.dark, found.inks[0], found.scale))
    seen = describe(digit, found.inks[0], found)
    if is_several(found.inks):
        return replace(seen, warnings=(*seen.warnings, "several_digits"))
    return seen


def describe(digit: NDArray[np.uint8], ink: Ink, found: Found) -> Normalised:
    """A digit, and how its ink lies in the picture."""
    seen = Normalised(digit, found.is_dark, ink.mask, found.scale)
    return replace(seen, warnings=tuple(_warnings(ink, seen.box, found.dark.shape)))


def _warnings(ink: Ink, box: Box, shape: tuple[int, ...]) -> Iterator[Notice]:
    x, y, w, h = box
    if ink.level < LOW_CONTRAST:
        yield "low_contrast"
    if x <= 0 or y <= 0 or x + w >= shape[1] or y + h >= shape[0]:
        yield "touches_border"
    if max(w, h) < TINY_PIXELS:
        yield "tiny"
