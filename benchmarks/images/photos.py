"""Digits of MNIST as phone photos: alone, and in a row."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from benchmarks.images.ink import Coverage, Grey, redraw
from benchmarks.images.pages import PENS, develop, photograph, weight
from benchmarks.images.sample import Sample, encode
from training.dataset import Digits

KINDS = (
    "plain",
    "ruled",
    "squared",
    "tinted",
    "shadow",
    "gradient",
    "chalk",
    "pencil",
    "marker",
    "blur",
    "noise",
    "colours",
    "sideways",
    "transparent",
    "transparent white",
)
PAGES = KINDS[:12]

# EXIF's orientation → how a camera so held stores what is upright.
STORED = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
ORIENTATION_TAG = 0x0112

SHORT_SIDES, SHORT_SIDE_SHARES = (240, 400, 640, 900, 1400), (0.2, 0.3, 0.25, 0.15, 0.1)


def draw_photos(source: Digits, per_kind: int, rng: np.random.Generator) -> Iterator[Sample]:
    """One digit on a page, anywhere and of any size, in every kind of light and on every paper."""
    for kind in KINDS:
        for index in rng.integers(0, len(source), per_kind):
            digit, text = source.images[index], str(source.labels[index])
            if kind.startswith("transparent"):
                upload = _on_nothing(digit, rng, is_white=kind != "transparent")
            elif kind == "sideways":
                upload = _sideways(develop(photograph(_page(digit, kind, rng), kind, rng)), rng)
            else:
                upload = to_jpeg(develop(photograph(_page(digit, kind, rng), kind, rng)), rng)
            yield Sample(kind, upload, text)


def draw_rows(
    source: Digits,
    count: int,
    rng: np.random.Generator,
    *,
    digits: tuple[int, int],
) -> Iterator[Sample]:
    """Separate digits side by side, of varied spacing, size and baseline, on all kinds of pages.

    Args:
        source: where they are from.
        count: how many pictures.
        rng: for everything.
        digits: the fewest and the most on one picture.
    """
    for number in range(count):
        kind = PAGES[number % len(PAGES)]
        chosen = rng.integers(0, len(source), rng.integers(digits[0], digits[1] + 1))
        ink = _row(source.images[chosen], kind, rng)
        upload = to_jpeg(develop(photograph(ink, kind, rng)), rng)
        yield Sample(kind, upload, "".join(str(label) for label in source.labels[chosen]))


def to_jpeg(image: Image.Image, rng: np.random.Generator, **options: object) -> bytes:
    """As a phone or a messenger saves it: quality 40 to 95."""
    return encode(image, "JPEG", quality=int(rng.integers(40, 96)), **options)


def _page(digit: Grey, kind: str, rng: np.random.Generator) -> Coverage:
    short = int(rng.choice(SHORT_SIDES, p=SHORT_SIDE_SHARES))
    shape = [short, int(short * rng.uniform(1, 1.5))]
    rng.shuffle(shape)
    return page_of(digit, (shape[0], shape[1]), kind, rng)


def page_of(digit: Grey, shape: tuple[int, int], kind: str, rng: np.random.Generator) -> Coverage:
    """The ink of a page of this shape with a digit of any size on it, anywhere."""
    short = min(shape)
    longest = int(short * rng.uniform(0.2, 0.8))
    drawn = redraw(digit, longest, rng, weight=weight(kind, rng))
    margin = int(0.02 * short)
    top, left = (
        int(rng.integers(margin, max(margin + 1, side - length - margin)))
        for side, length in zip(shape, drawn.shape, strict=True)
    )
    page = np.zeros(shape, dtype=np.float32)
    page[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    return page


def _row(digits: Grey, kind: str, rng: np.random.Generator) -> Coverage:
    """A page with digits in a row, at least a tenth of their height apart."""
    height = int(rng.integers(60, 200))
    pen = weight(kind, rng)
    drawn = [redraw(each, int(height * rng.uniform(0.8, 1.1)), rng, weight=pen) for each in digits]
    gaps = [int(height * rng.uniform(0.1, 0.6)) for _ in drawn]
    margin = int(height * rng.uniform(0.2, 0.6))
    width = sum(each.shape[1] for each in drawn) + sum(gaps) + 2 * margin
    page = np.zeros((int(height * rng.uniform(1.6, 3)), width), dtype=np.float32)
    left = margin
    for each, gap in zip(drawn, gaps, strict=True):
        top = (page.shape[0] - each.shape[0]) / 2 + rng.uniform(-0.12, 0.12) * height
        top = int(np.clip(top, 0, page.shape[0] - each.shape[0]))
        page[top : top + each.shape[0], left : left + each.shape[1]] = each
        left += each.shape[1] + gap
    return page


def _on_nothing(digit: Grey, rng: np.random.Generator, *, is_white: bool) -> bytes:
    """Ink on a transparent canvas."""
    side = int(rng.choice((100, 280, 600)))
    drawn = redraw(digit, int(side * rng.uniform(0.3, 0.8)), rng, weight=rng.uniform(-0.15, 0.15))
    pixels = np.zeros((side, side, 4), dtype=np.uint8)
    top, left = (int(rng.integers(0, side - length + 1)) for length in drawn.shape)
    pixels[..., :3] = 255 if is_white else rng.choice(PENS)
    pixels[top : top + drawn.shape[0], left : left + drawn.shape[1], 3] = 255 * drawn
    return encode(pixels)


def _sideways(photo: Image.Image, rng: np.random.Generator) -> bytes:
    """Stored as the camera was held, and EXIF says how."""
    orientation = int(rng.choice(list(STORED)))
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    return to_jpeg(photo.transpose(STORED[orientation]), rng, exif=exif)
