"""Damage harms a digit and leaves it one."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from training import corruptions
from training.config import PEOPLES
from training.damage import (
    DAMAGES,
    FARTHER,
    Damage,
    blur,
    change_light,
    flip_pixels,
    invert_band,
    neighbourhood,
    outline,
    overexpose,
    shuffle_pixels,
    smear,
)
from training.warping import Pictures

MANY = 2000
"""Pictures of one kind: among them is one near the worst."""


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_changes_pictures_and_keeps_their_shape(
    pictures: Pictures, rng: np.random.Generator, damage: Damage
) -> None:
    """Each damage gives finite pictures of the same shape, changed and yet akin to the digit."""
    damaged = np.clip(damage(pictures.copy(), rng), 0, 1)

    # Thickened, because an outline lies beside the strokes it is of.
    flat, damaged_flat = (
        neighbourhood(each, np.maximum).reshape(50, -1) for each in (pictures, damaged)
    )
    likeness = [np.corrcoef(a, b)[0, 1] for a, b in zip(flat, damaged_flat, strict=True)]
    assert damaged.shape == pictures.shape
    assert damaged.dtype == np.float32
    assert np.isfinite(damaged).all()
    assert not np.array_equal(damaged, pictures)
    assert np.median(likeness) > 0.2


def test_outline_leaves_the_inside_of_strokes_empty(rng: np.random.Generator) -> None:
    """A filled square becomes its frame, in it or around it."""
    square = np.zeros((40, 28, 28), np.float32)
    square[:, 10:18, 10:18] = 1
    edges = outline(square, rng)

    assert not edges[:, 12:16, 12:16].any()
    assert set(edges.sum(axis=(1, 2)).tolist()) == {28.0, 32.0}


def test_overexposed_paper_is_lighter(rng: np.random.Generator) -> None:
    """Light is added to all pixels of a picture alike."""
    lit = overexpose(np.zeros((10, 28, 28), np.float32), rng)

    assert (lit.max(axis=(1, 2)) == lit.min(axis=(1, 2))).all()
    assert lit.min() >= 0.05
    assert lit.max() <= 0.45


def test_neighbourhood_of_a_dot() -> None:
    """The largest of five spreads a dot to a cross, the smallest removes it."""
    dot = np.zeros((1, 28, 28), np.float32)
    dot[0, 5, 5] = 1

    assert neighbourhood(dot, np.maximum).sum() == 5
    assert neighbourhood(dot, np.minimum).sum() == 0


def test_digits_are_moved_less_than_the_measured_are() -> None:
    """As people move them and as bad framing does, both together."""
    degrees = PEOPLES.rotation_degrees + FARTHER.rotation_degrees

    assert np.radians(degrees) < corruptions.ROTATION_RADIANS
    assert PEOPLES.shear + FARTHER.shear < np.sin(corruptions.SHEAR_RADIANS)
    assert np.exp(-PEOPLES.scale - FARTHER.scale) > corruptions.SCALE
    assert PEOPLES.shift_pixels + FARTHER.shift_pixels < corruptions.SHIFT_PIXELS


def test_ink_is_spread_less_than_the_measured_kinds_spread_it(rng: np.random.Generator) -> None:
    """A dot: glass moves it from picture to picture, a blur and a movement within each."""
    dots = np.zeros((MANY, 28, 28), np.float32)
    dots[:, 14, 14] = 1
    white = np.rint(255 * dots).astype(np.uint8)
    glass = corruptions.blur_through_glass(white, rng).mean(axis=0)
    motion = corruptions.blur_by_motion(white, rng)

    assert spread(shuffle_pixels(dots, rng).mean(axis=0)) < spread(glass)
    assert max(map(spread, blur(dots, rng))) < spread(glass)
    assert max(map(spread, smear(dots, rng))) < min(map(spread, motion))


def spread(picture: NDArray[np.floating[Any] | np.uint8]) -> float:
    """By how many pixels ink lies off its middle, in the direction where it is the widest."""
    ink = picture.ravel() / picture.sum(dtype=np.float64)
    places = np.mgrid[:28, :28].reshape(2, -1)
    return float(np.sqrt(np.linalg.eigvalsh(np.cov(places, aweights=ink, ddof=0))[-1]))


def test_light_and_pixels_are_changed_less_than_the_measured_are(rng: np.random.Generator) -> None:
    """The worst of many pictures against the one number by which each kind is measured."""
    paper = np.zeros((MANY, 28, 28), np.float32)
    striped = 2 * corruptions.STRIPE_COLUMNS / 28

    assert overexpose(paper, rng).max() < corruptions.BRIGHTNESS
    assert change_light(paper, rng).max() < corruptions.BRIGHTNESS
    assert flip_pixels(paper, rng).mean() < corruptions.IMPULSE_SHARE / 2
    assert invert_band(paper, rng).mean(axis=(1, 2)).max() < striped
