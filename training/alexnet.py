"""AlexNet as the tutorial draws it for 28×28 grey digits.

Krizhevsky et al. 2012 in proportion: five convolutions, three dense layers, dropout; with batch
normalisation after each activation instead of local response normalisation.
"""

from typing import Any

import keras
from keras import layers, ops

from training.config import Activation, Recipe, Widths
from training.convolution import Convolution
from training.precision import layers_of

CONVOLUTIONS = (  # name, size, strides
    ("conv1", 11, 4),
    ("conv2", 5, 1),
    ("conv3", 3, 1),
    ("conv4", 3, 1),
    ("conv5", 3, 1),
)
DENSE = ("dense1", "dense2")
CLASSES = 10
SIDE = 28
"""Pixels a side of what the network takes."""
WHOLE = Widths()
"""The tutorial's units."""

PARAMETERS = 21_604_426
"""Parameters of the ReLU network; a test pins it."""


@keras.saving.register_keras_serializable(package="alexnet")
class Maxout(layers.Layer):  # type: ignore[misc] # Keras publishes no types
    """The largest of `pieces` linear maps, unit by unit (Goodfellow et al. 2013, equation 1).

    Takes `pieces`·C channels and returns C: the layer before it computes the linear maps. Channel
    c of the result is the maximum of channels c, c + C, c + 2C, …
    """

    def __init__(self, pieces: int = 2, **kwargs: Any) -> None:  # noqa: ANN401 # Keras's own form
        """Keep the number of linear maps a unit."""
        super().__init__(**kwargs)
        if pieces < 1:
            raise ValueError(f"pieces must be at least 1, not {pieces}")
        self.pieces = pieces

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Refuse channels that do not divide into the pieces.

        Raises:
            ValueError: the last axis is no multiple of `pieces`.
        """
        channels = input_shape[-1]
        if channels is None or channels % self.pieces:
            raise ValueError(f"{channels} channels do not divide into {self.pieces} pieces")

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 # a tensor of any backend
        """Reduce [..., pieces·C] to [..., C]."""
        shape = ops.shape(inputs)
        split = ops.reshape(inputs, (*shape[:-1], self.pieces, shape[-1] // self.pieces))
        return ops.max(split, axis=-2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """[..., pieces·C] becomes [..., C]."""
        *rest, channels = input_shape
        return (*rest, None if channels is None else channels // self.pieces)

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to build the same layer."""
        return {**super().get_config(), "pieces": self.pieces}


def build(recipe: Recipe, widths: Widths = WHOLE) -> keras.Model:
    """Build the untrained network.

    Args:
        recipe: gives the activation, the precision, the batch-norm momentum, the seed of the
            weights and how far a picture is enlarged.
        widths: of its layers.

    Returns:
        A model from float32 [n, 28, 28, 1] in 0–1 to probabilities float32 [n, 10]. Layers that
        hold weights are named conv1 … conv5, dense1, dense2 and classes.
    """
    keras.utils.set_random_seed(recipe.seed)
    with layers_of(recipe.precision):
        return _build(recipe, widths)


def _build(recipe: Recipe, widths: Widths) -> keras.Model:
    pieces = _pieces(recipe.activation)
    x = inputs = keras.Input((SIDE, SIDE, 1), name="images")
    if recipe.side != SIDE:
        x = layers.Resizing(recipe.side, recipe.side, dtype="float32", name="enlarged")(x)
    for (name, size, strides), filters in zip(CONVOLUTIONS, widths.filters, strict=True):
        x = Convolution(filters * pieces, size, strides=strides, padding="same", name=name)(x)
        x = _activate(x, recipe.activation, name)
        x = layers.BatchNormalization(momentum=recipe.batch_norm_momentum, name=f"{name}_norm")(x)
        if name == "conv2":
            x = layers.MaxPooling2D(3, 2, name="pool2")(x)  # [7, 7, 256] → [3, 3, 256]
    x = layers.AveragePooling2D(3, 2, name="pool5")(x)  # [3, 3, 256] → [1, 1, 256]
    x = layers.Flatten(name="flatten")(x)
    for name in DENSE:
        x = layers.Dense(widths.hidden_units * pieces, name=name)(x)
        x = _activate(x, recipe.activation, name)
        x = layers.Dropout(0.5, name=f"{name}_dropout")(x)
    outputs = layers.Dense(CLASSES, activation="softmax", dtype="float32", name="classes")(x)
    return keras.Model(inputs, outputs, name="alexnet")


def _activate(x: keras.KerasTensor, activation: Activation, name: str) -> keras.KerasTensor:
    if activation == "maxout":
        return Maxout(_pieces(activation), name=f"{name}_maxout")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _pieces(activation: Activation) -> int:
    return 2 if activation == "maxout" else 1
