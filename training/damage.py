"""What light, dirt and bad copies do to a digit, one kind for each function.

They resemble the kinds that the network is measured by, MNIST-C's (Mu and Gilmer 2019), but are
drawn otherwise, and milder: no number by which one of those is measured is reached here, also where
a digit was moved before as people's differ. Several of them at once may go as far: a stroke that is
turned and slanted leans farther than one that is only turned. Pictures are float32 [n, 28, 28], ink
1 on paper 0.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.warping import SIDE, Pictures, Reach, sample, smooth_noise, warp

Damage = Callable[[Pictures, np.random.Generator], Pictures]

FARTHER = Reach(rotation_degrees=7.0, shear=0.12, scale=0.2, shift_pixels=0.9, elastic_pixels=0.5)
"""On top of what people write, for digits framed badly; together less than what is measured."""


def add_noise(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Gaussian noise, as of a sensor in the dark."""
    deviation = rng.uniform(0.02, 0.25, (len(images), 1, 1))
    return (images + deviation * rng.standard_normal(images.shape)).astype(np.float32)


def count_photons(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Shot noise: ink as a count of few photons."""
    photons = np.exp(rng.uniform(np.log(4), np.log(40), (len(images), 1, 1)))
    return (rng.poisson(images * photons) / photons).astype(np.float32)


def flip_pixels(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Set single pixels to ink or paper."""
    share = rng.uniform(0.01, 0.14, (len(images), 1, 1))
    is_hit = rng.random(images.shape) < share
    return np.where(is_hit, rng.integers(0, 2, images.shape), images).astype(np.float32)


def blur(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Gaussian blur, apart in rows and columns."""
    deviation = rng.uniform(0.1, 1.4, (2, len(images)))
    blurred: Pictures = (
        blurring(deviation[0]) @ images @ blurring(deviation[1]).swapaxes(1, 2)
    ).astype(np.float32)
    return blurred


def blurring(deviation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrices [n, 28, 28] that blur along an axis by so many pixels each."""
    places = np.arange(SIDE)
    distance = (places[:, None] - places) ** 2
    weights = np.exp(-0.5 * distance / deviation[:, None, None] ** 2)
    normalised: NDArray[np.float64] = weights / weights.sum(axis=2, keepdims=True)
    return normalised


def smear(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Motion blur: an average along a short straight way, in any direction."""
    n = len(images)
    angle = rng.uniform(0, np.pi, (n, 1, 1))
    length = rng.uniform(1, 5, (n, 1, 1))
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    total = np.zeros_like(images)
    steps = np.linspace(-0.5, 0.5, 7)
    for step in steps:
        way = step * length
        source = np.stack([rows + way * np.sin(angle), columns + way * np.cos(angle)], axis=1)
        total += sample(images, source)
    return total / np.float32(len(steps))


def shuffle_pixels(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Take each pixel from somewhere beside it, as through a rough pane of glass."""
    n = len(images)
    away = rng.integers(-1, 2, (n, 2, SIDE, SIDE))
    source = np.mgrid[:SIDE, :SIDE] + away
    softness = rng.uniform(0.2, 0.6, n)
    mixed: Pictures = (
        blurring(softness) @ sample(images, source.astype(np.float64)) @ blurring(softness)
    ).astype(np.float32)
    return mixed


def change_light(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Lower the contrast and lift the paper."""
    contrast = rng.uniform(0.3, 1.0, (len(images), 1, 1))
    lift = rng.uniform(0, 1, (len(images), 1, 1)) * np.minimum(1 - contrast, 0.45)
    return (images * contrast + lift).astype(np.float32)


def overexpose(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Add so much light that the brightest is lost."""
    return (images + rng.uniform(0.05, 0.45, (len(images), 1, 1))).astype(np.float32)


def cloud(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Lay a veil over paper and ink, fine or coarse, thin or thick."""
    n = len(images)
    rough = rng.uniform(0.3, 0.8, (n, 1, 1))
    veil = sum(rough**k * smooth_noise((n,), 8 / 2**k, rng) for k in range(4))
    low, high = np.min(veil, axis=(1, 2), keepdims=True), np.max(veil, axis=(1, 2), keepdims=True)
    thickness = rng.uniform(0.1, 0.7, (n, 1, 1))
    veiled: Pictures = (images * (1 - thickness) + thickness * (veil - low) / (high - low)).astype(
        np.float32
    )
    return veiled


def occlude(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Cover a small box with ink, paper or grey."""
    n = len(images)
    size = rng.integers(3, 9, (2, n, 1, 1))
    is_covered = _boxes(size, rng)
    return np.where(is_covered, rng.random((n, 1, 1)), images).astype(np.float32)


def invert_band(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Turn a band of columns or of rows into its negative."""
    n = len(images)
    size = rng.integers(4, 12, (2, n, 1, 1))
    size[rng.integers(0, 2, n), np.arange(n)] = SIDE
    return np.where(_boxes(size, rng), 1 - images, images).astype(np.float32)


def _boxes(size: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Boxes of given heights and widths [2, n, 1, 1], somewhere: bool [n, 28, 28]."""
    start = (rng.random(size.shape) * (SIDE - size + 1)).astype(np.intp)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    inside: NDArray[np.bool_] = (
        (rows >= start[0])
        & (rows < start[0] + size[0])
        & (columns >= start[1])
        & (columns < start[1] + size[1])
    )
    return inside


def spatter(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Cover drops here and there with something of one brightness."""
    n = len(images)
    least = rng.uniform(1.3, 2.2, (n, 1, 1))
    drops = np.clip((smooth_noise((n,), 1.6, rng) - least) * 3, 0, 1)
    return (images * (1 - drops) + drops * rng.uniform(0, 0.9, (n, 1, 1))).astype(np.float32)


def strike(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Draw a line of ink across: straight or in zigzag, whole or dashed."""
    n = len(images)
    angle = rng.uniform(0, np.pi, (n, 1, 1))
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    along = columns * np.sin(angle) - rows * np.cos(angle) + rng.uniform(0, 10, (n, 1, 1))
    across = columns * np.cos(angle) + rows * np.sin(angle) - rng.uniform(-10, 10, (n, 1, 1))
    period = rng.uniform(5, 11, (n, 1, 1))
    swing = rng.choice([0.0, 0.0, 1.0], (n, 1, 1)) * rng.uniform(0.8, 1.9, (n, 1, 1))
    across = across - swing * (4 * np.abs(along / period % 1 - 0.5) - 1)
    is_drawn = (rng.random((n, 1, 1)) < 0.6) | (along / rng.uniform(3, 6, (n, 1, 1)) % 1 < 0.5)  # noqa: PLR2004 # shares of whole lines and of a dash
    width = rng.uniform(0.3, 0.85, (n, 1, 1))
    line = np.clip(width + 0.5 - np.abs(across), 0, 1) * rng.uniform(0.3, 1.0, (n, 1, 1))
    struck: Pictures = np.maximum(images, line * is_drawn).astype(np.float32)
    return struck


def outline(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Keep the edges of the strokes only, drawn in or around them."""
    is_ink = (images > rng.uniform(0.2, 0.6, (len(images), 1, 1))).astype(np.float32)
    is_around = rng.random((len(images), 1, 1)) < 0.5  # noqa: PLR2004 # either way as often
    edges: Pictures = np.where(
        is_around,
        neighbourhood(is_ink, np.maximum) - is_ink,
        is_ink - neighbourhood(is_ink, np.minimum),
    )
    return edges


def misplace(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Turn, slant, scale and shift farther than people do."""
    return warp(images, FARTHER, rng)


def neighbourhood(images: Pictures, pick: np.ufunc) -> Pictures:
    """The largest or smallest of each pixel and its four neighbours."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    across = pick(padded[:, 1:-1, :-2], padded[:, 1:-1, 2:])
    along = pick(padded[:, :-2, 1:-1], padded[:, 2:, 1:-1])
    picked: Pictures = pick(images, pick(across, along))
    return picked


DAMAGES: tuple[Damage, ...] = (
    add_noise,
    count_photons,
    flip_pixels,
    blur,
    smear,
    shuffle_pixels,
    change_light,
    overexpose,
    cloud,
    occlude,
    invert_band,
    spatter,
    strike,
    outline,
    misplace,
)
