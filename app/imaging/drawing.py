"""Draw one digit's ink at the size where its strokes are brought to width."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.imaging.contrast import contrast
from app.imaging.framing import INK_PIXELS
from app.imaging.grouping import Ink
from app.imaging.strokes import adjust
from app.imaging.windows import dilate, open_

# Half of white: what is brighter is ink, in a mask of bytes.
MIDDLE = 128

# The digit's longer side while its strokes are brought to width: four pixels for each of MNIST's.
DRAWN_PIXELS = 4 * INK_PIXELS

# Of those pixels, what is narrower is a hairline, and so many around are nearby. What is fainter
# than this share is no ink.
HAIRLINE_PIXELS = 7
NEARBY_PIXELS = 9
FAINTEST = 0.1


def draw(dark: NDArray[np.uint8], ink: Ink, scale: float) -> NDArray[np.uint8]:
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
    patch = resize(dark, box, ratio / scale)
    mine = np.asarray(
        Image.fromarray(ink.mask.view(np.uint8) * np.uint8(255)).resize(
            patch.shape[::-1], Image.Resampling.BILINEAR, box=near
        )
    )
    off_paper = contrast(patch, DRAWN_PIXELS)
    level = float(np.average(off_paper, weights=(mine >= MIDDLE) * off_paper**2 + 1e-9))
    soft = np.clip((off_paper / _full(off_paper, mine, level) - 0.25) * 2, 0, 1)
    soft *= dilate(mine, 5) >= MIDDLE
    drawn = np.pad(np.rint(soft * 255).astype(np.uint8), DRAWN_PIXELS // 4)
    return adjust(drawn, DRAWN_PIXELS / INK_PIXELS)


def _full(
    off_paper: NDArray[np.float32], mine: NDArray[np.uint8], level: float
) -> NDArray[np.float32]:
    """What full ink amounts to, pixel by pixel.

    It is the level all over, but for hairlines that are not half as dark: there it is what the
    darkest pixels nearby are.
    """
    hairlines = mine * (open_(mine, HAIRLINE_PIXELS) < MIDDLE)
    nearby = dilate(off_paper * (mine >= MIDDLE), NEARBY_PIXELS)
    is_hairline = (dilate(hairlines, NEARBY_PIXELS) >= MIDDLE) & (nearby < level / 2)
    full = np.where(is_hairline, np.maximum(nearby, FAINTEST * level), level)
    return np.maximum(full, 1e-6).astype(np.float32)


def resize(
    dark: NDArray[np.uint8], box: tuple[float, float, float, float], ratio: float
) -> NDArray[np.uint8]:
    """A box of a picture, `ratio` times as large."""
    size = (max(1, round((box[2] - box[0]) * ratio)), max(1, round((box[3] - box[1]) * ratio)))
    method = Image.Resampling.BOX if ratio < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(dark).resize(size, method, box=box))
