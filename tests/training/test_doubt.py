"""Digits that a network is unsure of are drawn more often; all of them can be."""

import keras
import numpy as np
import pytest
from keras import layers

from training.dataset import Digits
from training.doubt import LEAST, doubt

DISBELIEVED, DOUBTED, KNOWN = 40, 128, 216


@pytest.fixture
def reader() -> keras.Model:
    """Tells a 0 from a 1 by the brightest pixel: the brighter, the surer of 0."""
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.GlobalMaxPooling2D(), layers.Dense(10, "softmax")]
    )
    slopes, offsets = np.zeros((1, 10)), np.full(10, -50.0)
    slopes[0, 0], offsets[:2] = 40.0, [-40 * DOUBTED / 255, 0]
    model.layers[-1].set_weights([slopes, offsets])
    return model


@pytest.fixture
def blocks() -> Digits:
    """Three squares, all called 0: one reads as 1, one as either, one as 0."""
    images = np.zeros((3, 28, 28), np.uint8)
    for image, level in zip(images, (DISBELIEVED, DOUBTED, KNOWN), strict=True):
        image[6:22, 6:22] = level
    return Digits(images, np.zeros(3, np.uint8))


def test_doubt_is_greatest_where_either_may_be(reader: keras.Model, blocks: Digits) -> None:
    """What is known has the least of it, and so has what the network does not believe."""
    disbelieved, doubted, known = doubt(reader, blocks, seed=0)

    assert disbelieved + doubted + known == pytest.approx(1)
    least = LEAST / (0.25 + 3 * LEAST)
    assert disbelieved == pytest.approx(least, rel=0.01)
    assert known == pytest.approx(least, rel=0.01)


def test_doubt_is_the_seeds(reader: keras.Model, mnist: tuple[Digits, Digits]) -> None:
    """A run that goes on doubts as the one that was stopped, another seed's shows other views."""
    digits = mnist[0].take(np.arange(20))
    first = doubt(reader, digits, seed=0)

    np.testing.assert_array_equal(first, doubt(reader, digits, seed=0))
    assert not np.array_equal(first, doubt(reader, digits, seed=1))
