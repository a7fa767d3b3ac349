"""Which is ink and which is paper."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.imaging.contrast import contrast, is_dark_on_light
from app.imaging.lighting import detail

Grey = NDArray[np.uint8]


def draw_ring(width: int) -> Grey:
    """A dark 0 on a light page."""
    image = Image.new("L", (200, 200), 220)
    ImageDraw.Draw(image).ellipse((50, 30, 150, 170), outline=40, width=width)
    return np.asarray(image)


@pytest.mark.parametrize("width", [2, 8, 20, 40])
def test_a_hole_is_no_ink(width: int) -> None:
    """The paper inside of a 0 is paper, be the 0 thin or nearly filled."""
    page = draw_ring(width)

    assert is_dark_on_light(page, detail(page))
    assert not is_dark_on_light(255 - page, detail(255 - page))


def test_ink_in_a_shadow_counts_as_ink_in_the_light() -> None:
    """Half of the page in shadow, the same ink on both halves."""
    page = np.full((100, 200), 200, np.float32)
    page[40:60, 40:50] = 40
    page[40:60, 140:150] = 40
    page[:, 100:] *= 0.5
    found = contrast(page.astype(np.uint8), 40)

    assert found[50, 45] > 0.7
    assert abs(float(found[50, 145]) - float(found[50, 45])) < 0.05
    assert found[50, 80] < 0.02
    assert found[50, 180] < 0.02


@pytest.mark.parametrize("contrast", [0.1, 0.3])
def test_a_long_row_in_pencil_is_dark_on_light(contrast: float) -> None:
    """Closed and half closed shapes in a row, on a page that is darker towards its corners."""
    down, across = np.mgrid[-0.5:0.5:120j, -0.5:0.5:720j]
    page = 200 * (1 - 0.5 * (across**2 + down**2))
    for left in range(60, 700, 90):
        ink = np.zeros(page.shape, bool)
        ink[35:85, left : left + 40] = True
        ink[41:79, left + 6 : left + 34] = False
        page[ink] *= 1 - contrast
    grey = page.astype(np.uint8)

    assert is_dark_on_light(grey, detail(grey))
    assert not is_dark_on_light(~grey, detail(~grey))
