"""Lines that cross a digit, dotted or zigzag, as MNIST-C draws them (arXiv 1906.02337).

Float64 [n, 28, 28], ink 1 on paper 0: to be added to a picture.
"""

import numpy as np
from numpy.typing import NDArray

Lines = NDArray[np.float64]

SIDE = 28
REACH_PIXELS = 2.3
"""How far above and below a line its ink goes."""

ZIGZAG_COLUMNS = (2, 25)
ZIGZAG_PIXELS = 2.0
"""Half a tooth's length, and its height."""
ZIGZAG_TEETH = 6
"""As many as fit on the shortest line that is drawn; the longest has no room for another."""


def dot_lines(count: int, rng: np.random.Generator) -> Lines:
    """Straight from one side to the other: two columns of nothing, two of ink."""
    first, last = rng.integers(0, SIDE - 1, (2, count))
    lines = draw_segments(np.zeros(count), first, np.full(count, SIDE - 1.0), last)
    dotted: Lines = lines * (np.arange(SIDE) // 2 % 2 == 1)
    return dotted


def zigzag_lines(count: int, rng: np.random.Generator) -> Lines:
    """Teeth along a line that falls or rises by five rows at most; crossings add up."""
    first, last = ZIGZAG_COLUMNS
    start = rng.integers(0, SIDE - 1, count)
    angle = np.arctan(rng.integers(-5, 5, count) / (last - first))
    along, across = _lay_teeth((last - first) / np.cos(angle))
    columns = first + along * np.cos(angle) - across * np.sin(angle)
    rows = start + along * np.sin(angle) + across * np.cos(angle)
    lines = np.zeros((count, SIDE, SIDE))
    for corner in range(len(along) - 1):
        lines += draw_segments(columns[corner], rows[corner], columns[corner + 1], rows[corner + 1])
    return lines


def _lay_teeth(length: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of zigzags along a level line: float64 [2, 8, n], along it and across it."""
    corners = np.zeros((2, ZIGZAG_TEETH + 2, len(length)))
    tooth = np.arange(ZIGZAG_TEETH)[:, None]
    corners[0, 1:-1] = ZIGZAG_PIXELS * (2 * tooth + 1)
    corners[1, 1:-1] = ZIGZAG_PIXELS * (-1.0) ** tooth
    corners[0, -1] = length
    corners[1, -1] = corners[1, -2] / (2 * (length % (2 * ZIGZAG_PIXELS)))
    return corners


def draw_segments(
    left: NDArray[np.float64],
    left_row: NDArray[np.float64] | NDArray[np.int64],
    right: NDArray[np.float64],
    right_row: NDArray[np.float64] | NDArray[np.int64],
) -> Lines:
    """Soft lines, one a picture, from one point to another on the right of it.

    Ink is 1 + ln(1 − d / 2.3), d the distance above or below the line, where that is positive.
    """
    place = np.arange(SIDE)
    slope = (right_row - left_row) / (right - left)
    height = left_row[:, None] + slope[:, None] * (place - left[:, None])
    distance = np.abs(place[:, None] - height[:, None, :])
    ink = 1 + np.log(np.maximum(1 - distance / REACH_PIXELS, 1e-10))
    is_between = (place >= np.floor(left)[:, None]) & (place < np.ceil(right)[:, None])
    lines: Lines = np.clip(ink, 0, 1) * is_between[:, None, :]
    return lines
