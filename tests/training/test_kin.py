"""A digit is bent towards another of its class until it looks like it, and stays whole."""

from pathlib import Path

import numpy as np
import pytest

from training.config import PEOPLES
from training.dataset import Digits, scale
from training.kin import find_kin, lay_upon, prepare
from training.warping import sample

STILL = np.mgrid[:28, :28].astype(np.float64)
"""The field that moves nothing: where each pixel lies."""


@pytest.fixture
def digits(mnist: tuple[Digits, Digits]) -> Digits:
    """Four hundred of MNIST's."""
    return mnist[0].take(np.arange(400))


def test_kin_is_another_of_the_same_class(digits: Digits, rng: np.random.Generator) -> None:
    """And one that is like it: nearer than the others of its class are on average."""
    pictures = scale(digits.images)
    kin = find_kin(pictures, digits.labels, rng)

    assert (digits.labels[kin] == digits.labels).all()
    assert (kin != np.arange(400)).all()
    for label in range(10):
        (members,) = np.nonzero(digits.labels == label)
        apart = np.abs(pictures[members, None] - pictures[members]).mean(axis=(1, 2, 3))
        chosen = np.abs(pictures[members] - pictures[kin[members]]).mean(axis=(1, 2))
        assert chosen.mean() < 0.9 * apart.mean()


def test_kin_of_the_only_one_is_itself(digits: Digits, rng: np.random.Generator) -> None:
    """Nothing to bend it to."""
    one_each = digits.take(np.array([np.argmax(digits.labels == label) for label in range(10)]))

    assert find_kin(scale(one_each.images), one_each.labels, rng).tolist() == list(range(10))


def test_bent_digit_comes_near_the_other(digits: Digits, rng: np.random.Generator) -> None:
    """Less tells the two apart than before; a digit laid upon itself stays where it is."""
    pictures = scale(digits.images[:100])
    others = scale(digits.images)[find_kin(scale(digits.images), digits.labels, rng)[:100]]
    bent = sample(pictures, STILL + lay_upon(pictures, others))

    assert np.abs(bent - others).mean() < 0.9 * np.abs(pictures - others).mean()
    assert np.abs(lay_upon(pictures, pictures)).max() == 0


def test_bends_move_no_digit_as_a_whole(digits: Digits, rng: np.random.Generator) -> None:
    """How far it may be turned, slanted, scaled and shifted is not theirs to say.

    The affine motion nearest to each bend where there is ink is a tenth of what people's may be.
    """
    pictures = scale(digits.images)
    field = lay_upon(pictures, pictures[find_kin(pictures, digits.labels, rng)])
    places = np.concatenate([np.ones((1, 28, 28)), STILL - 13.5]).reshape(3, -1).T
    moves = []
    for ink, bend in zip(pictures.reshape(400, -1, 1), field.reshape(400, 2, -1), strict=True):
        root = np.sqrt(ink)
        moves.append(np.abs(np.linalg.lstsq(root * places, root * bend.T)[0]))
    shift, slopes = np.array(moves)[:, 0], np.array(moves)[:, 1:]

    assert np.quantile(shift, 0.95) < 0.1 * PEOPLES.shift_pixels
    assert np.quantile(slopes, 0.9) < 0.1 * PEOPLES.shear


def test_bends_are_smooth(digits: Digits, rng: np.random.Generator) -> None:
    """Strokes bend and do not fold: from one pixel to the next a place moves by less than one."""
    pictures = scale(digits.images[:100])
    field = lay_upon(pictures, scale(digits.images)[find_kin(pictures, digits.labels[:100], rng)])
    steps = np.concatenate([np.diff(field, axis=axis).ravel() for axis in (2, 3)])

    assert np.mean(np.abs(steps) > 1) < 0.001


def test_bends_are_found_once(digits: Digits, tmp_path: Path) -> None:
    """A run that goes on reads what it found; another seed bends to others."""
    path = tmp_path / "run" / "bends.npy"
    found = prepare(digits, path, seed=0)
    written = path.stat().st_mtime_ns

    np.testing.assert_array_equal(prepare(digits, path, seed=0), found)
    assert path.stat().st_mtime_ns == written
    assert not np.array_equal(prepare(digits, tmp_path / "other.npy", seed=1), found)
    assert [each.name for each in path.parent.iterdir()] == ["bends.npy"]
