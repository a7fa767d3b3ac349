"""How a picture's colours become one grey, so that ink stays apart from paper.

Brightness as the eye has it (ITU-R BT.601's luma) is right for nearly all pictures. It cannot tell
a red pen from green paper as bright, and hardly yellow from white.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Steps between neighbouring pixels are looked at on a picture no larger than this: small enough for
# noise and texture, which change brightness, to average out.
SAMPLED_PIXELS = 96

LUMA = np.array((0.299, 0.587, 0.114))

# Luma is kept unless it has less than this share of the steps that the best direction has. Pens
# on white or tinted paper leave it 0.5 and more, equally bright colours 0.05 and less.
LEAST_SHARE = 0.2

# The direction of ink must stand out from those of noise, which are alike.
LEAST_DOMINANCE = 3.0

Weights = tuple[float, float, float, float]
"""Of red, green and blue, and what is added: together they leave 0–255 within 0–255."""


def weigh(image: Image.Image) -> Weights | None:
    """Find the weights of a picture's colours that keep its edges; None if luma does.

    The direction that most of the steps from pixel to pixel have in common is the first eigenvector
    of their tensor (Di Zenzo, "A note on the gradient of a multi-image", 1986). A shadow or a
    gradient changes slowly and does not count.

    Args:
        image: of mode RGB.
    """
    steps = _steps(image)
    tensor = steps.T @ steps
    energies, directions = np.linalg.eigh(tensor)
    share = float(LUMA @ tensor @ LUMA) / float(LUMA @ LUMA) / max(float(energies[-1]), 1e-9)
    if share >= LEAST_SHARE or energies[-1] <= LEAST_DOMINANCE * energies[-2]:
        return None
    best = directions[:, -1] / np.abs(directions[:, -1]).sum()
    best *= 1 if best.sum() >= 0 else -1  # the brighter colour stays the brighter where one is
    red, green, blue = (float(weight) for weight in best)
    return red, green, blue, float(-255 * np.minimum(best, 0).sum())


def _steps(image: Image.Image) -> NDArray[np.float32]:
    """The differences of neighbouring pixels of a coarse picture: float32 [n, 3]."""
    values = np.asarray(image.reduce(-(-max(image.size) // SAMPLED_PIXELS)), dtype=np.float32)
    down, across = np.diff(values, axis=0), np.diff(values, axis=1)
    return np.concatenate([down.reshape(-1, 3), across.reshape(-1, 3)])
