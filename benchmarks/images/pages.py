"""Paper, ruling, pens, light, and what a camera makes of them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from benchmarks.images.ink import Coverage

Photo = NDArray[np.float32]
"""float32 [H, W, 3], 0–1."""

PENS = np.array(
    [(20, 20, 25), (25, 40, 120), (15, 25, 90), (150, 25, 30), (20, 90, 40), (60, 60, 65)]
)
TINTS = np.array(
    [(242, 230, 153), (179, 217, 242), (191, 235, 191), (242, 191, 204), (204, 166, 115)]
)
BOARDS = np.array([(31, 36, 33), (26, 56, 41), (38, 38, 51), (51, 51, 51)])
RULES = np.array([(140, 166, 217), (166, 166, 179), (204, 140, 153), (115, 128, 179)])

# Felt pens on coloured paper whose brightness, as a grey picture has it, is the paper's own.
EQUALLY_BRIGHT = (
    ((210, 40, 40), (40, 125, 50)),
    ((40, 125, 50), (210, 40, 40)),
    ((60, 90, 220), (150, 80, 50)),
    ((0, 130, 130), (190, 60, 120)),
)


def photograph(ink: Coverage, kind: str, rng: np.random.Generator) -> Photo:
    """A photo of a page with this ink on it.

    Args:
        ink: of the whole page.
        kind: one of `photos.KINDS`; any other is a plain page.
        rng: for everything else.
    """
    short = min(ink.shape)
    paper, pen = _colours(kind, rng)
    page = np.broadcast_to(paper, (*ink.shape, 3)).astype(np.float32)
    if kind in {"ruled", "squared"}:
        page = _rule(page, float(paper.mean()), rng, is_squared=kind == "squared")
    if kind in {"chalk", "pencil"}:
        ink = _crumble(ink, rng)
    page = page * (1 - ink[..., None]) + pen.astype(np.float32) * ink[..., None]
    page *= light(ink.shape, kind, rng)[..., None]
    page += texture(ink.shape, rng, rng.uniform(0.003, 0.03 if kind == "chalk" else 0.018))
    return expose(page, short, kind, rng)


def _colours(kind: str, rng: np.random.Generator) -> tuple[NDArray[np.float64], ...]:
    """The colours of paper and pen, 0–1."""
    paper = rng.uniform(0.75, 0.97) + rng.normal(0, 0.01, 3)
    pen = rng.choice(PENS) / 255
    if kind == "tinted":
        paper = rng.choice(TINTS) / 255 * rng.uniform(0.8, 1)
    elif kind == "chalk":
        paper = rng.choice(BOARDS) / 255 * rng.uniform(0.8, 1.3)
        pen = np.array([0.9, 0.9, 0.86]) * rng.uniform(0.75, 1)
    elif kind == "pencil":
        pen = paper * rng.uniform(0.45, 0.72)
    elif kind == "colours":
        pen, paper = np.array(EQUALLY_BRIGHT[rng.integers(len(EQUALLY_BRIGHT))]) / 255
    return paper, pen


def weight(kind: str, rng: np.random.Generator) -> float:
    """How heavy a pen is, for `ink.redraw`."""
    low, high = {"pencil": (-0.24, -0.12), "marker": (0.1, 0.22)}.get(kind, (-0.12, 0.1))
    return float(rng.uniform(low, high))


def _rule(page: Photo, brightness: float, rng: np.random.Generator, *, is_squared: bool) -> Photo:
    """Draw the lines of ruled or squared paper, a little tilted."""
    short = min(page.shape[:2])
    width = max(1.0, short * rng.uniform(0.0015, 0.005))
    period = short * (rng.uniform(0.04, 0.12) if is_squared else rng.uniform(0.07, 0.2))
    tilt = np.deg2rad(rng.uniform(-4, 4))
    down, across = np.mgrid[0 : page.shape[0], 0 : page.shape[1]].astype(np.float32)

    def lines(place: Coverage) -> Coverage:
        phase = (place + rng.uniform(0, period)) % period
        line: Coverage = np.clip(width / 2 + 0.5 - np.abs(phase - period / 2), 0, 1)
        return line

    drawn = lines(down * np.cos(tilt) + across * np.sin(tilt))
    if is_squared:
        drawn = np.maximum(drawn, lines(across * np.cos(tilt) - down * np.sin(tilt)))
    colour = (rng.choice(RULES) / 255 * brightness).astype(np.float32)
    ruled: Photo = page * (1 - drawn[..., None]) + colour * drawn[..., None]
    return ruled


def _crumble(ink: Coverage, rng: np.random.Generator) -> Coverage:
    """Chalk and pencil do not cover evenly."""
    grain = ndimage.gaussian_filter(
        rng.standard_normal(ink.shape, dtype=np.float32), max(0.6, min(ink.shape) / 300)
    )
    crumbled: Coverage = ink * np.clip(0.85 + 0.25 * grain / grain.std(), 0.2, 1)
    return crumbled


def light(shape: tuple[int, ...], kind: str, rng: np.random.Generator) -> Coverage:
    """Brightness over the page, about 1: from one side, dimmer towards the corners, shadowed."""
    down, across = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    down, across = down / shape[0] - 0.5, across / shape[1] - 0.5
    slope = rng.uniform(0.5, 1.0) if kind == "gradient" else rng.uniform(0.05, 0.3)
    lit = 1 + slope * _along(down, across, rng)
    lit *= 1 - rng.uniform(0, 0.5) * (across**2 + down**2)
    if kind == "shadow":
        place = _along(down, across, rng) + 0.05 * np.sin(6 * down) - rng.uniform(-0.3, 0.3)
        depth = np.clip(place / rng.uniform(0.005, 0.08), -40, 40)
        lit *= 1 - rng.uniform(0.25, 0.6) / (1 + np.exp(-depth))
    return lit.astype(np.float32)


def _along(down: Coverage, across: Coverage, rng: np.random.Generator) -> Coverage:
    angle = np.float32(rng.uniform(0, 2 * np.pi))
    place: Coverage = np.cos(angle) * across + np.sin(angle) * down
    return place


def texture(shape: tuple[int, ...], rng: np.random.Generator, strength: float) -> Photo:
    """Paper's fibres and clouds, [H, W, 1]."""
    cloud = 0.5 * rng.standard_normal(shape, dtype=np.float32)
    for grain, share in ((16, 0.5), (5, 0.6)):
        coarse = rng.standard_normal((shape[1] // grain + 2, shape[0] // grain + 2)).T
        size = (shape[1], shape[0])
        image = Image.fromarray(coarse.astype(np.float32))
        cloud += share * np.asarray(image.resize(size, Image.Resampling.BILINEAR))
    return (strength * cloud)[..., None]


def expose(page: Photo, short: int, kind: str, rng: np.random.Generator) -> Photo:
    """Blur and noise."""
    radius = 0.0
    if kind == "blur":
        radius = short * rng.uniform(0.003, 0.01)
    elif rng.random() < 0.5:
        radius = short * rng.uniform(0, 0.002)
    if radius:
        page = ndimage.gaussian_filter(page, (radius, radius, 0))
    noise = rng.uniform(0.03, 0.09) if kind == "noise" else rng.uniform(0, 0.025)
    return page + np.float32(noise) * rng.standard_normal(page.shape, dtype=np.float32)


def develop(page: Photo) -> Image.Image:
    """The photo as a picture of bytes."""
    return Image.fromarray((np.clip(page, 0, 1) * 255).astype(np.uint8))
