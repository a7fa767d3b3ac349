"""Digits in the printed boxes of a form."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.imaging import normalise, normalise_row
from tests.imaging.test_normalisation import draw_seven, overlap

Grey = NDArray[np.uint8]
CELL = 240


def form(count: int, *, width: int, tilt: float = 0.0) -> Grey:
    """A row of fields that share their walls, with a 7 in each."""
    page = Image.new("L", (CELL * count + 120, CELL + 120), 255)
    for place in range(count):
        left = 60 + place * CELL
        page.paste(Image.fromarray(draw_seven(CELL, 12)), (left, 60))
    for place in range(count):
        box = (60 + place * CELL, 60, 60 + (place + 1) * CELL, 60 + CELL)
        ImageDraw.Draw(page).rectangle(box, outline=0, width=width)
    return np.asarray(page.rotate(tilt, Image.Resampling.BICUBIC, fillcolor=255))


@pytest.mark.parametrize("width", [1, 3, 8])
@pytest.mark.parametrize("tilt", [0.0, 1.5])
def test_digit_is_found_in_its_field(width: int, tilt: float) -> None:
    """The box is no part of it, photographed a little askew as well."""
    found = normalise(form(1, width=width, tilt=tilt))

    assert overlap(found.digit, normalise(draw_seven(CELL, 12)).digit) > 0.85
    assert max(found.box[2:]) < 0.6 * CELL


def test_digits_are_found_in_a_row_of_fields() -> None:
    """As postcodes are asked for."""
    assert len(normalise_row(form(4, width=3))) == 4


def test_a_box_by_itself_stays() -> None:
    """With nothing in it, it may be a 0; something much smaller in it is a speck."""
    page = form(1, width=8).copy()
    page[100:260, 100:260] = 255
    page[170:178, 170:178] = 0

    assert max(normalise(page).box[2:]) > 0.9 * CELL


def test_a_zero_with_a_stroke_in_it_is_no_field() -> None:
    """As some typefaces have it, to tell it from an O."""
    page = Image.new("L", (200, 280), 255)
    pen = ImageDraw.Draw(page)
    pen.rounded_rectangle((40, 40, 160, 240), radius=58, outline=0, width=26)
    pen.line((100, 100, 100, 180), fill=0, width=22)

    assert normalise(np.asarray(page)).box[3] > 180
