"""Units that say nothing can be left out, and others can be added, with the same answers."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from training.alexnet import WHOLE, build
from training.config import RECIPES, Activation, Recipe, Widths
from training.width import count_units, resize

FEW = Widths(filters=(6, 9, 12, 7, 8), hidden_units=24)


@pytest.fixture(params=["relu", "maxout"])
def recipe(request: pytest.FixtureRequest) -> Recipe:
    """With either activation."""
    activation: Activation = request.param
    return replace(RECIPES["production"], activation=activation, precision="float32")


@pytest.fixture
def model(recipe: Recipe) -> keras.Model:
    """An untrained network of few units, no weight of which is a constant."""
    made = build(recipe, FEW)
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


LISTENERS = {
    "conv1": "conv2",
    "conv2": "conv3",
    "conv3": "conv4",
    "conv4": "conv5",
    "conv5": "dense1",
    "dense1": "dense2",
    "dense2": "classes",
}


def silence(model: keras.Model, name: str, units: list[int]) -> None:
    """Let nothing listen to these units of a layer."""
    listener = model.get_layer(LISTENERS[name])
    kernel, bias = listener.get_weights()
    kernel[..., units, :] = 0
    listener.set_weights([kernel, bias])


def change(by: int) -> Widths:
    """Every layer of the few wider, or narrower, by so many units."""
    return Widths(tuple(filters + by for filters in FEW.filters), FEW.hidden_units + by)


@pytest.mark.parametrize("widths", [FEW, change(1), change(50)])
def test_more_units_change_no_answer(
    recipe: Recipe, model: keras.Model, pictures: np.ndarray, widths: Widths
) -> None:
    """What is added has no weights."""
    wide = resize(model, recipe, widths)

    assert count_units(wide) == widths
    for name in LISTENERS:
        kernel, other = (network.get_layer(name).kernel.numpy() for network in (wide, model))
        heard = kernel.reshape(-1, kernel.shape[-1]).any(axis=0)
        assert heard.sum() == other.shape[-1]
    np.testing.assert_allclose(wide(pictures), model(pictures), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", LISTENERS)
def test_the_strongest_units_are_kept(
    recipe: Recipe, model: keras.Model, pictures: np.ndarray, name: str
) -> None:
    """Without units that nothing listens to the answers are the same; without one more, not."""
    for each in LISTENERS:
        silence(model, each, [0, 5, 3])

    narrow = resize(model, recipe, change(-3))
    layer = list(LISTENERS).index(name)
    filters = [size - (place == layer) for place, size in enumerate(change(-3).filters)]
    hidden_units = change(-3).hidden_units - (layer >= len(filters))
    narrower = resize(model, recipe, Widths(tuple(filters), hidden_units))

    assert count_units(narrow) == change(-3)
    np.testing.assert_allclose(narrow(pictures), model(pictures), rtol=1e-4, atol=1e-7)
    assert np.abs(narrower(pictures) - model(pictures)).max() > 1e-6


def test_there_and_back_is_the_same_network(recipe: Recipe, model: keras.Model) -> None:
    """Sorted, a network made wide and narrow again has the weights that it had."""
    narrow = resize(model, recipe, FEW)
    again = resize(resize(narrow, recipe, change(9)), recipe, FEW)

    for old, new in zip(narrow.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


def test_the_whole_network_has_the_tutorials_units() -> None:
    """96, 256, 384, 384 and 256 filters, and 4,096 hidden units of each layer."""
    assert count_units(build(RECIPES["tutorial"])) == WHOLE
    assert Widths((96, 256, 384, 384, 256), 4096) == WHOLE
