"""A network is scored by its logits, and one without numbers not at all."""

import keras
import numpy as np
import pytest

from app.scores import softmax
from training.scorers import NoNumbers, score_model


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that starts the same way in every test."""
    return np.random.default_rng(2)


def test_model_is_scored_before_its_softmax(rng: np.random.Generator) -> None:
    """The logits of a network are those that its softmax turns into its probabilities."""
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="classes")(x))
    images = rng.integers(0, 256, (7, 28, 28), dtype=np.uint8)
    logits = score_model(model)(images)

    probabilities = model(images[..., None].astype(np.float32) / 255).numpy()
    assert logits.shape == (7, 10)
    np.testing.assert_allclose(softmax(logits), probabilities, rtol=1e-3)


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_model_without_numbers_is_not_scored(weight: float) -> None:
    """A weight that is no number ends the run before any figure comes of it."""
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="classes")(x))
    kernel, bias = model.get_layer("classes").get_weights()
    model.get_layer("classes").set_weights([kernel, bias + weight])

    with pytest.raises(NoNumbers, match="the network"):
        score_model(model)(np.zeros((3, 28, 28), np.uint8))
