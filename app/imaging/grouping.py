"""Group regions of ink into digits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.imaging.regions import Regions

# As many as these, the heaviest, are grouped.
MOST_REGIONS = 40


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


def group(regions: Regions, weights: NDArray[np.float64], level: float) -> list[Ink]:
    """Tell which regions make up which digit; the heaviest digit first.

    From the tallest down, so that a flag or a bar between two digits joins one, not both.

    Args:
        regions: of ink.
        weights: float64 [n], how much ink each is; 0 for what is none.
        level: how much darker than the paper all of it is.
    """
    order = np.argsort(-weights)
    order = order[weights[order] > 0.03 * weights[order[0]]][:MOST_REGIONS]
    order = order[np.argsort(regions.boxes[order, 1] - regions.boxes[order, 3], kind="stable")]
    groups: list[list[int]] = []
    for row in order:
        gaps = [_gap_to_group(regions.boxes, int(row), members) for members in groups]
        nearest = int(np.argmin(gaps)) if gaps else -1
        if gaps and np.isfinite(gaps[nearest]):
            groups[nearest].append(int(row))
        else:
            groups.append([int(row)])
    groups.sort(key=lambda members: -float(weights[members].sum()))
    rows = np.arange(len(weights))
    return [_ink(regions, np.isin(rows, members), level) for members in groups]


def _gap_to_group(boxes: NDArray[np.int64], row: int, members: list[int]) -> float:
    """How far a region is from the nearest of a group that it belongs with; infinite if none."""
    return min(
        (_gap(boxes[row], boxes[other]) for other in members if _belong(boxes[row], boxes[other])),
        default=np.inf,
    )


def _gap(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """The pixels between two boxes; below 0 where they overlap."""
    across = max(one[0], other[0]) - min(one[2], other[2])
    down = max(one[1], other[1]) - min(one[3], other[3])
    return float(max(across, down))


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
