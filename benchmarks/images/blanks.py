"""Pages without a digit."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from benchmarks.images.ink import Coverage
from benchmarks.images.pages import BOARDS, Photo, develop, expose, light, texture
from benchmarks.images.photos import to_jpeg
from benchmarks.images.sample import Sample, encode

KINDS = (
    "solid",
    "texture",
    "gradient",
    "shadow",
    "noise",
    "ruled",
    "squared",
    "vignette",
    "board",
    "28×28",
)
SHORT_SIDES = (28, 64, 240, 500, 900)


def draw_blanks(per_kind: int, rng: np.random.Generator) -> Iterator[Sample]:
    """Solid colours, paper in every light, ruled and squared pages, boards."""
    for kind in KINDS:
        for _ in range(per_kind):
            short = 28 if kind == "28×28" else int(rng.choice(SHORT_SIDES))
            shape = (short, short if kind == "28×28" else int(short * rng.uniform(1, 1.5)))
            if kind == "solid":
                colour = tuple(int(value) for value in rng.integers(0, 256, 3))
                yield Sample(kind, encode(Image.new("RGB", shape[::-1], colour)), "")
                continue
            photo = develop(_page(shape, kind, rng))
            upload = encode(photo.convert("L")) if kind == "28×28" else to_jpeg(photo, rng)
            yield Sample(kind, upload, "")


def _page(shape: tuple[int, int], kind: str, rng: np.random.Generator) -> Photo:
    paper = rng.choice(BOARDS) / 255 if kind == "board" else rng.uniform(0.7, 1, 3)
    page: Photo = np.broadcast_to(paper, (*shape, 3)).astype(np.float32)
    down, across = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    if kind in {"ruled", "squared"}:
        page *= 1 - 0.35 * _lines(down, across, kind, rng)[..., None]
    page *= light(shape, kind, rng)[..., None]
    if kind == "vignette":
        far = (down / shape[0] - 0.5) ** 2 + (across / shape[1] - 0.5) ** 2
        page *= (1 - rng.uniform(0.5, 1.4) * far).astype(np.float32)[..., None]
    is_rough = kind in {"texture", "board"}
    page += texture(shape, rng, rng.uniform(0.003, 0.03) if is_rough else 0.005)
    return expose(page, 0, "noise" if kind == "noise" else "plain", rng)


def _lines(down: Coverage, across: Coverage, kind: str, rng: np.random.Generator) -> Coverage:
    short = min(down.shape)
    period, width = short * rng.uniform(0.05, 0.2), max(1.0, 0.004 * short)

    def lines(place: Coverage) -> Coverage:
        line: Coverage = np.clip(width / 2 + 0.5 - np.abs(place % period - period / 2), 0, 1)
        return line

    level = lines(down + across * rng.uniform(-0.05, 0.05) + period / 3)
    return np.maximum(level, lines(across)) if kind == "squared" else level
