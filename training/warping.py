"""Move the ink of pictures: rotate, slant, scale, shift and bend, by one bilinear resampling.

Pictures are float32 [n, 28, 28], ink 1 on paper 0.
"""

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.float32]

SIDE = 28
BUMP_SPACING = 5.0
"""Pixels between the bumps of an elastic field: wide enough to bend a stroke, not to shred it."""


@dataclass(frozen=True)
class Reach:
    """How far a digit may be moved away from the one that was written.

    Attributes:
        rotation_degrees: either way.
        shear: either way, as a ratio.
        scale: natural logarithm of the largest ratio; rows and columns vary apart.
        shift_pixels: either way, on either axis.
        elastic_pixels: standard deviation of the strongest elastic field.
    """

    rotation_degrees: float
    shear: float
    scale: float
    shift_pixels: float
    elastic_pixels: float

    def times(self, share: float) -> "Reach":
        """So many times as far, in every way."""
        return Reach(*(share * each for each in astuple(self)))


def warp(
    images: Pictures, reach: Reach, rng: np.random.Generator, bends: Pictures | None = None
) -> Pictures:
    """Rotate, slant, scale, shift and bend each picture another way.

    Args:
        images: float32 [n, 28, 28].
        reach: how far.
        rng: draws the ways.
        bends: of each picture besides, float32 [n, 2, 28, 28]: from how many pixels away, down and
            to the right, each pixel comes.
    """
    n = len(images)
    angle = np.radians(rng.uniform(-reach.rotation_degrees, reach.rotation_degrees, n))
    slant = rng.uniform(-reach.shear, reach.shear, n)
    grow = np.exp(rng.uniform(-reach.scale, reach.scale, (2, n)))
    shift = rng.uniform(-reach.shift_pixels, reach.shift_pixels, (n, 2, 1, 1))
    cosine, sine = np.cos(angle), np.sin(angle)
    # From where in the source each target pixel comes: slant · rotation · scale.
    matrix = np.empty((n, 2, 2))
    matrix[:, 0, 0] = cosine / grow[0]
    matrix[:, 0, 1] = -sine / grow[1]
    matrix[:, 1, 0] = (sine + slant * cosine) / grow[0]
    matrix[:, 1, 1] = (cosine - slant * sine) / grow[1]
    centre = (SIDE - 1) / 2
    target = np.mgrid[:SIDE, :SIDE].astype(np.float64) - centre
    source = np.einsum("nij,jyx->niyx", matrix, target) + centre + shift
    source += elastic_field(n, reach.elastic_pixels, rng)
    return sample(images, source if bends is None else source + bends)


def elastic_field(n: int, amplitude: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Smooth noise [n, 2, 28, 28], each of about N(0, amplitude²), the amplitude itself varied.

    White noise on a coarse grid under Gaussian bumps has the smoothness of the smoothed noise of
    Simard et al. 2003, "Best Practices for Convolutional Neural Networks", at a fraction of its
    cost.
    """
    share = amplitude * rng.random((n, 1, 1, 1))
    return share * smooth_noise((n, 2), BUMP_SPACING, rng)


def smooth_noise(
    shape: tuple[int, ...], spacing: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Noise of about N(0, 1) that varies over `spacing` pixels: float64 [*shape, 28, 28]."""
    centres = np.arange(-spacing, SIDE + 2 * spacing, spacing)
    bumps = np.exp(-0.5 * ((np.arange(SIDE)[:, None] - centres) / spacing) ** 2)
    bumps /= np.linalg.norm(bumps, axis=1, keepdims=True)
    noise: NDArray[np.float64] = rng.standard_normal((*shape, len(centres), len(centres)))
    smooth: NDArray[np.float64] = bumps @ noise @ bumps.T
    return smooth


def sample(images: Pictures, source: NDArray[np.float64]) -> Pictures:
    """Read pictures at fractional places, bilinearly; outside is paper.

    Args:
        images: float32 [n, 28, 28].
        source: row and column [n, 2, 28, 28].
    """
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    place = np.clip(source + 1, 0, SIDE + 1)
    corner = np.minimum(place.astype(np.intp), SIDE)
    row, column = corner[:, 0], corner[:, 1]
    part = (place - corner).astype(np.float32)
    down, right = part[:, 0], part[:, 1]
    which = np.arange(len(images))[:, None, None]
    top = padded[which, row, column] * (1 - right) + padded[which, row, column + 1] * right
    below = (
        padded[which, row + 1, column] * (1 - right) + padded[which, row + 1, column + 1] * right
    )
    mixed: Pictures = top * (1 - down) + below * down
    return mixed
