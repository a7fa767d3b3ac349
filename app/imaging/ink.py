"""Find the ink of a picture: which of its pixels belong to which digit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.imaging.contrast import contrast
from app.imaging.lighting import detail
from app.imaging.regions import Regions, label
from app.imaging.ruling import find_ruling
from app.imaging.windows import average, erode

# Measured on rendered photos and blank pages, where not said otherwise.
# Ink stands 23 and more deviations off its paper, texture and noise at most 20.
LEAST_SIGNAL_TO_NOISE = 21.0
LEAST_LEVEL = 0.05

# A pen's edge takes a third of the ink's contrast from pixel to pixel, a blurred one an eighth, and
# a shadow or a gradient a tenth or less; four pixels on, nothing is left of the ink, and half of
# the shadow. What is fainter than pencil must end more clearly.
LEAST_SHARPNESS = 0.11
LEAST_CLEARANCE = 0.87
LEAST_CLEARANCE_FAINT = 0.95
FAINT = 0.15

# Eight pixels of a digit, enlarged to two hundred, are as soft as a shadow. What is soft is ink in
# a picture that light alone does not explain (see `lighting.detail`), if it is neither a stout blob
# nor cut off by the picture's edge.
LEAST_DETAIL = 0.25
LEAST_DETAIL_TIMES_LEVEL = 0.1
MOST_CUT = 0.4
STOUTEST = 0.42

# On clean paper hairlines are ink from this share of the full ink's contrast on; noise of so many
# deviations raises it up to one half.
FAINTEST_SHARE = 0.3
SURE_DEVIATIONS = 25

# Where that adds so much more ink, it is no hairlines but blur.
SOFT_GROWTH = 1.26

# Smaller regions are specks.
SMALLEST_PIXELS = 9
SMALLEST_FAINT_PIXELS = 18
SMALLEST_CUT_PIXELS = 40


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
    rough = contrast(dark, round(widest * max(dark.shape)))
    off_paper = average(rough, 3)
    floor, deviation = _paper(off_paper)
    is_marked = off_paper > floor + 3 * deviation + 0.01
    level = _level(off_paper[is_marked])
    ruling = find_ruling(off_paper > floor + FAINTEST_SHARE * (level - floor))
    level = _level(off_paper[is_marked & ~ruling.mask])
    if level - floor < max(LEAST_SIGNAL_TO_NOISE * (deviation + 0.002), LEAST_LEVEL):
        return []
    mask = ruling.erase(_marked(off_paper - floor, level - floor, deviation))
    if not mask.any():
        return []
    regions = label(mask)
    outline = _outline(regions)
    clearance = LEAST_CLEARANCE if level > FAINT else LEAST_CLEARANCE_FAINT
    is_clear = _clearance(outline, np.maximum(average(rough, 5) - floor, 0)) > clearance
    is_sharp = _sharpness(outline, off_paper / level) > LEAST_SHARPNESS
    drawn = detail(dark)
    is_drawn = drawn > LEAST_DETAIL and drawn * level > LEAST_DETAIL_TIMES_LEVEL
    cut = _cut(outline)
    is_ink = (cut < MOST_CUT) & (is_sharp & is_clear | _is_slender(outline) & is_drawn)
    is_ink &= _is_large(regions, cut, is_faint=level <= FAINT)
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


def _marked(off_paper: NDArray[np.float32], level: float, deviation: float) -> NDArray[np.bool_]:
    """Which pixels are ink: bool [H, W]."""
    sure = off_paper > level / 2
    share = float(np.clip(SURE_DEVIATIONS * deviation / level, FAINTEST_SHARE, 0.5))
    faint = off_paper > share * level
    return faint if np.count_nonzero(faint) < SOFT_GROWTH * np.count_nonzero(sure) else sure


def is_several(inks: list[Ink]) -> bool:
    """Whether there are digits beside the first: about as tall, and on its line."""
    main = inks[0]
    return any(_is_beside(main, ink) for ink in inks[1:])


def _is_beside(main: Ink, other: Ink) -> bool:
    heights = main.box[3] - main.box[1], other.box[3] - other.box[1]
    shared = min(main.box[3], other.box[3]) - max(main.box[1], other.box[1])
    areas = np.count_nonzero(main.mask), np.count_nonzero(other.mask)
    return bool(
        min(heights) > 0.5 * max(heights)
        and shared > 0.3 * min(heights)
        and areas[1] > 0.2 * areas[0]
    )


def _level(ink: NDArray[np.float32]) -> float:
    """What full ink amounts to: an average that the darkest pixels weigh most in."""
    squares = ink.astype(np.float64) ** 2
    total = float(squares.sum())
    return float((squares * ink).sum()) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class _Outline:
    """Where regions end.

    Attributes:
        regions: whose.
        mask: float32 [H, W], 1 at each of their pixels that touches none, or the picture's edge.
        lengths: float64 [n], the pixels of each.
    """

    regions: Regions
    mask: NDArray[np.float32]
    lengths: NDArray[np.float64]

    def average(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """The mean of values [H, W] along each region's outline: float64 [n]."""
        return self.regions.sums(values * self.mask) / self.lengths


def _outline(regions: Regions) -> _Outline:
    inside = np.pad(regions.mask, 1)
    is_within = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    mask = (regions.mask & ~is_within).astype(np.float32)
    return _Outline(regions, mask, regions.sums(mask))


def _sharpness(outline: _Outline, off_paper: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean step from pixel to pixel along each region's outline: float64 [n]."""
    down, across = np.gradient(off_paper)
    return outline.average(np.hypot(down, across))


def _clearance(outline: _Outline, off_paper: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much of the contrast at each region's outline is gone within four pixels: float64 [n]."""
    gone = 1 - erode(off_paper, 9) / np.maximum(off_paper, 1e-6)
    return outline.average(gone.astype(np.float32, copy=False))


def _is_slender(outline: _Outline) -> NDArray[np.bool_]:
    """Which regions are no stout blobs: bool [n]."""
    regions = outline.regions
    return 2 * regions.areas / outline.lengths / _longest(regions) < STOUTEST


def _is_large(regions: Regions, cut: NDArray[np.float64], *, is_faint: bool) -> NDArray[np.bool_]:
    """Which regions are no specks, nor scraps of something at the picture's edge: bool [n]."""
    longest = _longest(regions)
    is_whole = (cut == 0) | ((longest >= SMALLEST_CUT_PIXELS) & (not is_faint))
    least = SMALLEST_FAINT_PIXELS if is_faint else SMALLEST_PIXELS
    is_large: NDArray[np.bool_] = is_whole & (longest >= least)
    return is_large


def _cut(outline: _Outline) -> NDArray[np.float64]:
    """What share of each region's outline is the picture's edge: float64 [n]."""
    edge = np.zeros(outline.mask.shape, dtype=np.float32)
    edge[[0, -1]] = 1
    edge[:, [0, -1]] = 1
    return outline.average(edge)


def _longest(regions: Regions) -> NDArray[np.int64]:
    """The longer side of each region's box: int64 [n]."""
    longest: NDArray[np.int64] = (regions.boxes[:, 2:] - regions.boxes[:, :2]).max(axis=1)
    return longest


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
    is_stacked = across > 0.25 * min(widths) and -down < 0.5 * max(heights)
    is_fragment = min(heights) < 0.6 * max(heights) and max(-across, -down) < 0.15 * max(heights)
    return bool(is_stacked or is_fragment)


def _ink(regions: Regions, chosen: NDArray[np.bool_], level: float) -> Ink:
    boxes = regions.boxes[chosen]
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    return Ink(regions.only(chosen), (int(left), int(top), int(right), int(bottom)), level)
