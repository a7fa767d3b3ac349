"""Spoil digits in the fifteen ways of MNIST-C, at its own severities: for measuring only.

Kinds and severities are those of Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer
Vision" (arXiv 1906.02337), as its generator has them. No recipe may train on any of this.

Every function takes and returns uint8 [n, 28, 28], white ink on black, draws each picture's
corruption from the generator it is given, and leaves its input as it was. One difference from the
published pictures is known: glass blur smooths along both axes here, which is the harder of the
two, where the generator's library took a grey picture's columns for colours and smoothed along one.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.edges import find_edges
from training.scribbles import dot_lines, zigzag_lines

Images = NDArray[np.uint8]
Pictures = NDArray[np.float64]
Corruption = Callable[[Images, np.random.Generator], Images]

SIDE = 28
CENTRE = (SIDE - 1) / 2

SHOT_PHOTONS = 3
IMPULSE_SHARE = 0.17
GLASS_SIGMA_PIXELS = 0.7
GLASS_PASSES = 2
MOTION_RADIUS_PIXELS = 10
MOTION_SIGMA_PIXELS = 3.0
MOTION_DEGREES = 45.0
SHEAR_RADIANS = 0.4
SCALE = 0.7
ROTATION_RADIANS = 0.4
BRIGHTNESS = 0.5
SHIFT_PIXELS = 3
STRIPE_COLUMNS = 7
FOG_STRENGTH = 3.0
FOG_DECAY = 1.4
FOG_SIDE = 256
FOG_CHUNK = 10
"""Maps of fog made at once: what the cache holds of maps of 65,536 numbers."""
SPATTER_MEAN, SPATTER_DEVIATION, SPATTER_LEVEL = 0.65, 0.3, 0.65
SPATTER_GRAIN_PIXELS, SPATTER_EDGE_PIXELS, SPATTER_FLOOR = 1.0, 1.5, 0.8
MUD = 63 / 255


def corrupt(images: Images, kind: str, seed: int) -> Images:
    """Spoil every picture in one way; the same seed gives the same pictures.

    Args:
        images: uint8 [n, 28, 28].
        kind: a key of `KINDS`.
        seed: of the evaluation; every kind draws its own numbers from it.
    """
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    return KINDS[kind](images, rng)


def add_shot_noise(images: Images, rng: np.random.Generator) -> Images:
    """Count photons: three of them are white."""
    return _to_bytes(rng.poisson(_to_unit(images) * SHOT_PHOTONS) / SHOT_PHOTONS)


def add_impulse_noise(images: Images, rng: np.random.Generator) -> Images:
    """Salt and pepper: 17 % of the pixels become white or black, as likely the one as the other."""
    is_hit = rng.random(images.shape) < IMPULSE_SHARE
    is_salt = rng.random(images.shape) < 0.5  # noqa: PLR2004 # as likely as pepper
    return np.where(is_hit, np.where(is_salt, np.uint8(255), np.uint8(0)), images)


def blur_through_glass(images: Images, rng: np.random.Generator) -> Images:
    """Blur, swap pixels with a neighbour up or left of them, twice over the picture, blur again."""
    shuffled = smooth(_to_unit(images), GLASS_SIGMA_PIXELS)
    places = np.arange(len(images))
    for _ in range(GLASS_PASSES):
        for row in range(SIDE - 1, 1, -1):
            for column in range(SIDE - 1, 1, -1):
                is_swapped = rng.random(len(images)) < 0.5  # noqa: PLR2004 # a coin
                up, left = rng.integers(0, 2, (2, len(images))) * is_swapped
                here, there = (places, row, column), (places, row - up, column - left)
                shuffled[here], shuffled[there] = shuffled[there], shuffled[here].copy()
    return _to_bytes(smooth(shuffled, GLASS_SIGMA_PIXELS))


def blur_by_motion(images: Images, rng: np.random.Generator) -> Images:
    """Trail along a direction within 45° of horizontal: half a Gaussian, as ImageMagick has it."""
    angle = np.radians(rng.uniform(-MOTION_DEGREES, MOTION_DEGREES, len(images)))
    steps = np.arange(2 * MOTION_RADIUS_PIXELS + 1)
    weights = np.exp(-0.5 * (steps / MOTION_SIGMA_PIXELS) ** 2)
    weights /= weights.sum()
    place = np.arange(SIDE)
    which = np.arange(len(images))[:, None, None]
    blurred = np.zeros(images.shape)
    for step, weight in zip(steps, weights, strict=True):
        down = np.ceil(step * np.sin(angle) - 0.5).astype(np.intp)
        right = np.ceil(step * np.cos(angle) - 0.5).astype(np.intp)
        rows = np.clip(place + down[:, None], 0, SIDE - 1)
        columns = np.clip(place + right[:, None], 0, SIDE - 1)
        blurred += weight * images[which, rows[:, :, None], columns[:, None, :]]
    return _to_bytes(blurred / 255)


def shear(images: Images, rng: np.random.Generator) -> Images:
    """Lean by 0.4 radians to either side."""
    sine, cosine = np.sin(SHEAR_RADIANS), np.cos(SHEAR_RADIANS)
    return _transform(images, [np.array([[cosine, 0], [s * sine, 1]]) for s in (-1, 1)], rng)


def scale(images: Images, rng: np.random.Generator) -> Images:
    """Shrink to 70 %."""
    return _transform(images, [np.eye(2) / SCALE], rng)


def rotate(images: Images, rng: np.random.Generator) -> Images:
    """Turn by 0.4 radians to either side."""
    sine, cosine = np.sin(ROTATION_RADIANS), np.cos(ROTATION_RADIANS)
    return _transform(
        images, [np.array([[cosine, s * sine], [-s * sine, cosine]]) for s in (-1, 1)], rng
    )


def brighten(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001 # as all kinds
    """Half of the range brighter, paper and ink alike."""
    return _to_bytes(_to_unit(images) + BRIGHTNESS)


def translate(images: Images, rng: np.random.Generator) -> Images:
    """Move by three pixels along both axes, to any of the four corners."""
    padded = np.pad(images, ((0, 0), (SHIFT_PIXELS, SHIFT_PIXELS), (SHIFT_PIXELS, SHIFT_PIXELS)))
    starts = 2 * SHIFT_PIXELS * rng.integers(0, 2, (2, len(images), 1))
    rows, columns = starts + np.arange(SIDE)
    which = np.arange(len(images))[:, None, None]
    moved: Images = padded[which, rows[:, :, None], columns[:, None, :]]
    return moved


def invert_stripes(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001 # as all kinds
    """Turn the outer columns, seven on each side, from black to white."""
    striped = images.copy()
    striped[:, :, :STRIPE_COLUMNS] = 255 - striped[:, :, :STRIPE_COLUMNS]
    striped[:, :, -STRIPE_COLUMNS:] = 255 - striped[:, :, -STRIPE_COLUMNS:]
    return striped


def add_fog(images: Images, rng: np.random.Generator) -> Images:
    """Lay a cloud over the picture, three times as bright, and bring the sum back into range."""
    foggy = np.empty_like(images)
    for start in range(0, len(images), FOG_CHUNK):
        clear = _to_unit(images[start : start + FOG_CHUNK])
        brightest = clear.max(axis=(1, 2), keepdims=True)
        thick = clear + FOG_STRENGTH * draw_clouds(len(clear), rng)[:, :SIDE, :SIDE]
        foggy[start : start + FOG_CHUNK] = _to_bytes(thick * brightest / (brightest + FOG_STRENGTH))
    return foggy


def draw_clouds(count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Diamond-square height maps on a torus, float32 [count, 256, 256], each from 0 to 1.

    Fournier, Fussell and Carpenter 1982. The paper's amplitude is squared: it multiplies numbers
    that are drawn from ± the amplitude themselves.
    """
    heights = np.zeros((count, FOG_SIDE, FOG_SIDE), np.float32)
    amplitude, step = 100.0, FOG_SIDE

    def displace(corners: NDArray[np.float32]) -> NDArray[np.float32]:
        noise = rng.random(corners.shape, dtype=np.float32) * 2 - 1
        return corners / 4 + np.float32(amplitude**2) * noise

    while step > 1:
        half = step // 2
        corners = heights[:, ::step, ::step]
        pairs = corners + np.roll(corners, -1, axis=1)
        centres = displace(pairs + np.roll(pairs, -1, axis=2))
        heights[:, half::step, half::step] = centres
        across = corners + np.roll(corners, -1, axis=2) + centres + np.roll(centres, 1, axis=1)
        heights[:, ::step, half::step] = displace(across)
        along = corners + np.roll(corners, -1, axis=1) + centres + np.roll(centres, 1, axis=2)
        heights[:, half::step, ::step] = displace(along)
        amplitude, step = amplitude / FOG_DECAY, half
    heights -= heights.min(axis=(1, 2), keepdims=True)
    heights /= heights.max(axis=(1, 2), keepdims=True)
    return heights


def spatter(images: Images, rng: np.random.Generator) -> Images:
    """Throw dark grey mud on it."""
    noise = rng.normal(SPATTER_MEAN, SPATTER_DEVIATION, images.shape)
    is_wet = smooth(noise, SPATTER_GRAIN_PIXELS) > SPATTER_LEVEL
    mud = smooth(is_wet.astype(np.float64), SPATTER_EDGE_PIXELS)
    mud[mud < SPATTER_FLOOR] = 0
    return _to_bytes(_to_unit(images) * (1 - mud) + MUD * mud)


def draw_dotted_line(images: Images, rng: np.random.Generator) -> Images:
    """Cross the picture with a dotted line: two columns of ink, two of none."""
    return _to_bytes(_to_unit(images) + dot_lines(len(images), rng))


def draw_zigzag(images: Images, rng: np.random.Generator) -> Images:
    """Cross the picture with a zigzag of teeth two pixels high."""
    return _to_bytes(_to_unit(images) + zigzag_lines(len(images), rng))


def keep_edges(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001 # as all kinds
    """Draw nothing but the edges that Canny's detector finds."""
    return find_edges(_to_unit(images)).astype(np.uint8) * np.uint8(255)


def smooth(pictures: Pictures, sigma: float) -> Pictures:
    """Gaussian blur [n, 28, 28], the border repeated outwards, the tails cut at four sigma."""
    reach = int(4 * sigma + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = np.zeros((SIDE, SIDE))
    for offset, weight in zip(offsets, weights / weights.sum(), strict=True):
        kernel[np.arange(SIDE), np.clip(np.arange(SIDE) + offset, 0, SIDE - 1)] += weight
    return kernel @ pictures @ kernel.T


def _transform(
    images: Images, matrices: list[NDArray[np.float64]], rng: np.random.Generator
) -> Images:
    """Resample bilinearly around the centre by one of these [2, 2], which lead back to the source.

    A fixed map is one matrix from all pixels to all pixels; outside of the picture is black.
    """
    chosen = rng.integers(0, len(matrices), len(images))
    flat = _to_unit(images).reshape(-1, SIDE**2)
    resampled = np.empty_like(flat)
    for index, matrix in enumerate(matrices):
        target = np.mgrid[:SIDE, :SIDE].reshape(2, -1) - CENTRE
        rows, columns = matrix @ target + CENTRE
        across = np.maximum(1 - np.abs(columns[:, None] - np.arange(SIDE)), 0)
        along = np.maximum(1 - np.abs(rows[:, None] - np.arange(SIDE)), 0)
        weights = (along[:, :, None] * across[:, None, :]).reshape(SIDE**2, SIDE**2)
        resampled[chosen == index] = flat[chosen == index] @ weights.T
    return _to_bytes(resampled.reshape(images.shape))


def _to_unit(images: Images) -> Pictures:
    return images.astype(np.float64) / 255


def _to_bytes(pictures: Pictures) -> Images:
    return np.rint(np.clip(pictures, 0, 1) * 255).astype(np.uint8)


KINDS: dict[str, Corruption] = {
    "shot noise": add_shot_noise,
    "impulse noise": add_impulse_noise,
    "glass blur": blur_through_glass,
    "motion blur": blur_by_motion,
    "shear": shear,
    "scale": scale,
    "rotate": rotate,
    "brightness": brighten,
    "translate": translate,
    "stripe": invert_stripes,
    "fog": add_fog,
    "spatter": spatter,
    "dotted line": draw_dotted_line,
    "zigzag": draw_zigzag,
    "canny edges": keep_edges,
}
