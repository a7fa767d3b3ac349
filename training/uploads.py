"""Digits as people upload them, brought back to 28×28 by the code that serves.

What is learnt here is what `app.imaging` leaves of a picture: its strokes, its framing, its faults.
"""

import io
from collections.abc import Iterable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.errors import BlankImage
from app.imaging import normalise
from training.dataset import Digits
from training.warping import SIDE

Grey = NDArray[np.uint8]
Coverage = NDArray[np.float32]


def photograph(digits: Digits, rng: np.random.Generator) -> Digits:
    """Write each digit on a page of its own, take a picture of it and normalise that.

    Args:
        digits: white on black.
        rng: decides about pen, paper, light and camera.

    Returns:
        Those in whose pictures a digit was found, as the served network sees them.
    """
    return normalise_pages([_picture(image, rng) for image in digits.images], digits.labels)


def reduce(digits: Digits, rng: np.random.Generator) -> Digits:
    """Shrink each digit to 8 to 14 pixels, as small scans are, and normalise that.

    Half of them are enlarged again before they come.
    """
    return normalise_pages([_small(image, rng) for image in digits.images], digits.labels)


def normalise_pages(pages: list[Grey], labels: Iterable[int]) -> Digits:
    """Normalise pictures and leave out those that are blank."""
    images, kept = [], []
    for page, label in zip(pages, labels, strict=True):
        with suppress(BlankImage):
            images.append(normalise(page).digit)
            kept.append(label)
    found = np.array(images, dtype=np.uint8).reshape(-1, SIDE, SIDE)
    return Digits(found, np.array(kept, dtype=np.uint8))


def _picture(image: Grey, rng: np.random.Generator) -> Grey:
    """One digit, written on paper under some light, through some lens: uint8 [H, W]."""
    ink = _write(image, rng)
    size = np.array(ink.shape) + rng.integers(8, 1 + max(ink.shape), 2)
    page: Coverage = np.zeros(size, dtype=np.float32)
    top, left = rng.integers(4, size - ink.shape - 3)
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    paper, contrast = rng.uniform(0.6, 1.0), rng.uniform(0.35, 1.0)
    seen: Coverage = (paper * (1 - contrast * page)).astype(np.float32)
    if rng.random() < 0.6:  # noqa: PLR2004 # the others are drawn on a screen
        seen = _shade(seen, rng)
        seen += rng.normal(0, rng.uniform(0.005, 0.05), seen.shape).astype(np.float32)
    grey = np.clip(np.rint(seen * 255), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:  # noqa: PLR2004 # light ink on dark, as on boards and canvases
        grey = ~grey
    return _compress(grey, rng) if rng.random() < 0.5 else grey  # noqa: PLR2004


def _write(image: Grey, rng: np.random.Generator) -> Coverage:
    """Draw a digit 40 to 200 pixels large, with another pen: 0–1 [h, w]."""
    side = int(np.exp(rng.uniform(np.log(56), np.log(280))))
    turned = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    turned = turned.rotate(rng.uniform(-12, 12), Image.Resampling.BILINEAR)
    soft: Coverage = np.asarray(turned, dtype=np.float32) / np.float32(255)
    # Where the pen's edge falls in a stroke's grey flank decides how wide the stroke is.
    edge, softness = rng.uniform(0.12, 0.8), rng.uniform(0.03, 0.3)
    ink = np.clip((soft - edge) / softness + 0.5, 0, 1)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if rows.size == 0:
        return soft
    tight: Coverage = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return tight


def _shade(seen: Coverage, rng: np.random.Generator) -> Coverage:
    """Light from one side, and the edge of a shadow across."""
    height, width = seen.shape
    rows, columns = np.mgrid[:height, :width] / max(seen.shape) - 0.5
    angle, other = rng.uniform(0, 2 * np.pi, 2)
    light = 1 + rng.uniform(0, 0.8) * (np.cos(angle) * rows + np.sin(angle) * columns)
    across = np.cos(other) * rows + np.sin(other) * columns - rng.uniform(-0.4, 0.4)
    depth = rng.choice([0.0, 1.0]) * rng.uniform(0.1, 0.45)
    shadow = 1 - depth / (1 + np.exp(-across / rng.uniform(0.01, 0.1)))
    shaded: Coverage = (seen * light * shadow).astype(np.float32)
    return shaded


def _compress(grey: Grey, rng: np.random.Generator) -> Grey:
    """What a JPEG of some quality leaves."""
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=int(rng.integers(35, 95)))
    return np.asarray(Image.open(file))


def _small(image: Grey, rng: np.random.Generator) -> Grey:
    side = int(rng.integers(8, 15))
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    ratio = side / max(box[2] - box[0], box[3] - box[1])
    size = (max(1, round((box[2] - box[0]) * ratio)), max(1, round((box[3] - box[1]) * ratio)))
    small = Image.fromarray(image).resize(size, Image.Resampling.BOX, box=box)
    page = Image.new("L", (side + int(rng.integers(0, 3)), side + int(rng.integers(0, 3))))
    page.paste(small, ((page.width - size[0]) // 2, (page.height - size[1]) // 2))
    if rng.random() < 0.5:  # noqa: PLR2004
        ratio = int(rng.integers(4, 24))
        method = rng.choice(np.array([Image.Resampling.BILINEAR, Image.Resampling.BICUBIC]))
        page = page.resize((page.width * ratio, page.height * ratio), Image.Resampling(method))
    grey = np.asarray(page)
    return grey if rng.random() < 0.5 else ~grey  # noqa: PLR2004
