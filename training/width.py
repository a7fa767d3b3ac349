"""How many units AlexNet's layers have: the tutorial's, or the few that matter.

A unit without weights says nothing: after ReLU it is zero, normalised without scale or shift it
stays so, and nothing listens to it. A network of few units and one of all of them whose others have
none are the same function, and the small one learns, and answers, in less time.
"""

from itertools import pairwise

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from training import alexnet
from training.config import Recipe, Widths

Array = NDArray[np.float32]


def resize(model: keras.Model, recipe: Recipe, widths: Widths) -> keras.Model:
    """Build AlexNet anew with the same weights and another number of units.

    Of more units than are wanted the strongest are kept, by how much of what comes in passes
    through them; where there are fewer, the others have zeros only.

    Args:
        model: what `alexnet.build` returns, of any widths.
        recipe: gives the activation, the precision, the batch-norm momentum and how far a picture
            is enlarged, as in `build`.
        widths: of the layers.
    """
    resized = alexnet.build(recipe, widths)
    norms = {layer.name: layer for layer in model.layers if layer.name.endswith("_norm")}
    sizes = (*widths.filters, widths.hidden_units, widths.hidden_units)
    heard: NDArray[np.intp] = np.arange(1)
    inputs = 1
    for (layer, listener), units in zip(pairwise(_layers_of(model)), sizes, strict=True):
        norm = norms.get(f"{layer.name}_norm")
        kept = _strongest(layer, norm, listener)[:units]
        kernel = _pick(_array(layer.kernel), -2, heard, inputs)
        pieces = layer.kernel.shape[-1] // listener.kernel.shape[-2]
        resized.get_layer(layer.name).set_weights(
            [_pick_pieces(weights, pieces, kept, units) for weights in (kernel, _array(layer.bias))]
        )
        if norm is not None:
            resized.get_layer(norm.name).set_weights(
                [_pick(_array(weights), -1, kept, units) for weights in norm.weights]
            )
        heard, inputs = kept, units
    kernel = _pick(_array(listener.kernel), -2, heard, inputs)
    resized.get_layer(listener.name).set_weights([kernel, _array(listener.bias)])
    return resized


def count_units(model: keras.Model) -> Widths:
    """Of each layer."""
    *filters, hidden_units, _ = (int(each.kernel.shape[-2]) for each in _layers_of(model)[1:])
    return Widths(tuple(filters), hidden_units)


def _layers_of(model: keras.Model) -> list[keras.layers.Layer]:
    """Those that have units, in order; each listens to the one before it."""
    names = [*(name for name, _, _ in alexnet.CONVOLUTIONS), *alexnet.DENSE, "classes"]
    return [model.get_layer(name) for name in names]


def _array(values: keras.Variable) -> Array:
    array: Array = ops.convert_to_numpy(values)
    return array


def _strongest(
    layer: keras.layers.Layer, norm: keras.layers.Layer | None, listener: keras.layers.Layer
) -> NDArray[np.intp]:
    """Units by how much passes through them, the most first.

    What a normalised unit says has the size of its scale, whatever its weights are; what another
    says has about that of its weights.
    """
    going = np.moveaxis(_array(listener.kernel), -2, 0)
    units = len(going)
    if norm is not None:
        said = np.abs(_array(norm.gamma))
    else:
        coming = _array(layer.kernel).reshape(-1, units)  # a maxout unit has several columns
        said = np.linalg.norm(coming, axis=0)
    strength = said * np.linalg.norm(going.reshape(units, -1), axis=1)
    return np.argsort(-strength, kind="stable")


def _pick(values: Array, axis: int, kept: NDArray[np.intp], units: int) -> Array:
    """These units along an axis, and zeros up to `units`."""
    picked = np.take(values, kept, axis)
    missing = [(0, 0)] * values.ndim
    missing[axis] = (0, units - len(kept))
    return np.pad(picked, missing)


def _pick_pieces(values: Array, pieces: int, kept: NDArray[np.intp], units: int) -> Array:
    """The same of a last axis of pieces·have: pieces·units."""
    split = values.reshape(*values.shape[:-1], pieces, -1)
    return _pick(split, -1, kept, units).reshape(*values.shape[:-1], pieces * units)
