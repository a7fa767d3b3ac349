"""Hidden units that say nothing can be left out, and others can be added, with the same answers."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from training import alexnet
from training.alexnet import build
from training.config import RECIPES, Activation, Recipe
from training.width import count_units, resize

UNITS = 24


@pytest.fixture(params=["relu", "maxout"])
def recipe(request: pytest.FixtureRequest) -> Recipe:
    """With either activation."""
    activation: Activation = request.param
    return replace(RECIPES["production"], activation=activation, precision="float32")


@pytest.fixture
def model(recipe: Recipe) -> keras.Model:
    """An untrained network of few hidden units, no weight of which is a constant."""
    made = build(recipe, UNITS)
    rng = np.random.default_rng(5)
    for layer in made.layers:
        layer.set_weights(
            [(w + rng.normal(0, 0.02, w.shape)).astype(np.float32) for w in layer.get_weights()]
        )
    return made


@pytest.fixture
def pictures() -> np.ndarray:
    """Noise as the network takes it."""
    return np.random.default_rng(6).random((20, 28, 28, 1), np.float32)


def silence(model: keras.Model, name: str, units: list[int]) -> None:
    """Let nothing listen to these units of a hidden layer."""
    listener = model.get_layer({"dense1": "dense2", "dense2": "classes"}[name])
    kernel, bias = listener.get_weights()
    kernel[units] = 0
    listener.set_weights([kernel, bias])


@pytest.mark.parametrize("units", [UNITS, UNITS + 1, 100])
def test_more_units_change_no_answer(
    recipe: Recipe, model: keras.Model, pictures: np.ndarray, units: int
) -> None:
    """What is added has no weights."""
    wide = resize(model, recipe, units)

    assert count_units(wide) == units
    assert (wide.get_layer("dense1").kernel.numpy().any(axis=0)).sum() == (
        model.get_layer("dense1").kernel.shape[1]
    )
    np.testing.assert_allclose(wide(pictures), model(pictures), rtol=1e-4, atol=1e-7)


def test_the_strongest_units_are_kept(
    recipe: Recipe, model: keras.Model, pictures: np.ndarray
) -> None:
    """Without units that nothing listens to the answers are the same; without one more, not."""
    silence(model, "dense1", [0, 5, 23])
    silence(model, "dense2", [1, 2, 7])

    narrow = resize(model, recipe, UNITS - 3)
    narrower = resize(model, recipe, UNITS - 4)

    assert count_units(narrow) == UNITS - 3
    np.testing.assert_allclose(narrow(pictures), model(pictures), rtol=1e-4, atol=1e-7)
    assert np.abs(narrower(pictures) - model(pictures)).max() > 1e-4


def test_there_and_back_is_the_same_network(recipe: Recipe, model: keras.Model) -> None:
    """Sorted, a network made wide and narrow again has the weights that it had."""
    narrow = resize(model, recipe, UNITS)
    again = resize(resize(narrow, recipe, UNITS + 9), recipe, UNITS)

    for old, new in zip(narrow.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


def test_the_whole_network_has_the_tutorials_units() -> None:
    """4,096 of each layer, unless told otherwise."""
    assert count_units(build(RECIPES["tutorial"])) == alexnet.HIDDEN_UNITS == 4096
