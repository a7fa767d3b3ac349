"""Normalise a picture to the digit the model expects."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.errors import BlankImage
from app.imaging.contrast import NARROW_STROKE, WIDEST_STROKE, contrast, is_dark_on_light
from app.imaging.framing import INK_PIXELS, SIDE_PIXELS, frame, is_framed
from app.imaging.ink import Ink, find_ink, is_several
from app.imaging.strokes import adjust, stroke_width
from app.imaging.windows import dilate

Box = tuple[int, int, int, int]

# Ink is looked for on a picture of this size.
SMALLEST_SIDE, LARGEST_SIDE = 128, 320

# Half of white: what is brighter is ink, in a mask of bytes.
MIDDLE = 128

# Strokes no wider than this share of the longer side are surely whole when looked for as narrow.
SURELY_NARROW = 0.05

# When to warn: ink that keeps back less of the light than this, digits smaller than MNIST's 20.
LOW_CONTRAST = 0.15
TINY_PIXELS = 12

# A 28×28 picture is left as it is if its paper is at least this black (upside down), and what is
# most of its ink has about the size and place of MNIST's, or is too large to be one digit.
CLEAN_PAPER = 247
MAIN_SHARE = 0.9
SMALLEST_INK, LARGEST_INK = 15, 22.5
MOST_OFF = 2.2

# The digit's longer side while its strokes are brought to width: four pixels for each of MNIST's.
DRAWN_PIXELS = 4 * INK_PIXELS


@dataclass(frozen=True, slots=True)
class Normalised:
    """A digit as the model sees it, and what was found on the way.

    Attributes:
        digit: uint8 [28, 28], white ink on black.
        mask: bool [H, W], the ink on the picture at the size it was looked for.
        scale: the picture's pixels for each of the mask's.
        is_dark_on_light: the polarity of the picture.
        warnings: what may have made the digit hard to read.
    """

    digit: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    scale: float
    is_dark_on_light: bool
    warnings: tuple[str, ...] = ()

    @property
    def box(self) -> Box:
        """(x, y, w, h) of the ink, in the picture's pixels."""
        rows, columns = (np.flatnonzero(self.mask.any(axis=axis)) for axis in (1, 0))
        x, y = round(int(columns[0]) * self.scale), round(int(rows[0]) * self.scale)
        right, bottom = (
            round(int(columns[-1] + 1) * self.scale),
            round(int(rows[-1] + 1) * self.scale),
        )
        return x, y, max(1, right - x), max(1, bottom - y)

    @property
    def stroke_width_pixels(self) -> float:
        """The mean width of the strokes, in the picture's pixels."""
        return float(stroke_width(self.mask) * self.scale)

    @property
    def ink_fraction(self) -> float:
        """What share of the box is ink, 0–1."""
        rows, columns = (np.count_nonzero(self.mask.any(axis=axis)) for axis in (1, 0))
        return float(np.count_nonzero(self.mask) / (rows * columns))


def normalise(grey: NDArray[np.uint8]) -> Normalised:
    """Turn a grey picture into the digit the model expects.

    Args:
        grey: uint8 [H, W], upright.

    Returns:
        The digit and what was found. A picture framed as MNIST's passes through bit for bit.

    Raises:
        BlankImage: there is no ink in the picture.
    """
    if is_framed(grey):
        return Normalised(grey, grey >= MIDDLE, 1.0, is_dark_on_light=False)
    if is_framed(~grey):
        return Normalised(~grey, grey < MIDDLE, 1.0, is_dark_on_light=True)
    work, scale = _rescale(grey)
    is_dark, inks = _find(work)
    dark = grey if is_dark else ~grey
    main = inks[0]
    if grey.shape == (SIDE_PIXELS, SIDE_PIXELS) and _is_made_for_model(dark, inks, scale):
        digit = ~dark
    else:
        digit = frame(_draw(dark, main, scale))
    found = Normalised(digit, main.mask, scale, is_dark_on_light=is_dark)
    return replace(found, warnings=tuple(_warnings(inks, found.box, grey.shape)))


def _warnings(inks: list[Ink], box: Box, shape: tuple[int, ...]) -> Iterator[str]:
    x, y, w, h = box
    if inks[0].level < LOW_CONTRAST:
        yield "low_contrast"
    if x <= 0 or y <= 0 or x + w >= shape[1] or y + h >= shape[0]:
        yield "touches_border"
    if max(w, h) < TINY_PIXELS:
        yield "tiny"
    if is_several(inks):
        yield "several_digits"


def _find(work: NDArray[np.uint8]) -> tuple[bool, list[Ink]]:
    """The polarity, and the digits.

    Looking for narrow strokes overlooks shadows and vignettes, so that comes first. Where it
    finds nothing, or strokes so wide that it may have found but parts of them, wider ones are
    looked for.
    """
    is_dark = is_dark_on_light(work)
    dark = work if is_dark else ~work
    narrow = find_ink(dark, NARROW_STROKE)
    if narrow and stroke_width(narrow[0].mask) < SURELY_NARROW * max(work.shape):
        return is_dark, narrow
    inks = find_ink(dark, WIDEST_STROKE) or narrow
    if not inks:
        raise BlankImage("There is no ink in the picture.")
    return is_dark, inks


def _is_made_for_model(dark: NDArray[np.uint8], inks: list[Ink], scale: float) -> bool:
    """Whether a 28×28 picture, though not framed as MNIST's, is best left as it is.

    So it is if its paper is clean and it is no digit of the wrong size or in the wrong place: cut,
    crossed out and turned MNIST digits are of that kind.
    """
    if np.count_nonzero(dark == dark.max()) < dark.size // 4 or int(dark.max()) < CLEAN_PAPER:
        return False
    left, top, right, bottom = (side * scale for side in inks[0].box)
    longest = max(right - left, bottom - top)
    total = sum(np.count_nonzero(ink.mask) for ink in inks)
    is_alone = np.count_nonzero(inks[0].mask) > MAIN_SHARE * total
    rows, columns = np.nonzero(inks[0].mask)
    middle = inks[0].mask.shape[0] / 2
    away = max(abs(float(rows.mean()) - middle), abs(float(columns.mean()) - middle)) * scale
    return not is_alone or longest > LARGEST_INK or (longest > SMALLEST_INK and away < MOST_OFF)


def _rescale(dark: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """The picture at the size ink is looked for, and how many of its pixels each of those is."""
    longest = max(dark.shape)
    ratio = min(max(longest, SMALLEST_SIDE), LARGEST_SIDE) / longest
    height, width = dark.shape
    return _resize(dark, (0, 0, width, height), ratio), 1 / ratio


def _resize(
    dark: NDArray[np.uint8], box: tuple[float, float, float, float], ratio: float
) -> NDArray[np.uint8]:
    """A box of a picture, `ratio` times as large."""
    size = (max(1, round((box[2] - box[0]) * ratio)), max(1, round((box[3] - box[1]) * ratio)))
    method = Image.Resampling.BOX if ratio < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(dark).resize(size, method, box=box))


def _draw(dark: NDArray[np.uint8], ink: Ink, scale: float) -> NDArray[np.uint8]:
    """Draw one digit's ink, white on black, with strokes of MNIST's width for its size.

    Args:
        dark: uint8 [H, W], the whole picture.
        ink: what was found, on a picture `scale` times smaller.
        scale: as said.

    Returns:
        uint8 [h, w], the digit's longer side 80 pixels.
    """
    left, top, right, bottom = ink.box
    longest = max(right - left, bottom - top)
    margin = 0.3 * longest
    height, width = ink.mask.shape
    near = (
        max(0.0, left - margin),
        max(0.0, top - margin),
        min(float(width), right + margin),
        min(float(height), bottom + margin),
    )
    ratio = DRAWN_PIXELS / longest
    across, down = dark.shape[1] / width, dark.shape[0] / height
    box = (near[0] * across, near[1] * down, near[2] * across, near[3] * down)
    patch = _resize(dark, box, ratio / scale)
    mine = np.asarray(
        Image.fromarray(ink.mask.view(np.uint8) * np.uint8(255)).resize(
            patch.shape[::-1], Image.Resampling.BILINEAR, box=near
        )
    )
    off_paper = contrast(patch, DRAWN_PIXELS)
    level = float(np.average(off_paper, weights=(mine >= MIDDLE) * off_paper**2 + 1e-9))
    soft = np.clip((off_paper / max(level, 1e-6) - 0.25) * 2, 0, 1) * (dilate(mine, 5) >= MIDDLE)
    drawn = np.pad(np.rint(soft * 255).astype(np.uint8), DRAWN_PIXELS // 4)
    return adjust(drawn, DRAWN_PIXELS / INK_PIXELS)
