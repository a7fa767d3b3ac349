"""The maximum, minimum and average in a square window around each pixel, of any size.

A run's maximum is the maximum of two overlapping runs of half its length, so a handful of
whole-array comparisons does what a rank filter needs the window's area for.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Pixel = TypeVar("Pixel", np.uint8, np.float32)
Axes = tuple[int, ...]


def dilate(grey: NDArray[Pixel], size: int) -> NDArray[Pixel]:
    """The brightest pixel in the square of odd side `size` around each; edges are repeated."""
    return _extremes(grey, size, (0, 1), np.maximum)


def erode(grey: NDArray[Pixel], size: int) -> NDArray[Pixel]:
    """The darkest pixel in the square of odd side `size` around each; edges are repeated."""
    return _extremes(grey, size, (0, 1), np.minimum)


def close(grey: NDArray[Pixel], size: int) -> NDArray[Pixel]:
    """Fill what is darker than its surroundings and narrower than `size`.

    The picture is continued by its edges far enough for both steps: else the dark end of a
    gradient would be filled, which is not narrow but cut off.
    """
    return _extremes(grey, size, (0, 1), np.maximum, np.minimum)


def open_(grey: NDArray[Pixel], size: int, axes: Axes = (0, 1)) -> NDArray[Pixel]:
    """Remove what is brighter than its surroundings and narrower than `size`, as `close` fills.

    Along one axis only, what is shorter than `size` goes.
    """
    return _extremes(grey, size, axes, np.minimum, np.maximum)


def average(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """The mean of the square of odd side `size` around each pixel; edges are repeated."""
    padded = np.pad(values, size // 2, mode="edge")
    rows = _sums(padded, size)
    return np.ascontiguousarray(_sums(rows.T, size).T) / np.float32(size * size)


def _sums(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """The sum of each `size` rows in succession."""
    count = len(values) - size + 1
    total = values[:count].copy()
    for step in range(1, size):
        total += values[step : step + count]
    return total


def _extremes(grey: NDArray[Pixel], size: int, axes: Axes, *betters: np.ufunc) -> NDArray[Pixel]:
    """The extremes of the windows around each pixel, of their extremes in turn."""
    margin = size // 2 * len(betters)
    grey = np.pad(grey, [(margin * (axis in axes),) * 2 for axis in (0, 1)], mode="edge")
    for better in betters:
        if 0 in axes:
            grey = _runs(grey, size, better)
        if 1 in axes:
            grey = np.ascontiguousarray(_runs(np.ascontiguousarray(grey.T), size, better).T)
    return grey


def _runs(grey: NDArray[Pixel], size: int, better: np.ufunc) -> NDArray[Pixel]:
    """The extreme of each `size` rows in succession, by doubling."""
    span = 1
    while span * 2 <= size:
        grey = better(grey[:-span], grey[span:])
        span *= 2
    rest = size - span
    return better(grey[:-rest], grey[rest:]) if rest else grey
