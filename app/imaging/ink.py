"""Find the ink of a picture: which of its pixels belong to which digit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.imaging.contrast import contrast
from app.imaging.lighting import detail
from app.imaging.regions import Regions, label
from app.imaging.ruling import without_ruling
from app.imaging.windows import average, erode

# Measured on rendered photos and blank pages, where not said otherwise.
# Ink stands 20 and more deviations off its paper, texture and noise at most 12.
LEAST_SIGNAL_TO_NOISE = 14.0
LEAST_LEVEL = 0.04

# A pen's edge takes a third of the ink's contrast from pixel to pixel, a blurred one an eighth, and
# a shadow or a gradient a tenth or less.
LEAST_SHARPNESS = 0.11

# Eight pixels of a digit, enlarged to two hundred, are as soft as a shadow. What is soft is ink in a
# picture that light alone does not explain (see `lighting.detail`), if it is neither a stout blob nor
# cut off by the picture's edge.
LEAST_DETAIL = 0.25
MOST_CUT = 0.33
STOUTEST = 0.36

# Smaller regions are specks.
SMALLEST_PIXELS = 6


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of one digit.

    Attributes:
        mask: bool [H, W].
        box: (left, top, right, bottom) of the mask, the latter two exclusive.
        level: how much darker than the paper, 0–1.
    """

    mask: NDArray[np.bool_]
    box: tuple[int, int, int, int]
    level: float


def find_ink(dark: NDArray[np.uint8], widest: float) -> list[Ink]:
    """Find the digits of a picture, the most conspicuous first.

    Args:
        dark: uint8 [H, W], dark ink on light paper.
        widest: the widest stroke, as a share of the longer side.

    Returns:
        The digits; none if there is no ink.
    """
    off_paper = average(contrast(dark, round(widest * max(dark.shape))), 3)
    floor, deviation = _paper(off_paper)
    level = _level(off_paper[off_paper > floor + 3 * deviation + 0.01])
    if level - floor < max(LEAST_SIGNAL_TO_NOISE * (deviation + 0.002), LEAST_LEVEL):
        return []
    mask = without_ruling(off_paper > (floor + level) / 2)
    regions = label(mask)
    is_ink = _is_ink(regions, off_paper / level, soft=detail(dark) >= LEAST_DETAIL)
    weights = regions.sums(off_paper) * is_ink
    if not is_ink.any():
        return []
    return [_ink(regions, group, level) for group in _group(regions, weights)]


def _paper(off_paper: NDArray[np.float32]) -> tuple[float, float]:
    """The mean and the standard deviation of the paper, as long as it is 40 % of the picture.

    From the 2nd and 20th percentiles, which ink does not reach: in a normal distribution they lie
    2.05 and 0.84 deviations below the mean.
    """
    least, less = np.percentile(off_paper, (2, 20))
    deviation = float(less - least) / 1.21
    return float(less) + 0.84 * deviation, deviation


def _level(ink: NDArray[np.float32]) -> float:
    """What full ink amounts to: an average that the darkest pixels weigh most in."""
    squares = ink.astype(np.float64) ** 2
    total = float(squares.sum())
    return float((squares * ink).sum()) / total if total else 0.0


def _is_ink(
    regions: Regions, off_paper: NDArray[np.float32], *, soft: bool
) -> NDArray[np.bool_]:
    """Which regions are ink and not shadow: bool [n]; soft ones only if `soft`."""
    inside = regions.labels > 0
    edge = np.zeros_like(inside)
    edge[[0, -1]] = True
    edge[:, [0, -1]] = True
    outline = inside & ((erode(inside.view(np.uint8), 3) == 0) | edge)
    down, across = np.gradient(off_paper)
    lengths = regions.sums(outline.astype(np.float32))
    sharpness = regions.sums(np.hypot(down, across) * outline) / lengths
    cut = regions.sums((inside & edge).astype(np.float32)) / lengths
    sides = regions.boxes[:, 2:] - regions.boxes[:, :2]
    longest = sides.max(axis=1)
    stoutness = 2 * regions.areas / lengths / longest
    is_formed = (cut < MOST_CUT) & (stoutness < STOUTEST)
    is_sharp = sharpness > LEAST_SHARPNESS
    return (longest >= SMALLEST_PIXELS) & (is_sharp | (soft & is_formed))


def _group(regions: Regions, weights: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    """Which regions make up which digit; the heaviest group first."""
    order = np.argsort(-weights)
    order = order[weights[order] > 0.03 * weights[order[0]]][:40]
    groups: list[list[int]] = []
    for row in order:
        for group in groups:
            if any(_belong(regions.boxes[row], regions.boxes[other]) for other in group):
                group.append(int(row))
                break
        else:
            groups.append([int(row)])
    groups.sort(key=lambda group: -float(weights[group].sum()))
    rows = np.arange(len(weights))
    return [np.isin(rows, group) for group in groups]


def _belong(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether two regions are parts of one digit, by their boxes."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    heights, widths = (one[3] - one[1], other[3] - other[1]), (one[2] - one[0], other[2] - other[0])
    is_stacked = across > 0.4 * min(widths) and -down < 0.5 * max(heights)
    is_fragment = min(heights) < 0.6 * max(heights) and max(-across, -down) < 0.15 * max(heights)
    return bool(is_stacked or is_fragment)


def _ink(regions: Regions, chosen: NDArray[np.bool_], level: float) -> Ink:
    boxes = regions.boxes[chosen]
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    return Ink(regions.mask(chosen), (int(left), int(top), int(right), int(bottom)), level)
