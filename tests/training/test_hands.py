"""Digits drawn stroke by stroke, and the curves they are drawn with."""

import numpy as np
import pytest

from training.curves import round_corners
from training.hands import PAGE, WAYS, write


def test_every_digit_is_written_as_often() -> None:
    """White ink on black, nearly all of it on the page, and no two alike."""
    written = write(60, np.random.default_rng(1))
    inside = written.images[:, 1:-1, 1:-1].any(axis=(1, 2))
    cut = written.images[:, [0, -1], :].any(axis=(1, 2)) | written.images[:, :, [0, -1]].any((1, 2))

    assert np.bincount(written.labels).tolist() == [6] * 10
    assert written.images.shape == (60, PAGE, PAGE)
    assert set(np.unique(written.images)) == {0, 255}
    assert inside.all()
    assert np.count_nonzero(cut) <= 1
    assert len({image.tobytes() for image in written.images}) == 60


def test_a_seed_fixes_what_is_written() -> None:
    """Another one writes otherwise."""
    first, again, other = (write(10, np.random.default_rng(seed)) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first.images, again.images)
    assert (first.images != other.images).any()


@pytest.mark.parametrize("digit", range(10))
def test_ways_stay_within_the_digit(digit: int) -> None:
    """From one corner of its box to the other, or nearly."""
    for way in WAYS[digit]:
        corners = np.array([corner.split(",") for corner in way.replace("|", " ").split()], float)

        assert corners.min() >= 0
        assert corners.max() <= 100
        assert np.ptp(corners[:, 1]) > 85


def test_rounded_ways_keep_their_ends() -> None:
    """And have no corner left that turns by more than 15 degrees."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    curve = round_corners(corners)
    steps = np.diff(curve, axis=0)
    turns = np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))

    np.testing.assert_array_equal(curve[[0, -1]], corners[[0, -1]])
    assert np.degrees(np.abs(turns)).max() < 15
