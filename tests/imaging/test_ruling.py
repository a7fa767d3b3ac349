"""Lines of ruled and squared paper."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.imaging.ruling import find_ruling

Mask = NDArray[np.bool_]


def draw(*lines: tuple[int, int, int, int], width: int) -> Mask:
    """Lines (x0, y0, x1, y1) on a page of 240 × 200."""
    image = Image.new("L", (240, 200))
    for line in lines:
        ImageDraw.Draw(image).line(line, 255, width)
    return np.asarray(image) > 0


STROKE = draw((120, 60, 110, 140), width=12)


@pytest.mark.parametrize("rise", [0, 8, -8])
def test_lines_go_and_what_crosses_them_stays(rise: int) -> None:
    """Level or a little tilted."""
    lines = draw((0, 80, 239, 80 + rise), (0, 120, 239, 120 + rise), width=2)
    page = STROKE | lines
    left = find_ruling(page).erase(page)

    assert np.count_nonzero(left & ~STROKE) < 0.05 * np.count_nonzero(lines)
    assert np.count_nonzero(left & STROKE) > 0.98 * np.count_nonzero(STROKE)


def test_squares_go_too() -> None:
    """Lines both ways."""
    places = range(10, 240, 20)
    level = draw(*((0, place, 239, place) for place in places if place < 200), width=2)
    upright = draw(*((place, 0, place, 199) for place in places), width=2)
    page = STROKE | level | upright
    left = find_ruling(page).erase(page)

    assert np.count_nonzero(left & ~STROKE) < 0.05 * np.count_nonzero(level | upright)
    assert np.count_nonzero(left & STROKE) > 0.95 * np.count_nonzero(STROKE)


def test_a_thin_digit_has_no_lines() -> None:
    """A 7 drawn with a hairline keeps its bar, though it is straight and level."""
    seven = draw((60, 40, 180, 40), (180, 40, 100, 180), width=2)

    assert not find_ruling(seven).mask.any()


def test_a_digit_that_fills_its_picture_keeps_its_bar() -> None:
    """The foot of a 2 that is cut out tightly runs through the picture, as a ruled line does."""
    two = draw((20, 60, 120, 20), (120, 20, 20, 180), (2, 180, 138, 180), width=3)[:, :140]

    assert not find_ruling(two).mask.any()


def test_a_digit_on_a_wide_page_does_not_keep_the_line() -> None:
    """The same beside as much paper as another digit takes stands on a ruled line."""
    two = draw((20, 60, 120, 20), (120, 20, 20, 180), (0, 180, 239, 180), width=3)

    assert find_ruling(two).level[180, 10:230].all()


def test_an_upright_that_ends_by_itself_is_a_one() -> None:
    """With nothing else in the picture, and only one end at its edge, it is no margin line."""
    one = draw((120, 0, 120, 170), width=3)
    margin = draw((120, 0, 120, 199), width=3)

    assert not find_ruling(one).mask.any()
    assert find_ruling(margin).mask.any()
