"""Digits of a row, apart and touching."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.errors import BlankImage
from app.imaging import normalise_row

Grey = NDArray[np.uint8]


def lay(page: Grey, digit: Grey, left: int, top: int, ratio: int = 4) -> None:
    """Paste the ink of a digit onto a page, its tight box at a place."""
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    tight = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = (tight.shape[1] * ratio, tight.shape[0] * ratio)
    ink = np.asarray(Image.fromarray(tight).resize(size, Image.Resampling.BICUBIC))
    place = page[top : top + ink.shape[0], left : left + ink.shape[1]]
    np.minimum(place, 255 - ink, out=place)


@pytest.fixture
def page(golden: dict[str, Grey]) -> Grey:
    """A 7, a 3 and a 2 in two lines: 7 and 3 above, 2 below."""
    digits = {int(label): image for image, label in zip(*golden_pair(golden), strict=True)}
    page = np.full((300, 320), 255, np.uint8)
    lay(page, digits[7], 40, 30)
    lay(page, digits[3], 180, 40)
    lay(page, digits[2], 60, 180)
    return page


def golden_pair(golden: dict[str, Grey]) -> tuple[Grey, Grey]:
    """Images and labels."""
    return golden["images"], golden["labels"]


def test_digits_come_in_reading_order(page: Grey) -> None:
    """Line by line, from left to right, though no line is straight."""
    boxes = [reading.whole.box for reading in normalise_row(page)]

    assert [box[0] for box in boxes] == pytest.approx([40, 180, 60], abs=5)
    assert [box[1] for box in boxes] == pytest.approx([30, 40, 180], abs=5)


def test_a_full_stop_is_no_digit(page: Grey) -> None:
    """What is far smaller than the digits is left out."""
    dotted = page.copy()
    dotted[105:115, 150:160] = 0

    assert len(normalise_row(dotted)) == 3


def test_a_genuine_digit_passes_through(golden: dict[str, Grey]) -> None:
    """A row of one."""
    (reading,) = normalise_row(golden["images"][0])

    np.testing.assert_array_equal(reading.whole.digit, golden["images"][0])
    assert reading.splits == ()


def test_digits_that_touch_are_split(golden: dict[str, Grey]) -> None:
    """A bridge of a few pixels between them; the cut goes through it."""
    images, labels = golden_pair(golden)
    page = np.full((160, 320), 255, np.uint8)
    lay(page, images[labels == 3][0], 60, 40)
    lay(page, images[labels == 5][0], 150, 40)
    page[76:82, 100:190] = 0
    (reading,) = normalise_row(page)
    left, right = reading.splits[0]

    assert reading.list_all()[:3] == [reading.whole, left, right]
    assert left.box[0] + left.box[2] == pytest.approx(right.box[0], abs=12)


def test_a_page_without_ink_is_blank() -> None:
    """As for one digit."""
    with pytest.raises(BlankImage):
        normalise_row(np.full((100, 400), 255, np.uint8))
