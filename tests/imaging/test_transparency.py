"""What lies behind transparent parts."""

import numpy as np
import pytest
from PIL import Image

from app.imaging.greying import to_grey
from app.imaging.transparency import BLACK, WHITE, choose_backdrop


def draw(colour: tuple[int, int, int], side: int = 40) -> Image.Image:
    """A bar on nothing."""
    pixels = np.zeros((side, side, 4), dtype=np.uint8)
    pixels[side // 4 : -side // 4, side // 2 - 2 : side // 2 + 2] = (*colour, 255)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("side", [40, 2000])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 240, 130), (20, 60, 200)])
def test_ink_of_any_colour_shows(colour: tuple[int, int, int], side: int) -> None:
    """Dark ink lies on white and light ink on black, on a page of any size."""
    grey = to_grey(draw(colour, side), 1280).astype(int)

    assert abs(grey[0, 0] - grey[len(grey) // 2, len(grey) // 2]) > 100


@pytest.mark.parametrize("alpha", [127, 60])
@pytest.mark.parametrize("level", [0, 255])
def test_translucent_pens_show(level: int, alpha: int) -> None:
    """Half of a colour is ink as well, light or dark."""
    pixels = np.array(draw((level, level, level)))
    pixels[..., 3] = np.minimum(pixels[..., 3], alpha)
    grey = to_grey(Image.fromarray(pixels), 1280).astype(int)

    assert abs(grey[0, 0] - grey[20, 20]) > 0.9 * alpha


def test_a_page_cut_out_of_its_background_lies_on_white() -> None:
    """A photo with transparent corners is paper, though all of it is light."""
    page = np.full((60, 60, 4), 255, dtype=np.uint8)
    page[20:40, 28:32, :3] = 170
    page[:5, :5, 3] = 0

    assert choose_backdrop(Image.fromarray(page)) == WHITE


@pytest.mark.parametrize("mode", ["RGBA", "LA", "RGBa"])
def test_every_mode_with_transparency_is_told(mode: str) -> None:
    """White on nothing, however it is stored."""
    straight = draw((255, 255, 255)).convert(mode.upper())

    assert choose_backdrop(straight.convert(mode)) == BLACK


def test_nothing_at_all_is_white() -> None:
    """A canvas on which nothing was drawn is an empty page."""
    assert (to_grey(Image.new("RGBA", (10, 10)), 1280) == 255).all()
