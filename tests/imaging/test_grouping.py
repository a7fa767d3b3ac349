"""Which regions are one digit."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.imaging.grouping import Ink, group, is_several
from app.imaging.regions import label

Box = tuple[int, int, int, int]


def group_boxes(*boxes: Box) -> list[Ink]:
    """Filled boxes (left, top, right, bottom), the right and bottom in them, as digits."""
    image = Image.new("L", (300, 120))
    for box in boxes:
        ImageDraw.Draw(image).rectangle(box, 255)
    regions = label(np.asarray(image) > 0)
    return group(regions, regions.areas.astype(np.float64), 0.9)


def masks(inks: list[Ink]) -> list[int]:
    """How many regions each digit has."""
    return sorted(len(label(ink.mask).areas) for ink in inks)


def test_parts_of_one_digit_are_one() -> None:
    """The halves of a broken stroke, and a flag beside a body."""
    assert masks(group_boxes((40, 10, 50, 50), (40, 56, 50, 100))) == [2]
    assert masks(group_boxes((40, 30, 60, 100), (62, 20, 90, 30))) == [2]


def test_digits_apart_are_several() -> None:
    """Side by side, about as tall."""
    inks = group_boxes((40, 20, 60, 100), (90, 20, 110, 100))

    assert masks(inks) == [1, 1]
    assert is_several(inks)


def test_a_flag_between_two_digits_joins_the_nearer() -> None:
    """And does not make one digit of them, though it is the darkest of the three."""
    inks = group_boxes((40, 30, 50, 100), (52, 20, 84, 34), (90, 20, 100, 100))

    assert masks(inks) == [1, 2]


def test_a_speck_beside_a_digit_is_no_second_one() -> None:
    """A full stop, a stain."""
    assert not is_several(group_boxes((40, 20, 60, 100), (120, 90, 130, 100)))


def area(mask: NDArray[np.bool_]) -> int:
    """Pixels of a mask."""
    return int(np.count_nonzero(mask))


def test_the_heaviest_digit_is_first() -> None:
    """It is the one that is read where but one is asked for."""
    inks = group_boxes((40, 20, 60, 100), (150, 20, 190, 100))

    assert area(inks[0].mask) > area(inks[1].mask)
    assert inks[0].box == (150, 20, 191, 101)
