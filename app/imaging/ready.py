"""28×28 pictures that are the model's own input already, though damaged.

Cut, crossed out, turned and speckled MNIST digits are best left as they are: what spoilt them
cannot be taken out, and looking for a digit in them may spoil more.
"""

import numpy as np
from numpy.typing import NDArray

from app.imaging.framing import SIDE_PIXELS
from app.imaging.search import Found

SHAPE = (SIDE_PIXELS, SIDE_PIXELS)

# Of the pixels at the edge, black and white together are so many, and neither fewer than this.
BLACK_OR_WHITE = 0.9
LEAST_OF_EACH = 0.15

# Of all pixels, so many are black, and so many bright, as of a digit.
LEAST_BLACK = 0.5
LEAST_BRIGHT = 0.05
WHITE = 255
MIDDLE = 128

# A 28×28 picture is left as it is if its paper is at least this black (upside down), and what is
# most of its ink has about the size and place of MNIST's, or is too large to be one digit.
CLEAN_PAPER = 247
MAIN_SHARE = 0.9
SMALLEST_INK, LARGEST_INK = 15, 22.5
MOST_OFF = 2.2


def has_no_paper(grey: NDArray[np.uint8]) -> bool:
    """Whether a 28×28 picture is black and white at its edge, so that neither is the paper.

    Stripes of it are inverted, perhaps.
    """
    if grey.shape != SHAPE:
        return False
    edge = np.concatenate([grey[[0, -1]].ravel(), grey[1:-1, [0, -1]].ravel()])
    black, white = float((edge == 0).mean()), float((edge == WHITE).mean())
    return min(black, white) > LEAST_OF_EACH and black + white > BLACK_OR_WHITE


def is_speckled(grey: NDArray[np.uint8]) -> bool:
    """Whether a 28×28 picture in which no ink stands out is light on black nevertheless."""
    if grey.shape != SHAPE:
        return False
    return float((grey == 0).mean()) > LEAST_BLACK and float((grey >= MIDDLE).mean()) > LEAST_BRIGHT


def is_made_for_model(found: Found) -> bool:
    """Whether a 28×28 picture, though not framed as MNIST's, is best left as it is.

    So it is if its paper is clean and it is no digit of the wrong size or in the wrong place: cut,
    crossed out and turned MNIST digits are of that kind.
    """
    dark, inks, scale = found.dark, found.inks, found.scale
    if dark.shape != SHAPE:
        return False
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
