"""Find the ink of a picture: which of its pixels belong to which digit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.imaging.contrast import contrast
from app.imaging.fields import find_fields
from app.imaging.grouping import Ink, group
from app.imaging.regions import Regions, label
from app.imaging.ruling import find_ruling
from app.imaging.windows import average, dilate, erode, open_

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
LEAST_SIDE_PIXELS = 2  # a single line of pixels holds no digit
FAINT = 0.15

# Eight pixels of a digit, enlarged to two hundred, are as soft as a shadow. What is soft is ink in
# a picture that light alone does not explain (see `lighting.detail`), if it is neither a stout blob
# nor cut off by the picture's edge.
LEAST_DETAIL = 0.25
LEAST_DETAIL_TIMES_LEVEL = 0.1

# A stroke that fills its picture from top to bottom is nearly as smooth as light, but no shadow or
# vignette keeps back so much of the light.
BLACK = 0.8
LEAST_DETAIL_BLACK = 0.15

MOST_CUT = 0.4
STOUTEST = 0.42

# On clean paper hairlines are ink from this share of the full ink's contrast on; noise of so many
# deviations raises it up to one half.
FAINTEST_SHARE = 0.3
SURE_DEVIATIONS = 25

# On very clean paper, as of a screenshot, lines thinner than so many pixels are from this share on,
# and from so many deviations.
PLAIN_SHARE = 0.6
HAIRLINE_PIXELS = 7
HAIRLINE_SHARE = 0.1
HAIRLINE_DEVIATIONS = 100
RIDGE_SHARE = 0.7

# Where that adds so much more ink, it is no hairlines but blur.
SOFT_GROWTH = 1.26

# Smaller regions are specks.
SMALLEST_PIXELS = 9
SMALLEST_FAINT_PIXELS = 18
SMALLEST_CUT_PIXELS = 40


def find_ink(dark: NDArray[np.uint8], widest: float, drawn: float) -> list[Ink]:
    """Find the digits of a picture, the most conspicuous first.

    Args:
        dark: uint8 [H, W], dark ink on light paper.
        widest: the widest stroke, as a share of the longer side.
        drawn: the picture's `lighting.detail`.

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
    mask = _marked(off_paper - floor, level - floor, deviation)
    # A sharp shadow and the rest of a ruled line are hairlines too.
    if _is_plain(dark) and not ruling.mask.any():
        mask |= _hairlines(off_paper - floor, mask, level - floor, deviation)
    mask = ruling.erase(mask)
    if not mask.any():
        return []
    regions = label(mask)
    outline = _outline(regions)
    clearance = LEAST_CLEARANCE if level > FAINT else LEAST_CLEARANCE_FAINT
    is_clear = _clearance(outline, np.maximum(average(rough, 5) - floor, 0)) > clearance
    least = LEAST_DETAIL_BLACK if level > BLACK else LEAST_DETAIL
    is_drawn = drawn > least and drawn * level > LEAST_DETAIL_TIMES_LEVEL
    is_formed = _is_formed(outline) & is_drawn
    is_sharp = _sharpness(outline, off_paper / level) > LEAST_SHARPNESS
    is_ink = is_sharp & is_clear & (outline.cut < MOST_CUT) | is_formed
    is_ink &= _is_large(outline, is_faint=level <= FAINT)
    is_ink &= ~find_fields(regions, is_ink)
    weights = regions.sums(off_paper) * is_ink
    if not is_ink.any():
        return []
    return group(regions, weights, level)


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


def _is_plain(dark: NDArray[np.uint8]) -> bool:
    """Whether most of a picture is of one shade to the bit: a screenshot, a drawing, print."""
    return max(Image.fromarray(dark).histogram()) > PLAIN_SHARE * dark.size


def _hairlines(
    off_paper: NDArray[np.float32], ink: NDArray[np.bool_], level: float, deviation: float
) -> NDArray[np.bool_]:
    """Lines too thin to reach the ink's contrast, on very clean paper: bool [H, W].

    The soft edge of a stroke is as faint, but a slope and no ridge, and opening leaves slopes.
    """
    least = max(HAIRLINE_SHARE * level, HAIRLINE_DEVIATIONS * deviation)
    if least > FAINTEST_SHARE * level:
        return np.zeros_like(ink)
    ridge = off_paper - open_(off_paper, HAIRLINE_PIXELS)
    ridges = (ridge > least) & (ridge > RIDGE_SHARE * off_paper)
    apart = ridges & (dilate(ink.view(np.uint8), 3) == 0)
    return ridges & (dilate(apart.view(np.uint8), 5) > 0)


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
        mask: bool [H, W], those of their pixels that touch none, or the picture's edge.
        rows: int64 [pixels], the region of each of these, row by row.
        lengths: int64 [n], the pixels of each.
        cut: float64 [n], the share of each that is the picture's edge.
    """

    regions: Regions
    mask: NDArray[np.bool_]
    rows: NDArray[np.int64]
    lengths: NDArray[np.int64]
    cut: NDArray[np.float64]

    def average(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """The mean of values [pixels], row by row, along each region's outline: float64 [n]."""
        mean: NDArray[np.float64] = np.bincount(self.rows, values) / self.lengths
        return mean


def _outline(regions: Regions) -> _Outline:
    inside = np.pad(regions.mask, 1)
    is_within = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    mask = regions.mask & ~is_within
    rows = regions.rows[mask[regions.mask]]
    lengths = np.bincount(rows)
    edge = np.zeros_like(mask)
    edge[[0, -1]] = True
    edge[:, [0, -1]] = True
    return _Outline(regions, mask, rows, lengths, np.bincount(rows, edge[mask]) / lengths)


def _sharpness(outline: _Outline, off_paper: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean step from pixel to pixel along each region's outline: float64 [n]."""
    if min(off_paper.shape) < LEAST_SIDE_PIXELS:
        return np.zeros_like(outline.cut)
    down, across = (np.gradient(off_paper, axis=axis)[outline.mask] for axis in (0, 1))
    return outline.average(np.hypot(down, across))


def _clearance(outline: _Outline, off_paper: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much of the contrast at each region's outline is gone within four pixels: float64 [n]."""
    left, inked = erode(off_paper, 9)[outline.mask], off_paper[outline.mask]
    return outline.average(1 - left / np.maximum(inked, 1e-6))


def _is_formed(outline: _Outline) -> NDArray[np.bool_]:
    """Which regions are neither stout blobs nor cut off by the picture's edge: bool [n]."""
    regions = outline.regions
    stoutness = 2 * regions.areas / outline.lengths / _longest(regions)
    return (outline.cut < MOST_CUT) & (stoutness < STOUTEST)


def _is_large(outline: _Outline, *, is_faint: bool) -> NDArray[np.bool_]:
    """Which regions are no specks, nor scraps of something at the picture's edge: bool [n]."""
    longest = _longest(outline.regions)
    is_whole = (outline.cut == 0) | ((longest >= SMALLEST_CUT_PIXELS) & (not is_faint))
    least = SMALLEST_FAINT_PIXELS if is_faint else SMALLEST_PIXELS
    is_large: NDArray[np.bool_] = is_whole & (longest >= least)
    return is_large


def _longest(regions: Regions) -> NDArray[np.int64]:
    """The longer side of each region's box: int64 [n]."""
    longest: NDArray[np.int64] = (regions.boxes[:, 2:] - regions.boxes[:, :2]).max(axis=1)
    return longest
