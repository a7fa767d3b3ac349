"""Colours that brightness cannot tell apart."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.imaging import normalise
from app.imaging.colours import weigh
from app.imaging.greying import to_grey


def draw(ink: tuple[int, int, int], paper: tuple[int, int, int]) -> Image.Image:
    """A 1 in one colour on another."""
    image = Image.new("RGB", (120, 120), paper)
    ImageDraw.Draw(image).line((70, 20, 55, 100), ink, 12)
    return image


@pytest.mark.parametrize(
    ("ink", "paper"),
    [((210, 40, 40), (40, 125, 50)), ((255, 255, 0), (255, 255, 255)), ((0, 0, 90), (0, 0, 0))],
    ids=["red on green", "yellow on white", "blue on black"],
)
def test_ink_as_bright_as_its_paper_is_found(
    ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    """Another direction of colour keeps them apart, and stays within a byte."""
    grey = to_grey(draw(ink, paper), 1280)
    x, y, w, h = normalise(grey).box

    assert abs(int(grey[60, 62]) - int(grey[60, 10])) > 60
    assert (abs(x - 49), abs(y - 20)) <= (4, 4)
    assert (abs(w - 28), abs(h - 80)) <= (8, 8)


@pytest.mark.parametrize(
    ("ink", "paper"), [((20, 20, 25), (240, 240, 235)), ((25, 40, 120), (242, 230, 153))]
)
def test_brightness_is_kept_where_it_serves(
    ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    """Pens on white and on tinted paper."""
    assert weigh(draw(ink, paper)) is None


def test_noise_has_no_direction() -> None:
    """Where no colour stands out, brightness it is."""
    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)

    assert weigh(Image.fromarray(noise)) is None
