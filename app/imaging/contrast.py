"""How far each pixel stands off the paper, whichever of ink and paper is the darker.

A shadow, a gradient or a vignette changes over more pixels than a stroke is wide. Closing a picture
(see `windows`) fills what is dark and narrow and leaves the rest, sharp edges of shadows
included; what it fills is the ink. Light on dark is the same upside down.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.imaging.windows import average, close, open_

# Wider than the widest stroke, as a share of the longer side: a fat digit that fills its picture.
WIDEST_STROKE = 0.5

# The same of pen and pencil; and where less than this share of a picture is no light (see
# `lighting.detail`), a vignette would pass for a wide stroke.
NARROW_STROKE = 0.2
MOST_LIT = 0.25

# Polarity is judged on a coarse picture: so many pixels for the longer side, or for the shorter one
# and a fifth. Were a long row of digits made as small as its length asks, its strokes would vanish.
COARSE_PIXELS = 48
LONGEST_SHARE = 1.2


def is_dark_on_light(grey: NDArray[np.uint8], drawn: float) -> bool:
    """Whether the ink is darker than the paper.

    Where neither closing nor opening changes a picture it is open paper. From there the
    brightness of the paper is carried into the rest, and what is there is weighed: darker than
    paper against lighter. A light hole of a dark digit is as bright as paper, and weighs nothing.

    Args:
        grey: uint8 [H, W].
        drawn: its `lighting.detail`.
    """
    coarse = _shrink(grey, COARSE_PIXELS)
    widest = WIDEST_STROKE if drawn > MOST_LIT else NARROW_STROKE
    size = odd(widest * _reach(coarse.shape))
    padded = np.pad(coarse, size // 2, mode="edge")
    spread = close(padded, size).astype(np.float32) - open_(padded, size)
    is_open = (spread < max(0.35 * float(spread.max()), 1)).astype(np.float32)
    values = padded.astype(np.float32)
    known = average(is_open, size) + 1e-4
    paper = (average(values * is_open, size) + 1e-4 * float(np.median(values))) / known
    excess = (values - paper) * (1 - is_open)
    return float((np.minimum(excess, 0) ** 2).sum()) >= float((np.maximum(excess, 0) ** 2).sum())


def contrast(dark: NDArray[np.uint8], widest: int) -> NDArray[np.float32]:
    """What darkness each pixel has that its paper has not.

    Args:
        dark: uint8 [H, W], dark ink on light paper.
        widest: strokes up to this many pixels are ink.

    Returns:
        float32 [H, W], 0 for paper, 1 for black on any paper: the share of the paper's light that
        is missing, so that ink in a shadow counts as ink in the light.
    """
    paper = _paper(dark, widest)
    share: NDArray[np.float32] = np.clip(
        1 - (dark + np.float32(1)) / (np.maximum(paper, 24) + 1), 0, 1
    )
    return share


def _paper(dark: NDArray[np.uint8], widest: int) -> NDArray[np.float32]:
    """The paper's own brightness, under the ink too; at half the resolution, as it is smooth."""
    height, width = dark.shape
    half = np.asarray(Image.fromarray(dark).reduce(2))
    filled = average(close(half, odd(widest / 2)).astype(np.float32), 3)
    return np.asarray(Image.fromarray(filled).resize((width, height), Image.Resampling.BILINEAR))


def odd(size: float) -> int:
    """The odd whole number next to `size`."""
    return 2 * int(size / 2) + 1


def _reach(shape: tuple[int, ...]) -> float:
    """What strokes are measured by: the longer side, as long as it is no row's."""
    return min(max(shape), LONGEST_SHARE * min(shape))


def _shrink(grey: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = grey.shape
    ratio = min(side / _reach(grey.shape), 1)
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))
