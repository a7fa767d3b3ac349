"""Hints: what the teacher sees on its way to an answer, which AlexNet's middle learns to tell.

A map of the teacher's holds far more numbers than its answer does. While it learns, AlexNet has two
regressors of 1×1 convolutions, from its maps after the second convolution and after the last to the
teacher's last maps of the same size (Romero et al. 2015, "FitNets"); they are left out afterwards.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from training.teacher import WIDTHS
from training.warping import Pictures

CLASSES = "classes"
"""AlexNet's own output among those of a network with regressors."""

NEAR, FAR = "hint_near", "hint_far"
"""Regressors of the maps of 7×7 and of 3×3."""

SEEN_BY = {NEAR: "conv2_norm", FAR: "conv5_norm"}

LEAST_DEVIATION = 1e-3
"""A channel that never speaks is not blown up."""


class Hinter:
    """A teacher whose maps are brought to one scale.

    Attributes:
        teacher: from pictures to its answer and its last maps, [n, 7, 7, channels].
    """

    def __init__(self, teacher: keras.Model, pictures: Pictures) -> None:
        """Find the last maps and their mean and deviation by channel.

        Args:
            teacher: what `training.teacher.build` returns, fitted.
            pictures: float32 [n, 28, 28, 1] in 0–1, some hundred of those to be learnt from.
        """
        pooling = next(
            layer for layer in teacher.layers if isinstance(layer, layers.GlobalAveragePooling2D)
        )
        self.teacher = keras.Model(teacher.input, [teacher.output, pooling.input])
        maps = np.asarray(self.teacher.predict_on_batch(pictures)[1], np.float32)
        self._mean = maps.mean(axis=(0, 1, 2))
        self._deviation = np.maximum(maps.std(axis=(0, 1, 2)), LEAST_DEVIATION)

    def judge(self, images: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The teacher's answers and, by the regressor's name, what it is to tell."""
        said, maps = self.teacher(images, training=False)
        near = (tf.cast(maps, tf.float32) - self._mean) / self._deviation
        return said, {NEAR: near, FAR: tf.nn.avg_pool2d(near, 3, 2, "VALID")}


def add_regressors(model: keras.Model) -> keras.Model:
    """A network with the same layers that also tells the teacher's maps.

    Args:
        model: what `alexnet.build` returns.

    Returns:
        A model whose outputs are a dict, by the names of `CLASSES`, `NEAR` and `FAR`.
    """
    said = {
        name: layers.Conv2D(WIDTHS[-1], 1, dtype="float32", name=name)(model.get_layer(seen).output)
        for name, seen in SEEN_BY.items()
    }
    return keras.Model(model.input, {CLASSES: model.output, **said}, name=model.name)


def drop_regressors(model: keras.Model) -> keras.Model:
    """The network without them; the same one where it has none."""
    if not has_regressors(model):
        return model
    return keras.Model(model.input, model.get_layer(CLASSES).output, name=model.name)


def has_regressors(model: keras.Model) -> bool:
    """Whether a network tells the teacher's maps beside the digit."""
    return isinstance(model.output, dict)


def say_nothing(model: keras.Model, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Targets and weights of the regressors where no teacher is asked: they count for nothing."""
    targets: dict[str, NDArray[np.float32]] = {
        name: np.zeros((count, *model.output[name].shape[1:]), np.float32) for name in SEEN_BY
    }
    return targets, {name: np.zeros((count, 1, 1), np.float32) for name in SEEN_BY}
