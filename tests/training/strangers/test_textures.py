"""Textures are what their names say, each drawn anew."""

import numpy as np
import pytest

from training.strangers import Strangers
from training.strangers.textures import KINDS, draw


@pytest.fixture(scope="module")
def textures() -> Strangers:
    """Forty pictures of each kind."""
    return draw(np.random.default_rng(3), each=40)


def of(textures: Strangers, kind: str) -> np.ndarray:
    """The pictures of one kind, as numbers that can be negative."""
    return textures.images[textures.kinds == kind].astype(int)


def test_there_are_as_many_of_each(textures: Strangers) -> None:
    """Every kind has its forty, and hardly two pictures are alike."""
    assert textures.images.shape == (40 * len(KINDS), 28, 28)
    assert textures.images.dtype == np.uint8
    assert [len(of(textures, kind)) for kind in KINDS] == [40] * len(KINDS)
    assert len(np.unique(textures.images, axis=0)) > 40 * (len(KINDS) - 1) + 20


def test_seed_decides(textures: Strangers) -> None:
    """One seed gives the same pictures again, another gives others."""
    again, others = (draw(np.random.default_rng(seed), each=40) for seed in (3, 4))

    np.testing.assert_array_equal(again.images, textures.images)
    assert not np.array_equal(others.images, textures.images)


def test_noise_has_no_neighbours(textures: Strangers) -> None:
    """Levels are even from black to white, and one pixel says nothing of the next."""
    noise = of(textures, "noise")
    pairs = noise[:, :, :-1].ravel(), noise[:, :, 1:].ravel()

    assert noise.mean() == pytest.approx(127.5, abs=2)
    assert abs(np.corrcoef(*pairs)[0, 1]) < 0.03


def test_soft_noise_spans_the_range(textures: Strangers) -> None:
    """Neighbours are alike, and each picture goes from black to white."""
    soft = of(textures, "soft noise")
    pairs = soft[:, :, :-1].ravel(), soft[:, :, 1:].ravel()

    assert (soft.min(axis=(1, 2)) == 0).all()
    assert (soft.max(axis=(1, 2)) == 255).all()
    assert np.corrcoef(*pairs)[0, 1] > 0.4


def test_gradient_goes_one_way(textures: Strangers) -> None:
    """Along rows and along columns, a picture only ever rises or only ever falls."""
    for picture in of(textures, "gradient"):
        for axis in (0, 1):
            steps = np.diff(picture, axis=axis)
            assert (steps >= 0).all() or (steps <= 0).all()


def test_stripes_come_again(textures: Strangers) -> None:
    """On some row or column, stripes cross the middle grey at least three times."""
    for picture in of(textures, "stripes"):
        is_light = picture > (picture.min() + picture.max()) / 2
        crossings = [np.count_nonzero(np.diff(is_light, axis=axis), axis=axis) for axis in (0, 1)]
        assert max(crossing.max() for crossing in crossings) >= 3


def test_checkers_have_two_greys(textures: Strangers) -> None:
    """Two greys at most, and a square's neighbours are of the other one."""
    for picture in of(textures, "checkers"):
        assert len(np.unique(picture)) <= 2
        is_same = picture == picture[0, 0]
        np.testing.assert_array_equal(is_same, is_same[:1] == is_same[:, :1])


def test_speckle_is_sparse(textures: Strangers) -> None:
    """White dots on black, few of them."""
    speckle = of(textures, "speckle")

    assert set(np.unique(speckle)) == {0, 255}
    assert (np.mean(speckle > 0, axis=(1, 2)) < 0.27).all()
    assert speckle.any(axis=(1, 2)).mean() > 0.9


def test_solid_is_one_grey(textures: Strangers) -> None:
    """Nothing to see, and each time in another grey."""
    solid = of(textures, "solid")

    np.testing.assert_array_equal(solid.min(axis=(1, 2)), solid.max(axis=(1, 2)))
    assert len(np.unique(solid)) > 20
