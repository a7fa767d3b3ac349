"""Frame ink the way MNIST's digits were framed.

The procedure is the one that the qmnist paper reconstructed (Yadav and Bottou, "Cold Case: The
Lost MNIST Digits", 2019). Its law was checked on all 70,000 digits of MNIST: the longer side of
the ink is 20 (19 in 16 of them), the centre of mass lies in [13.48, 14.50] on either axis, at
least 55 % of the pixels are 0, and the brightest is 254 or 255.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.errors import BlankImage

SIDE_PIXELS = 28
INK_PIXELS = 20

Grey: TypeAlias = NDArray[np.uint8]
Ink: TypeAlias = NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.float64]

_PLACES = np.arange(SIDE_PIXELS)


def frame(ink: Ink) -> Grey:
    """Frame ink as MNIST does: tight box, 20×20, centre of mass in the middle of 28×28.

    Args:
        ink: [H, W], 0 where there is none, more where there is more; any positive scale.

    Returns:
        uint8 [28, 28], white ink on black, the brightest pixel 255.

    Raises:
        BlankImage: nothing in `ink` is above 0.
    """
    tight = _tight(np.asarray(ink, dtype=np.float32))
    small = _resample(tight)
    small = np.rint(small * (255 / small.max())).astype(np.uint8)
    framed = np.zeros((SIDE_PIXELS, SIDE_PIXELS), dtype=np.uint8)
    height, width = small.shape
    top, left = (_offset(small, axis) for axis in (0, 1))
    framed[top : top + height, left : left + width] = small
    return framed


def is_framed(digit: Grey) -> bool:
    """Whether a picture obeys the law of MNIST's digits, so that nothing must be done to it."""
    if digit.shape != (SIDE_PIXELS, SIDE_PIXELS):
        return False
    # NumPy's own `max` and `sum` go through functions of Python before they come to these.
    if int(np.maximum.reduce(digit, None)) < 250:  # noqa: PLR2004
        return False
    columns, rows = np.add.reduce(digit, 0, np.int64), np.add.reduce(digit, 1, np.int64)
    mass = int(np.add.reduce(rows))
    longer = max(_extent(columns), _extent(rows))
    return bool(
        longer in (INK_PIXELS - 1, INK_PIXELS)
        and _is_centred(columns, mass)
        and _is_centred(rows, mass)
        and 2 * np.count_nonzero(digit) < digit.size
    )


def _tight(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut the box that holds all ink."""
    rows = np.flatnonzero((ink > 0).any(axis=1))
    columns = np.flatnonzero((ink > 0).any(axis=0))
    if rows.size == 0:
        raise BlankImage("There is no ink in the picture.")
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resample(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring the longer side to 20 pixels; by area when it shrinks, smoothly when it grows."""
    height, width = ink.shape
    ratio = INK_PIXELS / max(height, width)
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    method = Image.Resampling.BOX if ratio < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(ink).resize(size, method))


def _offset(small: Grey, axis: int) -> int:
    """Where the small digit starts on an axis of the frame, kept inside of it."""
    length = small.shape[axis]
    mass = small.sum(axis=1 - axis, dtype=np.int64)
    centre = float(mass @ np.arange(length)) / float(mass.sum())
    wanted = int(np.ceil(SIDE_PIXELS / 2 - 0.5 - centre))
    return int(min(max(wanted, 0), SIDE_PIXELS - length))


def _extent(profile: NDArray[np.int64]) -> int:
    """From the first to the last filled place of a profile."""
    filled = profile.nonzero()[0]
    return int(filled[-1] - filled[0]) + 1


def _is_centred(profile: NDArray[np.int64], mass: int) -> bool:
    """Whether a profile's centre lies where MNIST puts it."""
    centre = int(profile @ _PLACES) / mass
    return abs(centre - SIDE_PIXELS / 2) <= 0.53  # noqa: PLR2004
