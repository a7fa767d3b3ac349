"""Take the lines of ruled and squared paper out of a mask of ink."""

import numpy as np
from numpy.typing import NDArray

from app.imaging.regions import label
from app.imaging.windows import dilate, erode

Mask = NDArray[np.bool_]

# Lines are thinner than this on the picture where ink is looked for, and run straight for this long
# before they are a pixel higher or lower.
THICKEST = 5
SHORTEST_RUN = 13

# A line is this long, as a share of the picture's side along it, and leaves the picture.
LEAST_LENGTH = 0.12


def without_ruling(mask: Mask) -> Mask:
    """Remove thin straight lines that run out of the picture, level or upright within a few degrees.

    Where a line crosses a stroke the stroke goes on: a line's pixel with ink near on both sides of
    the line is ink.

    Args:
        mask: bool [H, W], ink and lines.

    Returns:
        bool [H, W], ink.
    """
    thick = dilate(erode(mask.view(np.uint8), THICKEST), THICKEST) > 0
    thin = mask & ~thick
    level, upright = _lines(thin), _lines(thin.T).T
    if not (level.any() or upright.any()):
        return mask
    ink = mask & ~level & ~upright
    return ink | (level & _bridged(ink)) | (upright & _bridged(ink.T).T)


def _lines(thin: Mask) -> Mask:
    """The level lines among what is thin."""
    runs = _level(_level(thin, SHORTEST_RUN, np.minimum), SHORTEST_RUN, np.maximum)
    regions = label(runs)
    height, width = thin.shape
    lefts, tops, rights, bottoms = regions.boxes.T
    lengths = rights - lefts
    leaves = (lefts <= 3) | (rights >= width - 3)  # noqa: PLR2004
    is_long = lengths > LEAST_LENGTH * width
    is_slim = (regions.areas < THICKEST * lengths) & (bottoms - tops < 0.15 * lengths + THICKEST)
    return regions.mask((is_long & leaves & is_slim) | (is_slim & (lengths > 0.5 * width) & leaves))


def _level(mask: Mask, size: int, better: np.ufunc) -> Mask:
    """The extreme of each level run of odd `size` around each pixel."""
    margin = size // 2
    padded = np.pad(mask, ((0, 0), (margin, margin)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)
    return windows.all(axis=2) if better is np.minimum else windows.any(axis=2)


def _bridged(ink: Mask) -> Mask:
    """Where ink is near both above and below."""
    above = np.zeros_like(ink)
    below = np.zeros_like(ink)
    for step in range(1, THICKEST + 1):
        above[step:] |= ink[:-step]
        below[:-step] |= ink[step:]
    return above & below
