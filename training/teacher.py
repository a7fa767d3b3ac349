"""The teacher: a small residual network that sees every pixel, whose judgement AlexNet learns.

AlexNet's first convolution steps over four pixels at a time and needs many passes to forget where
in a step a stroke fell. A network of 3×3 convolutions knows that from the start and learns the same
digits in a quarter of the time; what it says of each picture, wrong digits included, tells AlexNet
more than a label does (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network").
"""

import keras
import tensorflow as tf
from keras import layers

from training.config import Recipe, Teaching
from training.precision import layers_of

WIDTHS = (32, 64, 128)
"""Channels at 28×28, 14×14 and 7×7: a step takes two cores about as long as AlexNet's."""

LEAST_PROBABILITY = 1e-30
"""Keeps a logarithm finite."""


def build(recipe: Recipe) -> keras.Model:
    """Build the untrained teacher, after He et al. 2015 in proportion.

    Args:
        recipe: gives the batch-norm momentum, the precision and the seed of the weights.

    Returns:
        A model from float32 [n, 28, 28, 1] in 0–1 to probabilities float32 [n, 10].
    """
    keras.utils.set_random_seed(recipe.seed)
    with layers_of(recipe.precision):
        return _build(recipe)


def _build(recipe: Recipe) -> keras.Model:
    x = inputs = keras.Input((28, 28, 1), name="images")
    first, *others = WIDTHS
    x = layers.ReLU()(_convolve(x, first, recipe))
    for width in others:
        x = layers.ReLU()(_convolve(x, width, recipe, strides=2))
        inner = layers.ReLU()(_convolve(x, width, recipe))
        x = layers.ReLU()(layers.Add()([x, _convolve(inner, width, recipe)]))
    x = layers.GlobalAveragePooling2D()(x)
    said = layers.Dense(10, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, said, name="teacher")


def _convolve(
    x: keras.KerasTensor, width: int, recipe: Recipe, strides: int = 1
) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, strides=strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization(momentum=recipe.batch_norm_momentum)(x)


def teach(
    teacher: keras.Model, teaching: Teaching, images: tf.Tensor, targets: tf.Tensor
) -> tf.Tensor:
    """Mix into each digit's target what the teacher says of its picture.

    Args:
        teacher: what `build` returns, fitted.
        teaching: how much, and how soft.
        images: float32 [n, 28, 28, 1] in 0–1.
        targets: float32 [n, 10]; rows that name no digit stay as they are.

    Returns:
        Probabilities float32 [n, 10].
    """
    said = tf.math.log(tf.maximum(teacher(images, training=False), LEAST_PROBABILITY))
    softened = tf.nn.softmax(said / teaching.temperature)
    mixed = (1 - teaching.share) * targets + teaching.share * softened
    names_digit = tf.reduce_max(targets, axis=-1, keepdims=True) == 1
    return tf.where(names_digit, mixed, targets)
