"""How many units AlexNet's layers have: the tutorial's, or the few that matter.

A unit without weights says nothing: after ReLU it is zero, normalised without scale or shift it
stays so, and nothing listens to it. A network of few units and one of all of them whose others have
none are the same function, and the small one learns, and answers, in less time.
"""

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
    layers = [model.get_layer(name) for name, _, _ in alexnet.CONVOLUTIONS]
    layers += [model.get_layer(name) for name in alexnet.DENSE]
    sizes = (*widths.filters, widths.hidden_units, widths.hidden_units)
    listeners = [*layers[1:], model.get_layer("classes")]
    heard: NDArray[np.intp] = np.arange(1)
    inputs = 1
    for layer, listener, units in zip(layers, listeners, sizes, strict=True):
        norm = _norm_of(layer, model)
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
    head = model.get_layer("classes")
    kernel = _pick(_array(head.kernel), -2, heard, inputs)
    resized.get_layer("classes").set_weights([kernel, _array(head.bias)])
    return resized


def count_units(model: keras.Model) -> Widths:
    """Of each layer."""
    listeners = [name for name, _, _ in alexnet.CONVOLUTIONS[1:]] + [alexnet.DENSE[0], "classes"]
    *filters, hidden_units = (int(model.get_layer(name).kernel.shape[-2]) for name in listeners)
    return Widths(tuple(filters), hidden_units)


def _array(values: keras.Variable) -> Array:
    array: Array = ops.convert_to_numpy(values)
    return array


def _norm_of(layer: keras.layers.Layer, model: keras.Model) -> keras.layers.Layer | None:
    """The normalisation behind a convolution."""
    name = f"{layer.name}_norm"
    return next((other for other in model.layers if other.name == name), None)


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
