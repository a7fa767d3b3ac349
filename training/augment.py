"""Show every digit anew: moved, bent, thicker or thinner, re-inked, damaged.

All of it is NumPy on whole batches, drawn from one generator, so that a seed and an epoch fix every
picture. Pictures are float32 [n, 28, 28], ink 1 on paper 0.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from app.imaging import frame
from training.config import Augmentation, Recipe
from training.dataset import Digits, scale

Pictures = NDArray[np.float32]
Damage = Callable[[Pictures, np.random.Generator], Pictures]

SIDE = 28
CANVAS_SIDE = 112
"""Pixels of the canvas a digit is re-inked on: four to one, enough for a smooth pen line."""


def batches(
    digits: Digits, recipe: Recipe, *, first_epoch: int = 0
) -> Iterator[tuple[Pictures, NDArray[np.uint8]]]:
    """Yield the batches of all epochs from `first_epoch` on, whole batches only.

    Args:
        digits: the training digits.
        recipe: seed, epochs, batch size and augmentation.
        first_epoch: a run that goes on after epoch k−1 sees the same batches as one never stopped.

    Yields:
        Images float32 [batch_size, 28, 28, 1] in 0–1 and labels uint8 [batch_size].
    """
    for epoch in range(first_epoch, recipe.epochs):
        rng = np.random.default_rng([recipe.seed, epoch])
        order = rng.permutation(len(digits))
        for start in range(
            0, steps_per_epoch(digits, recipe) * recipe.batch_size, recipe.batch_size
        ):
            batch = digits.take(order[start : start + recipe.batch_size])
            images = scale(batch.images)
            if recipe.augmentation is not None:
                images = augment(images, recipe.augmentation, rng)
            yield images[..., None], batch.labels


def steps_per_epoch(digits: Digits, recipe: Recipe) -> int:
    """Whole batches in one pass: one compiled shape, and no tiny last step."""
    return max(1, len(digits) // recipe.batch_size)


def augment(images: Pictures, how: Augmentation, rng: np.random.Generator) -> Pictures:
    """Make one new variant of every picture.

    Returns:
        Float32 [n, 28, 28] in 0–1, on the 256 levels that a served digit has.
    """
    images = warp(images, how, rng)
    images = _on_share(images, how.redrawn_share, rng, redraw)
    images = change_stroke(images, how.stroke, rng)
    share = how.damaged_share / len(DAMAGES)
    kinds = rng.choice(
        len(DAMAGES) + 1, size=len(images), p=[1 - how.damaged_share, *[share] * len(DAMAGES)]
    )
    for kind, damage in enumerate(DAMAGES, start=1):
        chosen = kinds == kind
        if chosen.any():
            images[chosen] = damage(images[chosen], rng)
    return np.round(np.clip(images, 0, 1) * 255).astype(np.float32) / np.float32(255)


def _on_share(images: Pictures, share: float, rng: np.random.Generator, change: Damage) -> Pictures:
    chosen = rng.random(len(images)) < share
    if chosen.any():
        images[chosen] = change(images[chosen], rng)
    return images


def warp(images: Pictures, how: Augmentation, rng: np.random.Generator) -> Pictures:
    """Rotate, slant, scale, shift and bend, in one bilinear resampling.

    The elastic field is white noise on a coarse grid under Gaussian bumps, which has the
    smoothness of Simard et al. 2003's smoothed noise at a fraction of its cost.
    """
    n = len(images)
    angle = np.radians(rng.uniform(-how.rotation_degrees, how.rotation_degrees, n))
    slant = rng.uniform(-how.shear, how.shear, n)
    grow = np.exp(rng.uniform(-how.scale, how.scale, (2, n)))
    shift = rng.uniform(-how.shift_pixels, how.shift_pixels, (n, 2, 1, 1))
    cosine, sine = np.cos(angle), np.sin(angle)
    # From where in the source each target pixel comes: rotation · slant · scale.
    matrix = np.empty((n, 2, 2))
    matrix[:, 0, 0] = cosine / grow[0]
    matrix[:, 0, 1] = -sine / grow[1]
    matrix[:, 1, 0] = (sine + slant * cosine) / grow[0]
    matrix[:, 1, 1] = (cosine - slant * sine) / grow[1]
    centre = (SIDE - 1) / 2
    target = np.mgrid[:SIDE, :SIDE].astype(np.float64) - centre
    source = np.einsum("nij,jyx->niyx", matrix, target) + centre + shift
    return sample(images, source + _elastic_field(n, how.elastic_pixels, rng))


def _elastic_field(
    n: int, amplitude_pixels: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Displacements [n, 2, 28, 28], each of about N(0, amplitude²), the amplitude itself varied."""
    spacing = 5.0  # pixels between bumps: wide enough to bend a stroke, not to shred it
    centres = np.arange(-spacing, SIDE + 2 * spacing, spacing)
    bumps = np.exp(-0.5 * ((np.arange(SIDE)[:, None] - centres) / spacing) ** 2)
    bumps /= np.linalg.norm(bumps, axis=1, keepdims=True)
    noise = rng.standard_normal((n, 2, len(centres), len(centres)))
    amplitude = amplitude_pixels * rng.random((n, 1, 1, 1))
    field: NDArray[np.float64] = amplitude * (bumps @ noise @ bumps.T)
    return field


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


def change_stroke(images: Pictures, most: float, rng: np.random.Generator) -> Pictures:
    """Mix in a one-pixel dilation or erosion, by up to `most` of it."""
    share = rng.uniform(-most, most, (len(images), 1, 1)).astype(np.float32)
    thicker = _neighbourhood(images, np.maximum)
    thinner = _neighbourhood(images, np.minimum)
    changed: Pictures = np.where(
        share > 0, images + share * (thicker - images), images - share * (thinner - images)
    )
    return changed


def _neighbourhood(images: Pictures, pick: np.ufunc) -> Pictures:
    """The largest or smallest of each pixel and its four neighbours."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    across = pick(padded[:, 1:-1, :-2], padded[:, 1:-1, 2:])
    along = pick(padded[:, :-2, 1:-1], padded[:, 2:, 1:-1])
    picked: Pictures = pick(images, pick(across, along))
    return picked


def redraw(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Ink each digit on a canvas with a hard-edged pen, then frame it as an upload is framed."""
    enlarge = _enlargement()
    canvases = enlarge @ images @ enlarge.T
    # The level at which grey becomes ink is the pen's width.
    levels = rng.uniform(0.25, 0.65, (len(images), 1, 1)) * canvases.max(axis=(1, 2), keepdims=True)
    inked = (canvases > levels).astype(np.uint8) * np.uint8(255)
    framed = [
        frame(ink).astype(np.float32) / 255 if ink.any() else image
        for ink, image in zip(inked, images, strict=True)
    ]
    return np.stack(framed)


def _enlargement() -> Pictures:
    """Gaussian interpolation [112, 28]: smooth enough that the pen's edge shows no pixels."""
    places = (np.arange(CANVAS_SIDE) + 0.5) * SIDE / CANVAS_SIDE - 0.5
    weights = np.exp(-0.5 * ((places[:, None] - np.arange(SIDE)) / 0.6) ** 2)
    normalised: Pictures = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return normalised


def add_noise(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Gaussian noise, as of a sensor in the dark."""
    deviation = rng.uniform(0.02, 0.25, (len(images), 1, 1))
    return (images + deviation * rng.standard_normal(images.shape)).astype(np.float32)


def flip_pixels(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Set single pixels to ink or paper."""
    share = rng.uniform(0.01, 0.12, (len(images), 1, 1))
    is_hit = rng.random(images.shape) < share
    return np.where(is_hit, rng.integers(0, 2, images.shape), images).astype(np.float32)


def blur(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Gaussian blur, apart in rows and columns, so that some of it is motion."""
    places = np.arange(SIDE)
    distance = (places[:, None] - places) ** 2

    def kernels() -> NDArray[np.float64]:
        deviation = rng.uniform(0.1, 1.6, (len(images), 1, 1))
        weights = np.exp(-0.5 * distance / deviation**2)
        normalised: NDArray[np.float64] = weights / weights.sum(axis=2, keepdims=True)
        return normalised

    blurred: Pictures = (kernels() @ images @ kernels().swapaxes(1, 2)).astype(np.float32)
    return blurred


def change_light(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Lower the contrast and lift the paper."""
    contrast = rng.uniform(0.3, 1.0, (len(images), 1, 1))
    lift = rng.uniform(0, 1, (len(images), 1, 1)) * (1 - contrast)
    return (images * contrast + lift).astype(np.float32)


def cloud(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Lay an uneven veil over paper and ink."""
    field = _elastic_field(len(images), 1.0, rng)[:, 0]
    low = field.min(axis=(1, 2), keepdims=True)
    high = field.max(axis=(1, 2), keepdims=True)
    veil = (field - low) / (high - low + 1e-6) * rng.uniform(0.1, 0.6, (len(images), 1, 1))
    veiled: Pictures = (images * (1 - veil) + veil).astype(np.float32)
    return veiled


def occlude(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Cover a small box with ink, paper or grey."""
    n = len(images)
    size = rng.integers(3, 9, (2, n, 1, 1))
    start = (rng.random((2, n, 1, 1)) * (SIDE - size)).astype(np.intp)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    is_covered = (
        (rows >= start[0])
        & (rows < start[0] + size[0])
        & (columns >= start[1])
        & (columns < start[1] + size[1])
    )
    return np.where(is_covered, rng.random((n, 1, 1)), images).astype(np.float32)


def strike(images: Pictures, rng: np.random.Generator) -> Pictures:
    """Draw a straight line of ink across, as ruled paper or a slip of the pen leaves it."""
    n = len(images)
    angle = rng.uniform(0, np.pi, (n, 1, 1))
    offset = rng.uniform(-10, 10, (n, 1, 1))
    width = rng.uniform(0.4, 1.0, (n, 1, 1))
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    distance = np.abs(columns * np.cos(angle) + rows * np.sin(angle) - offset)
    line = np.clip(width + 0.5 - distance, 0, 1) * rng.uniform(0.3, 1.0, (n, 1, 1))
    struck: Pictures = np.maximum(images, line).astype(np.float32)
    return struck


DAMAGES: tuple[Damage, ...] = (
    add_noise,
    flip_pixels,
    blur,
    change_light,
    cloud,
    occlude,
    strike,
)
