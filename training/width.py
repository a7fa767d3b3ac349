"""How many units the two hidden dense layers have: 4,096, or the few that matter.

A unit without weights says nothing: after ReLU it is zero, and nothing listens to it. A network of
few units and one of 4,096 whose other units have none are the same function, and the small one
learns, and answers, in less time.
"""

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from training import alexnet
from training.config import Recipe

Array = NDArray[np.float32]

DENSE = ("dense1", "dense2", "classes")
"""What each unit's weights come from and go to, in order."""


def resize(model: keras.Model, recipe: Recipe, units: int) -> keras.Model:
    """Build AlexNet anew with the same weights and another number of hidden units.

    Of more units than are wanted the strongest are kept, by the product of the norms of the weights
    that come and that go; where there are fewer, the others have zeros only.

    Args:
        model: what `alexnet.build` returns, of any number of hidden units.
        recipe: gives the activation, the precision and the batch-norm momentum, as in `build`.
        units: of each of the two layers.
    """
    resized = alexnet.build(recipe, units)
    for layer in model.layers:
        if layer.name not in DENSE:
            resized.get_layer(layer.name).set_weights(layer.get_weights())
    kernels = [ops.convert_to_numpy(model.get_layer(name).kernel) for name in DENSE]
    biases = [ops.convert_to_numpy(model.get_layer(name).bias) for name in DENSE]
    for hidden in (0, 1):
        kept = _strongest(kernels[hidden], kernels[hidden + 1])[:units]
        pieces = kernels[hidden].shape[1] // kernels[hidden + 1].shape[0]
        kernels[hidden] = _pick_columns(kernels[hidden], kept, pieces, units)
        biases[hidden] = _pick_columns(biases[hidden][None], kept, pieces, units)[0]
        kernels[hidden + 1] = _pick_columns(kernels[hidden + 1].T, kept, 1, units).T
    for name, kernel, bias in zip(DENSE, kernels, biases, strict=True):
        resized.get_layer(name).set_weights([kernel, bias])
    return resized


def count_units(model: keras.Model) -> int:
    """Of each hidden dense layer."""
    return int(model.get_layer("classes").kernel.shape[0])


def _strongest(coming: Array, going: Array) -> NDArray[np.intp]:
    """Units by how much passes through them, the most first."""
    units = len(going)
    of_unit = coming.reshape(len(coming), -1, units)  # a maxout unit has several columns
    strength = np.linalg.norm(of_unit, axis=(0, 1)) * np.linalg.norm(going, axis=1)
    return np.argsort(-strength, kind="stable")


def _pick_columns(values: Array, kept: NDArray[np.intp], pieces: int, units: int) -> Array:
    """These units' columns of [n, pieces·have], and zeros up to `units`: [n, pieces·units]."""
    picked = np.zeros((len(values), pieces, units), np.float32)
    picked[..., : len(kept)] = values.reshape(len(values), pieces, -1)[..., kept]
    return picked.reshape(len(values), -1)
