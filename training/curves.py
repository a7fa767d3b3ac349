"""Ways of a pen: from corners to curves."""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

CUTS = 3
"""After which no corner is seen at the sizes that are drawn."""


def round_corners(corners: Points) -> Points:
    """Round the corners of a way [n, 2] by Chaikin's cutting (1974); its ends stay."""
    first, last = corners[:1], corners[-1:]
    for _ in range(CUTS):
        near = 0.75 * corners[:-1] + 0.25 * corners[1:]
        far = 0.25 * corners[:-1] + 0.75 * corners[1:]
        corners = np.stack([near, far], axis=1).reshape(-1, 2)
    return np.concatenate([first, corners, last])
