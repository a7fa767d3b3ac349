"""Batch normalisation's statistics are those of many pictures, and nothing else changes."""

import keras
import numpy as np

from training.augment import batches
from training.config import Augmentation, Recipe
from training.dataset import Digits
from training.norms import BATCHES, estimate_norms

RECIPE = Recipe(
    name="test",
    epochs=2,
    batch_size=16,
    learning_rate=1e-3,
    augmentation=Augmentation(redrawn_share=0.0),
)


def build() -> keras.Model:
    """A normalisation of pixels, dropout, and a dense layer behind a second one."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Flatten(),
            keras.layers.BatchNormalization(momentum=RECIPE.batch_norm_momentum),
            keras.layers.Dense(10),
            keras.layers.BatchNormalization(momentum=RECIPE.batch_norm_momentum),
        ]
    )


def test_statistics_are_means_over_the_next_batches(digits: Digits) -> None:
    """Of the pixels themselves they can be worked out: a mean of each batch's, all alike."""
    model = build()
    kernel = model.layers[2].get_weights()[0]
    estimate_norms(model, RECIPE, digits, None)
    first, dense, _ = model.layers[1:]
    longer = Recipe(**{**vars(RECIPE), "epochs": 2 + BATCHES})
    unseen = batches(digits, None, longer, first_epoch=2)
    shown = [next(unseen).images.reshape(16, -1) for _ in range(BATCHES)]

    np.testing.assert_allclose(first.moving_mean, np.mean(shown, axis=(0, 1)), atol=1e-5)
    np.testing.assert_allclose(first.moving_variance, np.var(shown, axis=1).mean(0), atol=1e-5)
    np.testing.assert_array_equal(dense.get_weights()[0], kernel)
    assert {layer.momentum for layer in (model.layers[1], model.layers[3])} == {0.9}


def test_the_same_recipe_gives_the_same_statistics(digits: Digits) -> None:
    """Whatever a network's were before."""
    model = build()
    estimate_norms(model, RECIPE, digits, None)
    once = model.get_weights()
    estimate_norms(model, RECIPE, digits, None)

    for before, after in zip(once, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
