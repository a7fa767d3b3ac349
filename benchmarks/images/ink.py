"""Draw the digits of MNIST anew: at any size, as the ink of a pen."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Coverage = NDArray[np.float32]
"""How much of each pixel is ink, 0–1: float32 [H, W]."""

INK_PIXELS = 20
MOST_ENLARGED = 12
THINNED_ENLARGED = 12
LEAST_SHARED = 0.78

NEIGHBOURHOOD = 7
"""Pixels of MNIST's across: a stroke with the loop or the paper beside it."""

LEAST_CONTRAST = 60
"""Between the darkest and the brightest there: what is less is a stroke's own texture, or noise."""

PLAIN_INK = 110
"""Brighter than this is ink, whatever is around it."""


def redraw(
    digit: Grey,
    longest: int,
    rng: np.random.Generator,
    *,
    weight: float = 0.0,
    tilt_degrees: float = 12.0,
) -> Coverage:
    """Draw a digit with a clean edge, turned a little, its longer side `longest` pixels.

    Args:
        digit: uint8 [28, 28].
        longest: in pixels.
        rng: for the angle.
        weight: −0.25 for the thinnest strokes, 0 for MNIST's, 0.25 for the widest.
        tilt_degrees: the most, either way.
    """
    ratio = float(np.clip(longest / INK_PIXELS, 2, MOST_ENLARGED))
    large = ndimage.zoom(digit.astype(np.float32) / 255, ratio, order=3)
    large = ndimage.rotate(large, rng.uniform(-tilt_degrees, tilt_degrees), order=1)
    large = ndimage.gaussian_filter(large, 0.25 * ratio)
    # The contour where a stroke was 0.42 bright, moved by the weight, with an edge of two pixels.
    edge = np.clip((large - 0.42 + weight) * 0.6 * ratio + 0.5, 0, 1)
    if edge.max() < 0.5:
        return redraw(digit, longest, rng, weight=weight / 2, tilt_degrees=tilt_degrees)
    tight = _crop(edge)
    shrink = longest / max(tight.shape)
    size = (max(1, round(tight.shape[1] * shrink)), max(1, round(tight.shape[0] * shrink)))
    drawn = np.asarray(Image.fromarray(tight).resize(size, Image.Resampling.BICUBIC))
    clipped: Coverage = np.clip(drawn, 0, 1)
    return clipped


def draw_with_round_pen(
    line: Mask, side: int, longest: float, width: float, rng: np.random.Generator
) -> Coverage:
    """Draw a line with a round pen, anywhere on a square canvas.

    Args:
        line: bool [H, W], the line's points; `find_middle_line` finds a digit's.
        side: of the canvas, in pixels.
        longest: the longer side of the middle line, in pixels.
        width: of the pen, in pixels.
        rng: for the place.
    """
    points = np.argwhere(line).astype(np.float32)
    points -= points.min(axis=0)
    points *= longest / max(float(points.max()), 1)
    room = np.maximum(side - points.max(axis=0) - 2 * width, 0)
    points += width + rng.uniform(0, 1, 2) * room
    paper = np.ones((2 * side, 2 * side), dtype=bool)
    rows, columns = np.clip(np.rint(2 * points).astype(int), 0, 2 * side - 1).T
    paper[rows, columns] = False
    drawn = np.clip(width + 0.5 - ndimage.distance_transform_edt(paper), 0, 1)
    return np.asarray(Image.fromarray(drawn.astype(np.float32)).reduce(2))


def find_middle_line(digit: Grey) -> Mask | None:
    """The middle line of a digit, where it is that digit again when drawn as wide as its strokes.

    A loop that ink has filled thins to a line, and what is worn thin comes apart: what is left of
    one digit in fourteen is another, or none.

    Args:
        digit: uint8 [28, 28].

    Returns:
        Its points, twelve times as large: bool [336, 336]. None where it is not that digit.
    """
    strokes = _find_strokes(digit)
    line = thin(strokes)
    radius = float(strokes.sum()) / max(float(line.sum()), 1.0) / 2
    again = ndimage.distance_transform_edt(~line) <= radius
    is_same = (again & strokes).sum() >= LEAST_SHARED * (again | strokes).sum()
    return line if is_same else None


def thin(mask: Mask) -> Mask:
    """The middle line of a mask, by Zhang and Suen's parallel thinning (CACM 27.3, 1984)."""
    left = np.pad(mask, 1).astype(np.uint8)
    tables = [_removable(turn) for turn in (0, 1)]
    before = -1
    while int(np.count_nonzero(left)) != before:
        before = int(np.count_nonzero(left))
        for table in tables:
            left[1:-1, 1:-1] &= ~table[_neighbourhoods(left)]
    return left[1:-1, 1:-1] > 0


# The neighbours of a pixel, clockwise from the north.
AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))


def _neighbourhoods(padded: Grey) -> Grey:
    """Which of its eight neighbours each pixel has, a bit for each: uint8 [H, W]."""
    height, width = padded.shape
    bits = np.zeros((height - 2, width - 2), dtype=np.uint8)
    for bit, (down, across) in enumerate(AROUND):
        shifted = padded[1 + down : height - 1 + down, 1 + across : width - 1 + across]
        bits |= shifted << bit
    return bits


@cache
def _removable(turn: int) -> Grey:
    """Which neighbourhoods one of the two turns takes a pixel away from: uint8 [256], 0 or 1."""
    table = np.zeros(256, dtype=np.uint8)
    for bits in range(256):
        around = [bool(bits >> bit & 1) for bit in range(8)]
        rises = sum(b and not a for a, b in zip(around, around[1:] + around[:1], strict=True))
        north, east, south, west = around[::2]
        if turn == 0:
            is_edge = not (north and east and south) and not (east and south and west)
        else:
            is_edge = not (north and east and west) and not (north and south and west)
        table[bits] = 2 <= sum(around) <= 6 and rises == 1 and is_edge
    return table


def _find_strokes(digit: Grey) -> Mask:
    """The strokes, twelve times as large.

    That is what is brighter than half way from the darkest to the brightest around it (Bernsen
    1986, "Dynamic thresholding of grey-level images"). With one threshold for a whole digit the
    loops that are merely dim were filled, so that an 8 thinned to a line, and faint ends of strokes
    were lost. It still decides where there is little contrast, and which specks are ink at all:
    those with something brighter in them.
    """
    large = ndimage.zoom(digit.astype(np.float32), THINNED_ENLARGED, order=3)
    large = ndimage.gaussian_filter(large, THINNED_ENLARGED / 4)
    darkest, brightest = (
        ndimage.zoom(around(digit, NEIGHBOURHOOD).astype(np.float32), THINNED_ENLARGED, order=1)
        for around in (ndimage.minimum_filter, ndimage.maximum_filter)
    )
    has_contrast = brightest - darkest >= LEAST_CONTRAST
    threshold = np.where(has_contrast, (brightest + darkest) / 2, PLAIN_INK)
    plain = large > np.maximum(threshold, PLAIN_INK)
    return np.asarray(ndimage.binary_propagation(plain, mask=large > threshold))


def _crop(ink: Coverage) -> Coverage:
    """The tight box, with a pixel around it where there is one."""
    rows = np.flatnonzero((ink > 0.5).any(axis=1))
    columns = np.flatnonzero((ink > 0.5).any(axis=0))
    return ink[
        max(0, rows[0] - 1) : rows[-1] + 2,
        max(0, columns[0] - 1) : columns[-1] + 2,
    ].astype(np.float32)
