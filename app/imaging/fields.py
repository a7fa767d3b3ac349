"""The fields of a form: boxes that are printed for digits to be written into."""

import numpy as np
from numpy.typing import NDArray

from app.imaging.grouping import MOST_REGIONS
from app.imaging.regions import Regions
from app.imaging.windows import open_

# What stands in a field is this share of its height at least; a field is made of straight lines, of
# this share of its height at least, but for its corners.
LEAST_CONTENT = 0.35
LEAST_LINE = 0.4
LEAST_STRAIGHT = 0.8

# It has corners, each within this share of its shorter side; a 0 around its dot has none.
CORNER = 0.15


def find_fields(regions: Regions, is_ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which regions are the lines of fields, one or several in a row: bool [n].

    Args:
        regions: of a picture.
        is_ink: bool [n], which of them count.
    """
    lefts, tops, rights, bottoms = regions.boxes.T
    heights = bottoms - tops
    rows = np.flatnonzero(is_ink)
    rows = rows[np.argsort(-heights[rows], kind="stable")][:MOST_REGIONS]
    fields = np.zeros(len(is_ink), dtype=bool)
    for row in rows:
        is_within = (lefts[rows] > lefts[row]) & (rights[rows] < rights[row])
        is_within &= (tops[rows] > tops[row]) & (bottoms[rows] < bottoms[row])
        is_content = is_within & (heights[rows] > LEAST_CONTENT * heights[row])
        fields[row] = is_content.any() and _is_box(_cut_out(regions, row))
    return fields


def _cut_out(regions: Regions, row: np.intp) -> NDArray[np.bool_]:
    left, top, right, bottom = regions.boxes[row]
    chosen = np.zeros(len(regions.areas), dtype=bool)
    chosen[row] = True
    return regions.only(chosen)[top:bottom, left:right]


def _is_box(region: NDArray[np.bool_]) -> bool:
    """Whether a region, bool [h, w], has corners and is of level and upright lines."""
    side = max(1, round(CORNER * min(region.shape)))
    near, far = slice(side), slice(-side, None)
    if not all(region[down, across].any() for down in (near, far) for across in (near, far)):
        return False
    length = max(3, round(LEAST_LINE * len(region))) | 1
    level, upright = (open_(region.view(np.uint8), length, axes=(axis,)) > 0 for axis in (1, 0))
    return bool(np.count_nonzero(level | upright) > LEAST_STRAIGHT * np.count_nonzero(region))
