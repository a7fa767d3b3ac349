"""The network is the tutorial's, to the parameter; Maxout is a layer like Keras's own."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from training.alexnet import PARAMETERS, Maxout, build
from training.config import RECIPES, Activation

LAYERS = [
    ("conv1", (None, 7, 7, 96)),
    ("conv1_relu", (None, 7, 7, 96)),
    ("conv1_norm", (None, 7, 7, 96)),
    ("conv2", (None, 7, 7, 256)),
    ("conv2_relu", (None, 7, 7, 256)),
    ("conv2_norm", (None, 7, 7, 256)),
    ("pool2", (None, 3, 3, 256)),
    ("conv3", (None, 3, 3, 384)),
    ("conv3_relu", (None, 3, 3, 384)),
    ("conv3_norm", (None, 3, 3, 384)),
    ("conv4", (None, 3, 3, 384)),
    ("conv4_relu", (None, 3, 3, 384)),
    ("conv4_norm", (None, 3, 3, 384)),
    ("conv5", (None, 3, 3, 256)),
    ("conv5_relu", (None, 3, 3, 256)),
    ("conv5_norm", (None, 3, 3, 256)),
    ("pool5", (None, 1, 1, 256)),
    ("flatten", (None, 256)),
    ("dense1", (None, 4096)),
    ("dense1_relu", (None, 4096)),
    ("dense1_dropout", (None, 4096)),
    ("dense2", (None, 4096)),
    ("dense2_relu", (None, 4096)),
    ("dense2_dropout", (None, 4096)),
    ("classes", (None, 10)),
]


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """The untrained ReLU network."""
    return build(RECIPES["tutorial"])


def build_with(activation: Activation, seed: int = 0) -> keras.Model:
    """An untrained network with this activation."""
    return build(replace(RECIPES["tutorial"], activation=activation, seed=seed))


def test_parameters(network: keras.Model) -> None:
    """It has as many parameters as the tutorial's."""
    assert network.count_params() == PARAMETERS == 21_604_426


def test_layers_in_order(network: keras.Model) -> None:
    """Layers follow each other as the tutorial lists them, each with its output shape."""
    layers = [(layer.name, layer.output.shape) for layer in network.layers[1:]]

    assert network.input.shape == (None, 28, 28, 1)
    assert layers == LAYERS


@pytest.mark.parametrize(
    ("name", "size", "strides"),
    [
        ("conv1", 11, 4),
        ("conv2", 5, 1),
        ("conv3", 3, 1),
        ("conv4", 3, 1),
        ("conv5", 3, 1),
    ],
)
def test_convolutions(network: keras.Model, name: str, size: int, strides: int) -> None:
    """Each convolution has its size, its stride and paper around its input."""
    layer = network.get_layer(name)

    assert layer.kernel_size == (size, size)
    assert layer.strides == (strides, strides)
    assert layer.padding == "same"


def test_an_enlarged_picture_changes_no_layer() -> None:
    """The production recipe enlarges what it is shown: larger maps, the same weights."""
    enlarging = build(RECIPES["production"])
    shapes = {layer.name: layer.output.shape for layer in enlarging.layers}
    expected = {"enlarged": (40, 40, 1), "conv1": (10, 10, 96), "conv2": (10, 10, 256)}
    expected |= {"pool2": (4, 4, 256), "conv5": (4, 4, 256), "pool5": (1, 1, 256)}

    assert enlarging.input.shape == (None, 28, 28, 1)
    assert [layer.name for layer in enlarging.layers[2:]] == [name for name, _ in LAYERS]
    assert {name: shapes[name][1:] for name in expected} == expected
    assert enlarging.count_params() == PARAMETERS


def test_pooling_and_dropout(network: keras.Model) -> None:
    """Both poolings take 3×3 in steps of 2, the second an average; both dropouts take half."""
    maximum, average = network.get_layer("pool2"), network.get_layer("pool5")

    assert isinstance(maximum, keras.layers.MaxPooling2D)
    assert isinstance(average, keras.layers.AveragePooling2D)
    assert maximum.pool_size == average.pool_size == (3, 3)
    assert maximum.strides == average.strides == (2, 2)
    assert network.get_layer("dense1_dropout").rate == 0.5
    assert network.get_layer("dense2_dropout").rate == 0.5


def test_momentum_comes_from_the_recipe() -> None:
    """The statistics of the production recipe settle faster than Keras's default."""
    layer = build(RECIPES["production"]).get_layer("conv3_norm")

    assert layer.momentum == RECIPES["production"].batch_norm_momentum == 0.9


def test_answers_are_probabilities(network: keras.Model) -> None:
    """Each picture gets ten probabilities that sum to one."""
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    probabilities = network(images).numpy()

    assert probabilities.shape == (3, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert probabilities.min() >= 0


def test_seed_fixes_the_weights(network: keras.Model) -> None:
    """The same seed builds the same network, another seed another one."""
    same, other = build_with("relu"), build_with("relu", seed=1)

    kernels = [model.get_layer("conv2").kernel.numpy() for model in (network, same, other)]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])


def test_maxout_network() -> None:
    """The Maxout variant has the same shapes between its layers, and no ReLU."""
    network = build_with("maxout")
    maxouts = [layer for layer in network.layers if isinstance(layer, Maxout)]

    shapes = {layer.name: layer.output.shape for layer in network.layers}
    expected = {
        name.replace("_relu", "_maxout"): shape
        for name, shape in LAYERS
        if name.endswith(("_relu", "_norm")) or name in {"pool2", "pool5", "flatten", "classes"}
    }
    assert len(maxouts) == 7
    assert not any(isinstance(layer, keras.layers.ReLU) for layer in network.layers)
    assert {name: shapes[name] for name in expected} == expected
    assert network(np.zeros((2, 28, 28, 1), np.float32)).shape == (2, 10)


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_maxout_takes_the_largest_piece(pieces: int) -> None:
    """Channel c of the result is the maximum of channels c, c + C, c + 2C."""
    inputs = np.random.default_rng(1).standard_normal((2, 5, 5, 12)).astype(np.float32)
    result = Maxout(pieces)(inputs).numpy()

    channels = 12 // pieces
    for channel in range(channels):
        np.testing.assert_array_equal(
            result[..., channel], inputs[..., channel::channels].max(axis=-1)
        )
    assert result.shape == (2, 5, 5, channels)


def test_maxout_refuses_channels_that_do_not_divide() -> None:
    """Seven channels are not two pieces of anything."""
    with pytest.raises(ValueError, match="7 channels do not divide into 2 pieces"):
        Maxout(2)(np.zeros((1, 7), np.float32))


def test_maxout_refuses_no_pieces() -> None:
    """A maximum of nothing does not exist."""
    with pytest.raises(ValueError, match="pieces must be at least 1, not 0"):
        Maxout(0)


def test_maxout_is_rebuilt_from_its_config() -> None:
    """`from_config` gives the same layer."""
    layer = Maxout(3, name="most")
    copy = Maxout.from_config(layer.get_config())

    assert copy.pieces == 3
    assert copy.name == "most"
    assert copy.compute_output_shape((None, 12)) == (None, 4)


def test_maxout_survives_a_file(tmp_path: Path) -> None:
    """A saved network with Maxout is loaded without being told of the layer."""
    inputs = keras.Input((6,))
    model = keras.Model(inputs, Maxout(3, name="most")(keras.layers.Dense(12)(inputs)))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")

    batch = np.random.default_rng(2).standard_normal((4, 6)).astype(np.float32)
    assert loaded.get_layer("most").pieces == 3
    np.testing.assert_allclose(loaded(batch).numpy(), model(batch).numpy(), rtol=1e-6)
