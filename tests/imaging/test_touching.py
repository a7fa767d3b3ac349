"""Cuts between digits that touch."""

import numpy as np
from PIL import Image, ImageDraw

from app.imaging.grouping import Ink
from app.imaging.touching import split


def draw(*lines: tuple[int, int, int, int]) -> Ink:
    """Strokes (x0, y0, x1, y1) of nine pixels as one ink."""
    image = Image.new("L", (200, 100))
    for line in lines:
        ImageDraw.Draw(image).line(line, 255, 9)
    mask = np.asarray(image) > 0
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Ink(mask, (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1), 0.9)


def test_two_that_touch_become_two() -> None:
    """Two zeros as boxes, a thin bridge between; every pixel goes to one of them."""
    zeros = [(x, 20, x, 80) for x in (30, 70, 110, 150)]
    bars = [(30, y, 70, y) for y in (20, 80)] + [(110, y, 150, y) for y in (20, 80)]
    ink = draw(*zeros, *bars, (70, 50, 110, 50))
    left, right = split(ink, 2)

    np.testing.assert_array_equal(left.mask | right.mask, ink.mask)
    assert not (left.mask & right.mask).any()
    assert left.box[2] <= 110
    assert right.box[0] >= 70


def test_a_slanted_gap_is_followed() -> None:
    """The cut leans as the digits do."""
    ink = draw((60, 20, 30, 80), (120, 20, 90, 80), (45, 76, 92, 76))
    left, right = split(ink, 2)

    assert left.mask[20:60].sum() > 0
    assert not left.mask[:, 100:].any()
    assert not right.mask[:60, :70].any()


def test_narrow_ink_is_not_split() -> None:
    """A single stroke is one digit."""
    assert split(draw((60, 20, 50, 80)), 2) == []


def test_ink_without_a_thin_place_is_not_split() -> None:
    """A filled block has no honest cut."""
    mask = np.zeros((100, 200), dtype=bool)
    mask[20:80, 20:180] = True

    assert split(Ink(mask, (20, 20, 180, 80), 0.9), 2) == []
