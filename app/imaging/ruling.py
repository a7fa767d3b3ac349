"""Find the lines of ruled and squared paper, and take them out of the ink."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.imaging.regions import label
from app.imaging.windows import open_

Mask = NDArray[np.bool_]

# Lines are thinner than this on the picture where ink is looked for, and run straight for this long
# before they are a pixel higher or lower.
THICKEST = 7
SHORTEST_RUN = 13

# A line runs through the picture, or leaves it and is this long a share of the side along it, or
# its two halves are that long together. Where there is one, digits may have cut others into parts,
# down to the least share.
WHOLE_LENGTH = 0.7
HALVES_LENGTH = 0.4
LEAST_LENGTH = 0.12

# A line rises by no more than this share of its length, eight degrees.
STEEPEST = 0.15

# A picture no wider than this many heights of its ink is of one digit, which fills it: what runs
# level through it is that digit's own bar. A digit has no more bars than these.
NARROW = 1.3
MOST_BARS = 2


@dataclass(frozen=True, slots=True)
class Ruling:
    """The lines of a page: two masks, bool [H, W], of those near the level and the upright."""

    level: Mask
    upright: Mask

    @property
    def mask(self) -> Mask:
        """Bool [H, W]: all lines."""
        return self.level | self.upright

    def erase(self, mask: Mask) -> Mask:
        """Remove the lines from a mask, but not what crosses them.

        A line's pixel with ink near on both sides of the line is ink.
        """
        ink = mask & ~self.mask
        return ink | (self.level & _bridged(ink)) | (self.upright & _bridged(ink.T).T)


def find_ruling(mask: Mask) -> Ruling:
    """Find thin straight lines that run out of the picture, level or upright within a few degrees.

    Args:
        mask: bool [H, W], ink and lines, these unbroken.
    """
    thin = mask & (open_(mask.view(np.uint8), THICKEST) == 0)
    ruling = Ruling(_lines(thin), _lines(thin.T).T)
    return _spare_digits(mask, ruling) if ruling.mask.any() else ruling


def _spare_digits(mask: Mask, ruling: Ruling) -> Ruling:
    """Without the lines that are a digit's bar, or a 1 by itself."""
    lines = label(ruling.mask)
    if len(lines.areas) > MOST_BARS:
        return ruling
    none = np.zeros_like(mask)
    rest = label(mask & ~ruling.mask)
    if rest.areas.size:
        _, top, _, bottom = rest.boxes[rest.areas.argmax()]
        is_digit = mask.shape[1] < NARROW * (bottom - top)
        return Ruling(none, ruling.upright) if is_digit else ruling
    if ruling.level.any() or len(lines.areas) > 1:
        return ruling
    _, top, _, bottom = lines.boxes[0]
    runs_through = top < THICKEST and bottom > len(mask) - THICKEST
    return ruling if runs_through else Ruling(none, none)


def _lines(thin: Mask) -> Mask:
    """The level lines among what is thin."""
    regions = label(open_(thin.view(np.uint8), SHORTEST_RUN, axes=(1,)) > 0)
    width = thin.shape[1]
    lefts, tops, rights, bottoms = regions.boxes.T
    lengths = rights - lefts
    starts, stops = lefts < THICKEST, rights > width - THICKEST
    slim = (regions.areas < THICKEST * lengths) & (bottoms - tops < STEEPEST * lengths + THICKEST)
    part = slim & (starts | stops) & (lengths > LEAST_LENGTH * width)
    whole = part & (starts & stops | (lengths > WHOLE_LENGTH * width))
    middles = (tops + bottoms) / 2
    is_cut = _has_halves(middles, lengths, part & starts, part & stops, width)
    return regions.only(part if whole.any() or is_cut else whole)


def _has_halves(
    middles: NDArray[np.float64], lengths: NDArray[np.int64], left: Mask, right: Mask, width: int
) -> bool:
    """Whether a part from the left and one from the right are halves of a line that ink cuts."""
    apart = np.abs(middles[left, None] - middles[right])
    total = lengths[left, None] + lengths[right]
    reach = THICKEST + STEEPEST * width / 2
    return bool(((apart < reach) & (total > HALVES_LENGTH * width)).any())


def _bridged(ink: Mask) -> Mask:
    """Where ink is near both above and below."""
    above = np.zeros_like(ink)
    below = np.zeros_like(ink)
    for step in range(1, THICKEST + 1):
        above[step:] |= ink[:-step]
        below[:-step] |= ink[step:]
    return above & below
