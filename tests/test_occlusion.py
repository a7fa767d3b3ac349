"""Erasing a digit spot by spot, and what that says of its reading."""

import numpy as np
import pytest

from app import occlusion


def dot() -> np.ndarray:
    """A digit whose only ink is one pixel in the middle."""
    image = np.zeros((28, 28), np.uint8)
    image[14, 14] = 255
    return image


def test_only_spots_with_ink_are_erased() -> None:
    """What is paper already stays untried, and each copy lacks just its spot."""
    image = dot()
    image[0, 0] = 9
    spots = occlusion.list_spots(image)
    copies = occlusion.erase(image, spots)

    assert 1 < len(spots) < 8
    assert all(image[spot].any() for spot in spots)
    assert (copies[0] == image).all()
    for copy, spot in zip(copies[1:], spots, strict=True):
        expected = image.copy()
        expected[spot] = 0
        assert (copy == expected).all()


def test_spots_cover_every_pixel_in_one_batch() -> None:
    """A digit full of ink is erased everywhere, in 64 copies."""
    spots = occlusion.list_spots(np.full((28, 28), 255, np.uint8))
    covered = np.zeros((28, 28), bool)
    for spot in spots:
        covered[spot] = True

    assert len(spots) == 64
    assert covered.all()


def test_attribution_is_the_fall_of_the_log_odds() -> None:
    """By hand: a spot whose erasure halves the odds of a 3 gets log 2, others their own mean."""
    spots = [(slice(0, 2), slice(0, 2)), (slice(1, 3), slice(0, 2))]
    logits = np.full((3, 10), -np.inf, np.float32)
    logits[:, 0] = 0
    logits[:, 3] = np.log([8, 4, 16])
    heat = occlusion.attribute(logits, 3, spots, (4, 4))

    assert heat[0, 0] == pytest.approx(np.log(2))
    assert heat[1, 0] == pytest.approx(0, abs=1e-6)
    assert heat[2, 1] == pytest.approx(-np.log(2))
    assert (heat[:, 2:] == 0).all()
    assert (heat[3] == 0).all()
