"""The maximum, minimum and average in a square window around each pixel, of any size.

A run's maximum is the maximum of two overlapping runs of half its length, so a handful of
whole-array comparisons does what a rank filter needs the window's area for. An average is the
difference of two running sums.
"""

import numpy as np
from numpy.typing import NDArray


def dilate(grey: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The brightest pixel in the square of odd side `size` around each; edges are repeated."""
    return _extreme(_pad(grey, size // 2), size, np.maximum)


def erode(grey: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The darkest pixel in the square of odd side `size` around each; edges are repeated."""
    return _extreme(_pad(grey, size // 2), size, np.minimum)


def close(grey: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Fill what is darker than its surroundings and narrower than `size`.

    The picture is continued by its edges far enough for both steps: else the dark end of a
    gradient would be filled, which is not narrow but cut off.
    """
    return _extreme(_extreme(_pad(grey, size // 2 * 2), size, np.maximum), size, np.minimum)


def open_(grey: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Remove what is brighter than its surroundings and narrower than `size`, as `close` fills."""
    return _extreme(_extreme(_pad(grey, size // 2 * 2), size, np.minimum), size, np.maximum)


def average(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """The mean of the square of odd side `size` around each pixel; edges are repeated."""
    return _mean(_mean(values, size).T, size).T


def _mean(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    padded = np.pad(values, ((size // 2 + 1, size // 2), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=0, dtype=np.float64)
    return ((sums[size:] - sums[:-size]) / size).astype(np.float32)


def _pad(grey: NDArray[np.uint8], margin: int) -> NDArray[np.uint8]:
    return np.pad(grey, margin, mode="edge")


def _extreme(grey: NDArray[np.uint8], size: int, better: np.ufunc) -> NDArray[np.uint8]:
    """The extreme of each square of side `size` that lies within the picture."""
    return _runs(_runs(grey, size, better).T, size, better).T


def _runs(grey: NDArray[np.uint8], size: int, better: np.ufunc) -> NDArray[np.uint8]:
    """The extreme of each `size` rows in succession, by doubling."""
    span = 1
    while span * 2 <= size:
        grey = better(grey[:-span], grey[span:])
        span *= 2
    rest = size - span
    return better(grey[:-rest], grey[rest:]) if rest else grey
