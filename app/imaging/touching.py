"""Split the ink of digits that touch."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.imaging.grouping import Ink

# More digits than these in one piece of ink are not told apart.
MOST_PARTS = 3

# A digit is seldom narrower than this share of its height, but for a 1, and ink that is wider than
# the next may be two. MNIST's digits are up to 1.1 times as wide as high, in 99 of 100.
NARROWEST = 0.25
WIDEST = 0.8

# A cut may pass through so much ink, as a share of its height: strokes that touch, not a stroke
# along the cut.
MOST_CUT = 0.3

# How far from an even split a cut may lie, as a share of a part's even width.
REACH = 0.35


def split(ink: Ink, count: int) -> list[Ink]:
    """Split ink into `count` digits by cuts from top to bottom that pass through the least ink.

    Each cut goes down a pixel a row, straight or aside, where the ink it crosses is least: a
    seam (Avidan and Shamir, "Seam carving", 2007).

    Args:
        ink: of the whole.
        count: of digits.

    Returns:
        The parts from left to right; none where there is no honest way to split it so.
    """
    left, top, right, bottom = ink.box
    mask = ink.mask[top:bottom, left:right]
    height, width = mask.shape
    if width < WIDEST * height * count / 2 or width < NARROWEST * height * count:
        return []
    bounds = [np.zeros(height, dtype=np.int64)]
    for number in range(1, count):
        middle, reach = width * number / count, REACH * width / count
        cut, crossed = _seam(mask, int(middle - reach), int(middle + reach) + 1)
        if crossed > MOST_CUT * height:
            return []
        bounds.append(cut)
    bounds.append(np.full(height, width))
    columns = np.arange(width)
    parts = [
        _part(ink, mask & (columns >= start[:, None]) & (columns < stop[:, None]))
        for start, stop in pairwise(bounds)
    ]
    whole = [part for part in parts if part is not None]
    return whole if len(whole) == count else []


def _seam(mask: NDArray[np.bool_], start: int, stop: int) -> tuple[NDArray[np.int64], int]:
    """The cut between two columns that crosses the least ink: its column in each row, and how much.

    Steps aside cost a little, so that a cut through nothing is straight.
    """
    costs = mask[:, start:stop].astype(np.float64)
    steps = np.zeros(costs.shape, dtype=np.int64)
    total = costs[0].copy()
    for row in range(1, len(costs)):
        padded = np.pad(total, 1, constant_values=np.inf)
        options = np.stack([padded[:-2] + 0.05, padded[1:-1], padded[2:] + 0.05])
        steps[row] = options.argmin(axis=0) - 1
        total = costs[row] + options.min(axis=0)
    cut = np.empty(len(costs), dtype=np.int64)
    cut[-1] = total.argmin()
    for row in range(len(costs) - 1, 0, -1):
        cut[row - 1] = cut[row] + steps[row, cut[row]]
    crossed = int(np.count_nonzero(mask[np.arange(len(costs)), start + cut]))
    return start + cut, crossed


def _part(ink: Ink, part: NDArray[np.bool_]) -> Ink | None:
    """The ink of one part of the whole's box; None if that is empty or but a scrap."""
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if rows.size < len(part) / 2:
        return None
    left, top, _, _ = ink.box
    mask = np.zeros_like(ink.mask)
    mask[top : top + part.shape[0], left : left + part.shape[1]] = part
    box = (left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
    return Ink(mask, (int(box[0]), int(box[1]), int(box[2]), int(box[3])), ink.level)
