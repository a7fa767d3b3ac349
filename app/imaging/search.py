"""Search a picture for ink: at a size where that is quick, in the right polarity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.errors import BlankImage
from app.imaging.contrast import NARROW_STROKE, WIDEST_STROKE, is_dark_on_light
from app.imaging.drawing import resize
from app.imaging.grouping import Ink
from app.imaging.ink import find_ink
from app.imaging.lighting import detail
from app.imaging.strokes import stroke_width

# Ink is looked for on a picture whose longer side is of this size.
SMALLEST_SIDE, LARGEST_SIDE = 128, 320

# Nobody reads a digit of fewer pixels than these: in a small picture they are noise.
LEAST_PIXELS = 5

# Nor is a short dash one, nor a line that runs through the picture: no digit of MNIST's is wider
# than so many times its height. Digits that touch are, but a dozen of them are no wider than the
# latter; what is, is a piece of a line.
LONGEST_DASH = 24
WIDEST, WIDEST_ROW = 2.5, 9

# A frame, or the table beside a page, is no wider than this share of a side.
EDGE = 0.08
LEAST_STEP = 64  # levels between such a side and what is within

# Strokes no wider than this share of the longer side are surely whole when looked for as narrow.
SURELY_NARROW = 0.05


@dataclass(frozen=True, slots=True)
class Found:
    """The ink of a picture.

    Attributes:
        dark: uint8 [H, W], the picture, its ink dark on light.
        is_dark: whether it was so from the first.
        inks: the digits, on a picture `scale` times smaller; the most conspicuous first.
        scale: the picture's pixels for each of those.
    """

    dark: NDArray[np.uint8]
    is_dark: bool
    inks: list[Ink]
    scale: float


def search(grey: NDArray[np.uint8], largest_side: int) -> Found:
    """Find the ink of a picture.

    Args:
        grey: uint8 [H, W], upright.
        largest_side: of the picture that is looked at, in pixels.

    Raises:
        BlankImage: there is none.
    """
    work, scale = _rescale(grey, largest_side)
    drawn = detail(work)
    is_dark = is_dark_on_light(work, drawn)
    found = _find_either(work, drawn, is_dark=is_dark)
    if not found and _is_edged(work) and _is_dark_within(work) is not is_dark:
        # A dark edge was taken for dark paper: that nothing is light on it does not say that
        # nothing is dark on the rest.
        is_dark = not is_dark
        found = _find_either(work, drawn, is_dark=is_dark)
    inks = [ink for ink in found if _is_legible(ink, work.shape[1], scale)]
    if not inks:
        raise BlankImage("There is no ink in the picture.")
    return Found(grey if is_dark else ~grey, is_dark, inks, scale)


def _find_either(work: NDArray[np.uint8], drawn: float, *, is_dark: bool) -> list[Ink]:
    return _find(work, drawn) if is_dark else _find(~work, detail(~work))


def _is_edged(work: NDArray[np.uint8]) -> bool:
    """Whether some side of a picture is of quite another shade than the picture."""
    sides = (work[0], work[-1], work[:, 0], work[:, -1])
    middle = float(np.median(work))
    return any(abs(float(np.median(side)) - middle) > LEAST_STEP for side in sides)


def _is_dark_within(work: NDArray[np.uint8]) -> bool:
    """Which polarity a picture has without its edge."""
    down, across = (max(1, round(EDGE * side)) for side in work.shape)
    within = work[down:-down, across:-across]
    return is_dark_on_light(within, detail(within)) if within.size else True


def _is_legible(ink: Ink, page_width: int, scale: float) -> bool:
    left, top, right, bottom = ink.box
    width, height = right - left, bottom - top
    is_short_or_whole = width < LONGEST_DASH or width == page_width
    is_line = width > (WIDEST if is_short_or_whole else WIDEST_ROW) * height
    return max(width, height) * scale >= LEAST_PIXELS and not is_line


def _find(dark: NDArray[np.uint8], drawn: float) -> list[Ink]:
    """Find the digits.

    Looking for narrow strokes overlooks shadows and vignettes, so that comes first. Where it
    finds nothing, or strokes so wide that it may have found but parts of them, wider ones are
    looked for.
    """
    narrow = find_ink(dark, NARROW_STROKE, drawn)
    if narrow and stroke_width(narrow[0].mask) < SURELY_NARROW * max(dark.shape):
        return narrow
    return find_ink(dark, WIDEST_STROKE, drawn) or narrow


def _rescale(dark: NDArray[np.uint8], largest_side: int) -> tuple[NDArray[np.uint8], float]:
    """The picture at the size ink is looked for, and how many of its pixels each of those is."""
    longest = max(dark.shape)
    ratio = min(max(longest, SMALLEST_SIDE), largest_side) / longest
    height, width = dark.shape
    return resize(dark, (0, 0, width, height), ratio), 1 / ratio
