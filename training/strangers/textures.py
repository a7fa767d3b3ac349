"""Noise and textures: what a camera sees where there is nothing to read.

Every kind fills a whole picture and is drawn anew for each; nothing is framed.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.corruptions import smooth
from training.strangers.pictures import Strangers

Grey = NDArray[np.uint8]
Pictures = NDArray[np.float64]

SIDE = 28
EACH = 1000
"""Pictures of each kind."""

SOFT_SIGMAS_PIXELS = (0.7, 1.0, 1.5, 2.0, 3.0)


def draw(rng: np.random.Generator, each: int = EACH) -> Strangers:
    """Draw so many pictures of each kind."""
    pictures = np.concatenate([kind(each, rng) for kind in KINDS.values()])
    images = np.rint(np.clip(pictures, 0, 1) * 255).astype(np.uint8)
    return Strangers(images, np.repeat(list(KINDS), each), "drawn from a seed")


def draw_noise(count: int, rng: np.random.Generator) -> Pictures:
    """Every pixel for itself, from black to white."""
    return rng.random((count, SIDE, SIDE))


def draw_soft_noise(count: int, rng: np.random.Generator) -> Pictures:
    """Noise blurred by some of several widths, and stretched from black to white again."""
    noise = draw_noise(count, rng)
    widths = rng.integers(0, len(SOFT_SIGMAS_PIXELS), count)
    for index, sigma in enumerate(SOFT_SIGMAS_PIXELS):
        noise[widths == index] = smooth(noise[widths == index], sigma)
    noise -= noise.min(axis=(1, 2), keepdims=True)
    stretched: Pictures = noise / noise.max(axis=(1, 2), keepdims=True)
    return stretched


def draw_gradients(count: int, rng: np.random.Generator) -> Pictures:
    """From one grey to another, in any direction."""
    return _mix(_wander(count, rng) / (SIDE * np.sqrt(2)) + 0.5, rng)


def draw_stripes(count: int, rng: np.random.Generator) -> Pictures:
    """Two greys in turn, 3 to 14 pixels a pair, in any direction, hard-edged or soft."""
    period = rng.uniform(3, 14, (count, 1, 1))
    phase = rng.random((count, 1, 1))
    wave = np.sin(2 * np.pi * (_wander(count, rng) / period + phase))
    hardness = rng.choice([1.0, 10.0], (count, 1, 1))
    return _mix(np.clip(0.5 + 0.5 * hardness * wave, 0, 1), rng)


def draw_checkers(count: int, rng: np.random.Generator) -> Pictures:
    """A board of two greys, its squares 2 to 9 pixels wide, cut anywhere."""
    width = rng.integers(2, 10, (count, 1))
    start = rng.integers(0, 20, (2, count, 1))
    rows, columns = (np.arange(SIDE) + start) // width
    return _mix((rows[:, :, None] + columns[:, None, :]) % 2, rng)


def draw_speckle(count: int, rng: np.random.Generator) -> Pictures:
    """White dots on black, 1 to 20 % of all pixels."""
    share = rng.uniform(0.01, 0.2, (count, 1, 1))
    return (draw_noise(count, rng) < share).astype(np.float64)


def draw_solid(count: int, rng: np.random.Generator) -> Pictures:
    """One grey all over."""
    return np.broadcast_to(rng.random((count, 1, 1)), (count, SIDE, SIDE))


def _wander(count: int, rng: np.random.Generator) -> Pictures:
    """How far each pixel is from the middle along a direction, in pixels: [count, 28, 28]."""
    angle = rng.uniform(0, 2 * np.pi, (count, 1, 1))
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    along: Pictures = rows * np.sin(angle) + columns * np.cos(angle)
    return along


def _mix(share: NDArray[np.float64] | NDArray[np.intp], rng: np.random.Generator) -> Pictures:
    """Between two greys at random: the one where `share` is 0, the other where it is 1."""
    one, other = rng.random((2, len(share), 1, 1))
    mixed: Pictures = one + (other - one) * share
    return mixed


KINDS: dict[str, Callable[[int, np.random.Generator], Pictures]] = {
    "noise": draw_noise,
    "soft noise": draw_soft_noise,
    "gradient": draw_gradients,
    "stripes": draw_stripes,
    "checkers": draw_checkers,
    "speckle": draw_speckle,
    "solid": draw_solid,
}
