"""Canny's edge detector on whole batches (Canny 1986), with the defaults that MNIST-C used."""

import numpy as np
from numpy.typing import NDArray

SIGMA_PIXELS = 1.0
LOW, HIGH = 0.1, 0.2
"""Of the Sobel gradient's length, for pictures in 0–1."""

Pictures = NDArray[np.float64]
Mask = NDArray[np.bool_]


def find_edges(pictures: Pictures) -> Mask:
    """Where the edges are, one pixel wide.

    Args:
        pictures: float64 [n, H, W] in 0–1.

    Returns:
        bool [n, H, W]; the outermost pixels are never edges.
    """
    down, right = _differentiate(_smooth(pictures))
    strength = np.hypot(down, right)
    is_crest = _is_crest(strength, down, right)
    return _grow(is_crest & (strength >= HIGH), is_crest & (strength >= LOW))


def _smooth(pictures: Pictures) -> Pictures:
    """Gaussian blur; at the border, the mean of what is inside."""
    height, width = pictures.shape[1:]
    return _weights(height) @ pictures @ _weights(width).T


def _weights(length: int) -> Pictures:
    distance = np.arange(length)[:, None] - np.arange(length)
    weights = np.exp(-0.5 * (distance / SIGMA_PIXELS) ** 2) * (np.abs(distance) <= 4 * SIGMA_PIXELS)
    normalised: Pictures = weights / weights.sum(axis=1, keepdims=True)
    return normalised


def _differentiate(pictures: Pictures) -> tuple[Pictures, Pictures]:
    """Sobel's derivatives, downwards and to the right; the border is mirrored."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="symmetric")
    rows = padded[:, 2:] - padded[:, :-2]
    columns = padded[:, :, 2:] - padded[:, :, :-2]
    down = rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]
    right = columns[:, :-2] + 2 * columns[:, 1:-1] + columns[:, 2:]
    return down, right


def _is_crest(strength: Pictures, down: Pictures, right: Pictures) -> Mask:
    """Where the gradient is at least as long as on either side along its own direction.

    What it is there is interpolated between a straight and a diagonal neighbour.
    """
    is_steep = np.abs(down) >= np.abs(right)
    longer = np.where(is_steep, np.abs(down), np.abs(right))
    shorter = np.where(is_steep, np.abs(right), np.abs(down))
    share = shorter / np.maximum(longer, np.finfo(np.float64).tiny)
    row_step = np.where(down >= 0, 1, -1)
    column_step = np.where(right >= 0, 1, -1)
    n, height, width = strength.shape
    which, rows, columns = np.ogrid[:n, 1 : height + 1, 1 : width + 1]
    padded = np.pad(strength, ((0, 0), (1, 1), (1, 1)))
    is_crest = np.ones(strength.shape, dtype=bool)
    for sign in (1, -1):
        by_row, by_column = sign * row_step, sign * column_step
        diagonal = padded[which, rows + by_row, columns + by_column]
        straight = padded[
            which, rows + np.where(is_steep, by_row, 0), columns + np.where(is_steep, 0, by_column)
        ]
        is_crest &= share * diagonal + (1 - share) * straight <= strength
    is_crest[:, [0, -1]] = False
    is_crest[:, :, [0, -1]] = False
    return is_crest


def _grow(strong: Mask, weak: Mask) -> Mask:
    """Hysteresis: strong edges, and the weak ones that touch them by way of weak ones."""
    while True:
        padded = np.pad(strong, ((0, 0), (1, 1), (1, 1)))
        across = padded[:, :, :-2] | padded[:, :, 1:-1] | padded[:, :, 2:]
        grown = (across[:, :-2] | across[:, 1:-1] | across[:, 2:]) & weak
        if np.array_equal(grown, strong):
            return strong
        strong = grown
