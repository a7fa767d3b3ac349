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
    margin = size // 2
    padded = _continue(values, margin, margin)
    return _sums(_sums(padded, size, 0), size, 1) / np.float32(size * size)


def _sums(values: NDArray[np.float32], size: int, axis: int) -> NDArray[np.float32]:
    """The sum of each `size` lines in succession, across an axis."""
    count = values.shape[axis] - size + 1
    total = _lines(values, axis, 0, count).copy()
    for step in range(1, size):
        total += _lines(values, axis, step, step + count)
    return total


def _extremes(grey: NDArray[Pixel], size: int, axes: Axes, *betters: np.ufunc) -> NDArray[Pixel]:
    """The extremes of the windows around each pixel, of their extremes in turn."""
    margin = size // 2 * len(betters)
    grey = _continue(grey, margin * (0 in axes), margin * (1 in axes))
    for better in betters:
        for axis in axes:
            grey = _runs(grey, size, axis, better)
    return grey


def _runs(grey: NDArray[Pixel], size: int, axis: int, better: np.ufunc) -> NDArray[Pixel]:
    """The extreme of each `size` lines in succession, across an axis, by doubling."""
    span = 1
    while span * 2 <= size:
        grey = _best(grey, span, axis, better)
        span *= 2
    return _best(grey, size - span, axis, better) if size > span else grey


def _best(grey: NDArray[Pixel], apart: int, axis: int, better: np.ufunc) -> NDArray[Pixel]:
    """The extreme of each two lines that lie so far apart."""
    count = grey.shape[axis] - apart
    best: NDArray[Pixel] = better(
        _lines(grey, axis, 0, count), _lines(grey, axis, apart, apart + count)
    )
    return best


def _lines(values: NDArray[Pixel], axis: int, start: int, end: int) -> NDArray[Pixel]:
    return values[start:end] if axis == 0 else values[:, start:end]


def _continue(values: NDArray[Pixel], down: int, across: int) -> NDArray[Pixel]:
    """Repeat the edges outwards; as `np.pad` does in seven times as long."""
    height, width = values.shape
    continued = np.empty((height + 2 * down, width + 2 * across), values.dtype)
    rows = continued[down : down + height]
    rows[:, across : across + width] = values
    rows[:, :across] = values[:, :1]
    rows[:, across + width :] = values[:, -1:]
    continued[:down] = rows[:1]
    continued[down + height :] = rows[-1:]
    return continued
