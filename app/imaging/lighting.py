"""Tell a picture from its lighting."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# The light is fitted on a grid of this size: it has no finer detail.
GRID = 40
DEGREE = 3


def detail(grey: NDArray[np.uint8]) -> float:
    """How much of a picture is no light: the share of its variance that no smooth surface explains.

    A cubic surface leaves 3 % of a gradient or a vignette, a quarter of a page half in shadow, and
    more of anything drawn.

    Args:
        grey: uint8 [H, W].

    Returns:
        0 to 1.
    """
    grid = np.asarray(Image.fromarray(grey).resize((GRID, GRID), Image.Resampling.BOX))
    values = grid.ravel() - float(grid.mean())
    light = _basis() @ (_basis().T @ values)
    return float(((values - light) ** 2).sum() / max((values**2).sum(), 1e-9))


@cache
def _basis() -> NDArray[np.float64]:
    """The polynomials of two variables up to the degree, at the grid's points, orthonormal."""
    powers = np.polynomial.legendre.legvander(np.linspace(-1, 1, GRID), DEGREE)
    columns = [
        np.outer(powers[:, down], powers[:, across]).ravel()
        for down in range(DEGREE + 1)
        for across in range(DEGREE + 1 - down)
    ]
    return np.linalg.qr(np.stack(columns, axis=1))[0]
