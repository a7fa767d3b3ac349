"""Damage harms a digit and leaves it one."""

import numpy as np
import pytest

from training.damage import DAMAGES, Damage, neighbourhood, outline, overexpose
from training.warping import Pictures


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
