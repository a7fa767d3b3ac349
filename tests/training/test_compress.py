"""Fewer weights, each on the int8 grid, and a confidence that means what it says."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from training.compress import (
    KeepZeros,
    calibrate,
    healing,
    hold_zeros,
    prune,
    quantise,
    widening,
)
from training.config import RECIPES, Compression

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


@pytest.mark.parametrize("density", [0.03, 0.1, 0.5, 1.0])
def test_prune_keeps_the_largest(model: keras.Model, density: float) -> None:
    """The density's share of weights stays as it was, and no weight that went was larger."""
    before, other = kernel_of(model, "dense1"), kernel_of(model, "conv1")
    prune(model, {"dense1": density})

    after = kernel_of(model, "dense1")
    is_kept = after != 0
    assert is_kept.sum() == round(before.size * density)
    np.testing.assert_array_equal(after[is_kept], before[is_kept])
    assert np.abs(before[~is_kept]).max(initial=0) <= np.abs(before[is_kept]).min()
    np.testing.assert_array_equal(kernel_of(model, "conv1"), other)


def test_prune_leaves_one_weight_at_least(model: keras.Model) -> None:
    """A density that rounds to no weight at all keeps the largest."""
    before = kernel_of(model, "conv1")
    prune(model, {"conv1": 0.001})

    after = kernel_of(model, "conv1")
    assert np.count_nonzero(after) == 1
    assert np.abs(after).max() == np.abs(before).max()


def test_zeros_hold_through_training(model: keras.Model) -> None:
    """Compiled steps of Adam move what pruning left and nothing that it cut."""
    prune(model, {"dense1": 0.3})
    hold_zeros(model, ("dense1",))
    before, free = kernel_of(model, "dense1"), kernel_of(model, "classes")
    rng = np.random.default_rng(0)
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=True)
    images = rng.random((64, 8, 8, 1), np.float32)
    model.fit(images, rng.integers(0, 10, 64), batch_size=16, epochs=2, verbose=0)

    after = kernel_of(model, "dense1")
    np.testing.assert_array_equal(after[before == 0], 0)
    assert np.mean(after[before != 0] != before[before != 0]) > 0.5  # dead units move nothing
    assert not np.array_equal(kernel_of(model, "classes"), free)


def test_keep_zeros_remembers_where_they_were() -> None:
    """The mask is that of the kernel when the constraint was made."""
    kernel = keras.Variable(np.array([[0, 2], [-3, 0]], np.float32))
    keep = KeepZeros(kernel)
    kernel.assign(np.full((2, 2), 5, np.float32))

    np.testing.assert_array_equal(keep(kernel), [[0, 5], [5, 0]])


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
    """The largest weight stays the largest, 3 % off at most, and the others half a level."""
    old = kernel_of(model, "dense1")
    quantise(model)

    new = kernel_of(model, "dense1")
    places = np.abs(old).argmax(axis=0), np.arange(old.shape[-1])
    largest = np.abs(new).max(axis=0)
    within = np.abs(old) <= largest
    within[places] = False  # made the outermost level, however near another is
    np.testing.assert_allclose(np.abs(new[places]), largest, rtol=1e-6)
    np.testing.assert_allclose(new[places], old[places], rtol=1 / 32)
    assert np.all((np.abs(new - old) <= largest / 127 / 2 + 1e-7) | ~within)
    assert np.all(np.sign(new) * np.sign(old) >= 0)


def test_quantise_rounds_its_scales(model: keras.Model) -> None:
    """A scale has five bits, so that a level times a scale needs few of a float's."""
    quantise(model)

    mantissa, _ = np.frexp(np.abs(kernel_of(model, "dense1")).max(axis=0) / 127)
    np.testing.assert_allclose(mantissa * 32, np.round(mantissa * 32), atol=1e-4)


def test_quantise_changes_nothing_the_second_time(model: keras.Model) -> None:
    """Weights on the grid are on the grid."""
    quantise(model)
    once = kernel_of(model, "dense1")
    quantise(model)

    np.testing.assert_allclose(kernel_of(model, "dense1"), once, rtol=1e-6)


def test_quantise_bears_a_channel_of_zeros(model: keras.Model) -> None:
    """A channel that pruning emptied stays empty, and finite; zeros elsewhere stay zeros."""
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


def test_healing_holds_what_was_pruned() -> None:
    """The healing recipe is short and gentle, sees other variants and holds every pruned layer."""
    recipe, how = RECIPES["production"], Compression()
    healed = healing(recipe, how)

    assert healed.epochs == how.epochs
    assert healed.learning_rate == how.learning_rate < recipe.learning_rate
    assert set(healed.held) == set(how.densities)
    assert healed.seed != recipe.seed


def test_healing_is_gentler_than_fitting() -> None:
    """Fewer digits are damaged, the teacher's word is sharp again, and all else stays."""
    recipe = RECIPES["production"]
    healed = healing(recipe, Compression(damaged_share=0.12))

    assert recipe.augmentation is not None
    assert recipe.teaching is not None
    assert healed.augmentation == replace(recipe.augmentation, damaged_share=0.12)
    assert healed.mixture == recipe.mixture
    assert healed.teaching == replace(recipe.teaching, temperature=1.0)


def test_what_a_recipe_leaves_out_is_left_out_of_healing() -> None:
    """The smoke recipe has no mixture, and its healing has none."""
    assert healing(RECIPES["smoke"], Compression()).mixture is None


def test_the_wide_network_learns_as_the_narrow_one_does() -> None:
    """Only shorter, and from other variants of the digits."""
    recipe = RECIPES["production"]
    wide = widening(recipe, Compression(wide_epochs=3))

    assert wide.epochs == 3
    assert len({wide.seed, recipe.seed, healing(recipe, Compression()).seed}) == 3
    assert replace(wide, name=recipe.name, epochs=recipe.epochs, seed=recipe.seed) == recipe
