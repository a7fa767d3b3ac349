"""Each weight on the int8 grid, and a confidence that means what it says."""

import keras
import numpy as np
import pytest

from training.compress import calibrate, quantise

TEMPERATURE_STEP = 16 ** (1 / 240)
"""Between two temperatures that `calibrate` tries."""


@pytest.fixture
def model() -> keras.Model:
    """A small network with a convolution, a hidden dense layer and a head."""
    keras.utils.set_random_seed(7)
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(6, 3, activation="relu", name="conv1")(inputs)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(20, activation="relu", name="dense1")(x)
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="classes")(x))


def kernel_of(model: keras.Model, name: str) -> np.ndarray:
    """A copy of a layer's kernel."""
    return keras.ops.convert_to_numpy(model.get_layer(name).kernel).copy()


def test_quantise_puts_every_kernel_on_the_grid(model: keras.Model) -> None:
    """Each output channel has whole multiples of a 127th of its largest weight."""
    before = {name: kernel_of(model, name) for name in ("conv1", "dense1", "classes")}
    quantise(model)

    for name, old in before.items():
        rows = kernel_of(model, name).reshape(-1, old.shape[-1])
        levels = rows / np.abs(rows).max(axis=0) * 127
        np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)
        for channel in levels.T:
            assert 1 < len(np.unique(np.round(channel))) <= 255


def test_quantise_moves_weights_little(model: keras.Model) -> None:
    """The largest weight stays the largest, 6 % off at most, and the others half a level."""
    spread_scales(model)
    old = kernel_of(model, "dense1")
    quantise(model)

    new = kernel_of(model, "dense1")
    places = np.abs(old).argmax(axis=0), np.arange(old.shape[-1])
    largest = np.abs(new).max(axis=0)
    within = np.abs(old) <= largest
    within[places] = False  # made the outermost level, however near another is
    np.testing.assert_allclose(np.abs(new[places]), largest, rtol=1e-6)
    np.testing.assert_allclose(new[places], old[places], rtol=1 / 16)
    assert np.all((np.abs(new - old) <= largest / 127 / 2 + 1e-7) | ~within)
    assert np.all(np.sign(new) * np.sign(old) >= 0)


def test_quantise_rounds_its_scales(model: keras.Model) -> None:
    """A scale has four bits, so that a level times a scale needs few of a float's."""
    spread_scales(model)
    quantise(model)

    mantissa, _ = np.frexp(np.abs(kernel_of(model, "dense1")).max(axis=0) / 127)
    np.testing.assert_allclose(mantissa * 16, np.round(mantissa * 16), atol=1e-4)
    assert len(np.unique(np.round(mantissa * 16))) == 8


def spread_scales(model: keras.Model) -> None:
    """Give the channels of a layer scales all over an octave: those of a new one are all alike."""
    kernel = model.get_layer("dense1").kernel
    kernel.assign(kernel.numpy() * np.geomspace(1, 2, kernel.shape[-1], dtype=np.float32))


def test_quantise_changes_nothing_the_second_time(model: keras.Model) -> None:
    """Weights on the grid are on the grid."""
    quantise(model)
    once = kernel_of(model, "dense1")
    quantise(model)

    np.testing.assert_allclose(kernel_of(model, "dense1"), once, rtol=1e-6)


def test_quantise_bears_a_channel_of_zeros(model: keras.Model) -> None:
    """A channel of zeros stays empty, and finite; zeros elsewhere stay zeros."""
    kernel = kernel_of(model, "dense1")
    kernel[:, 3] = 0
    kernel[::2, 4] = 0
    model.get_layer("dense1").kernel.assign(kernel)
    quantise(model)

    after = kernel_of(model, "dense1")
    assert not after[:, 3].any()
    assert not after[::2, 4].any()
    assert np.isfinite(after).all()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7, 3.0])
def test_calibrate_finds_a_known_temperature(model: keras.Model, temperature: float) -> None:
    """Logits that must be divided by T to say 75 % where 75 % are right are divided by T."""
    logits = np.full((400, 10), -1000, np.float32)
    logits[:, 0] = temperature * np.log(3)  # at T: a confidence of 3/4
    logits[:, 1] = 0
    labels = np.repeat([0, 1], [300, 100]).astype(np.uint8)
    kernel = kernel_of(model, "classes")
    bias = np.linspace(-1, 1, 10, dtype=np.float32)
    model.get_layer("classes").bias.assign(bias)
    found = calibrate(model, logits, labels)

    assert temperature / TEMPERATURE_STEP <= found <= temperature * TEMPERATURE_STEP
    np.testing.assert_allclose(kernel_of(model, "classes"), kernel / found, rtol=1e-5)
    np.testing.assert_allclose(model.get_layer("classes").bias.numpy(), bias / found, rtol=1e-5)


def test_calibrate_changes_no_answer(model: keras.Model) -> None:
    """The order of the classes is the same after the temperature was folded in."""
    images = np.random.default_rng(3).random((50, 8, 8, 1), np.float32)
    before = model(images).numpy()
    logits = np.log(before) * 3
    temperature = calibrate(model, logits, before.argmax(axis=1).astype(np.uint8))

    after = model(images).numpy()
    assert temperature == pytest.approx(0.25)
    np.testing.assert_array_equal(after.argmax(axis=1), before.argmax(axis=1))
    assert (after.max(axis=1) > before.max(axis=1)).all()
