"""Connected regions of a mask, by its horizontal runs.

Pillow and NumPy have no labelling; SciPy and OpenCV have, and would add 140 MB to the image. The
runs of a picture of a few hundred pixels are a few thousand, and joining those takes NumPy about a
millisecond.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of a mask, each a row of the arrays below.

    Attributes:
        mask: bool [H, W], all regions.
        rows: int64 [pixels], the region of each of the mask's pixels, row by row.
        areas: int64 [n], pixels.
        boxes: int64 [n, 4], left, top, right, bottom; the latter two exclusive.
    """

    mask: NDArray[np.bool_]
    rows: Integers
    areas: Integers
    boxes: Integers

    def only(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Bool [H, W]: the pixels of the regions whose row in `chosen`, bool [n], is true."""
        mask = np.zeros_like(self.mask)
        mask[self.mask] = chosen[self.rows]
        return mask

    def sums(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """The sum of `values`, [H, W], over each region: float64 [n]."""
        sums = np.bincount(self.rows, values[self.mask], minlength=len(self.areas))
        return sums.astype(np.float64)


def label(mask: NDArray[np.bool_]) -> Regions:
    """Find the regions of a mask whose pixels touch by sides or corners.

    Args:
        mask: bool [H, W].

    Returns:
        The regions, in the order of their first pixels.
    """
    height, width = mask.shape
    stride = width + 2  # a gap between rows, so that a run and its neighbours never wrap around
    padded = np.zeros((height, stride), dtype=np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded.ravel(), append=np.int8(0))
    starts, ends = np.flatnonzero(steps == 1) + 1, np.flatnonzero(steps == -1) + 1
    roots = _join(len(starts), *_touching(starts, ends, stride))
    _, rows = np.unique(roots, return_inverse=True)
    rows = rows.astype(np.int64).ravel()
    count = int(rows.max()) + 1 if rows.size else 0

    tops, lefts, lengths = starts // stride, starts % stride - 1, ends - starts
    boxes = np.empty((count, 4), dtype=np.int64)
    boxes[:, 0], boxes[:, 1], boxes[:, 2:] = width, height, 0
    np.minimum.at(boxes[:, 0], rows, lefts)
    np.minimum.at(boxes[:, 1], rows, tops)
    np.maximum.at(boxes[:, 2], rows, lefts + lengths)
    np.maximum.at(boxes[:, 3], rows, tops + 1)
    areas = np.bincount(rows, lengths, minlength=count).astype(np.int64)
    return Regions(mask, np.repeat(rows, lengths), areas, boxes)


def _touching(starts: Integers, ends: Integers, stride: int) -> tuple[Integers, Integers]:
    """Pairs of runs that touch, each of a row with one of the next row."""
    first = np.searchsorted(ends, starts + stride, side="left")
    last = np.searchsorted(starts, ends + stride, side="right")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    within = np.arange(len(upper)) - np.repeat(np.cumsum(counts) - counts, counts)
    return upper, np.repeat(first, counts) + within


def _join(count: int, upper: Integers, lower: Integers) -> Integers:
    """The least run that each run is connected with, by hooking and pointer jumping."""
    parents = np.arange(count)
    while True:
        a, b = parents[upper], parents[lower]
        if np.array_equal(a, b):
            return parents
        least = np.minimum(a, b)
        np.minimum.at(parents, a, least)
        np.minimum.at(parents, b, least)
        parents = parents[parents]
        parents = parents[parents]
