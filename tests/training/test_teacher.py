"""The teacher says what it sees, and its word goes into the targets of digits only."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.config import RECIPES, Teaching
from training.dataset import one_hot
from training.teacher import build, teach

TEACHING = Teaching(share=0.5, temperature=2.0)
SAID = np.array([0.81, 0.09, *[0.0125] * 8], np.float32)


@pytest.fixture
def teacher() -> keras.Model:
    """One that says the same of every picture: a 0, perhaps a 1."""
    inputs = keras.Input((28, 28, 1))
    outputs = keras.layers.Dense(10, activation="softmax", kernel_initializer="zeros")
    model = keras.Model(inputs, outputs(keras.layers.Flatten()(inputs)))
    outputs.bias.assign(np.log(SAID))
    return model


def blank(count: int) -> tf.Tensor:
    """So many pictures of nothing."""
    return tf.zeros((count, 28, 28, 1))


def test_network_takes_digits_and_gives_probabilities() -> None:
    """It is built as AlexNet is called, with weights that the seed alone decides."""
    recipe = RECIPES["production"]
    one, same, other = build(recipe), build(recipe), build(replace(recipe, seed=1))

    np.testing.assert_allclose(one(blank(2)).numpy().sum(axis=1), 1, rtol=1e-5)
    for mine, theirs in zip(one.weights, same.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    assert np.any(one.weights[0].numpy() != other.weights[0].numpy())


def test_target_lies_between_label_and_teacher(teacher: keras.Model) -> None:
    """At temperature 2 the teacher's odds are the roots of what they were: 9 to 1 is 3 to 1."""
    targets = one_hot(np.array([0, 7], np.uint8))

    taught = teach(teacher, TEACHING, blank(2), targets).numpy()

    softened = np.sqrt(SAID) / np.sqrt(SAID).sum()
    np.testing.assert_allclose(taught, 0.5 * targets + 0.5 * softened, rtol=1e-5)
    np.testing.assert_allclose(taught.sum(axis=1), 1, rtol=1e-5)


def test_what_is_no_digit_keeps_its_target(teacher: keras.Model) -> None:
    """A flat target names nothing that a teacher could know better."""
    targets = np.full((1, 10), 0.1, np.float32)

    np.testing.assert_array_equal(teach(teacher, TEACHING, blank(1), targets).numpy(), targets)


def test_impossible_is_no_infinity(teacher: keras.Model) -> None:
    """A probability that underflows to zero has a logarithm all the same."""
    teacher.layers[-1].bias.assign([0.0, *[-200.0] * 9])

    taught = teach(teacher, TEACHING, blank(1), one_hot(np.array([1], np.uint8))).numpy()

    assert np.isfinite(taught).all()
    assert taught[0, 1] == pytest.approx(0.5)
