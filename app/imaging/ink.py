"""Find the ink of a picture: which of its pixels belong to which digit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.errors import BlankImage
from app.imaging.contrast import WIDEST_STROKE, contrast
from app.imaging.regions import Regions, label
from app.imaging.windows import average, erode

# Measured on rendered photos and blank pages: ink stands 12 and more deviations off its paper,
# texture and noise at most 9.
LEAST_SIGNAL_TO_NOISE = 10.0
LEAST_LEVEL = 0.04

# A pen's edge takes a third of the ink's contrast from pixel to pixel, a blurred one a sixth, and
# a shadow or a gradient a tenth or less.
LEAST_SHARPNESS = 0.11


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


def find_ink(dark: NDArray[np.uint8], enlarged: float) -> list[Ink]:
    """Find the digits of a picture, the most conspicuous first.

    Args:
        dark: uint8 [H, W], dark ink on light paper.
        enlarged: how many pixels each of the original has on a side; 1 for reduced ones.

    Returns:
        At least one digit.

    Raises:
        BlankImage: none was found.
    """
    off_paper = average(contrast(dark, round(WIDEST_STROKE * max(dark.shape))), 3)
    floor, deviation = _paper(off_paper)
    level = _level(off_paper[off_paper > floor + 3 * deviation + 0.01])
    if level - floor < LEAST_SIGNAL_TO_NOISE * (deviation + 0.002) or level < LEAST_LEVEL:
        raise BlankImage("There is no ink in the picture.")
    regions = label(off_paper > (floor + level) / 2)
    sharp = _sharpness(regions, off_paper) * max(enlarged, 1) / level
    weights = regions.sums(off_paper) * (sharp > 0.02)
    if weights.max() <= 0:
        raise BlankImage("There is no ink in the picture.")
    groups = _group(regions, weights)
    return [_ink(regions, group, level) for group in groups]


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


def _sharpness(regions: Regions, off_paper: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean gradient along each region's outline."""
    inside = regions.labels > 0
    outline = (inside & (erode(inside.view(np.uint8), 3) == 0)).astype(np.float32)
    down, across = np.gradient(off_paper)
    lengths = regions.sums(outline)
    return regions.sums(np.hypot(down, across) * outline) / np.maximum(lengths, 1)


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
