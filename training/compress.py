"""Make the fitted network small, each weight on the int8 grid, and calibrate its confidence.

All that happens here happens to the float network, so that what is packed for TensorFlow and the
int8 twin made from it hold the same weights.
"""

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from app.scores import energy

INT8_LIMIT = 127
"""Symmetric int8, as TFLite's quantisation specification has it for weights: −127 … 127."""

SCALE_STEPS = 16
"""Mantissas of scales, 0.5 to 1, are multiples of its reciprocal: off by 6 % at most."""

HEADROOM = 1e-12
"""Keeps an all-zero channel's scale from being zero."""


def quantise(model: keras.Model) -> None:
    """Round every kernel to 255 levels an output channel, in place.

    The largest weight of a channel becomes the outermost level, so TFLite's converter finds the
    same scale and its int8 weights are these, exactly. Scales are rounded to 4 bits: a level times
    a scale then fills 11 of a float's 24 bits, and the variables pack to about two thirds.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            layer.kernel.assign(_quantise(ops.convert_to_numpy(layer.kernel)))


def _quantise(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Levels times scales, of a kernel whose last axis is the output channel."""
    sizes = np.abs(values)
    largest = sizes.max(axis=tuple(range(values.ndim - 1)))
    mantissa, exponent = np.frexp(np.maximum(largest, HEADROOM) / INT8_LIMIT)
    scale = np.ldexp(np.round(mantissa * SCALE_STEPS) / SCALE_STEPS, exponent)
    levels = np.clip(np.round(values / scale), -INT8_LIMIT, INT8_LIMIT)
    levels = np.where(sizes == largest, np.sign(values) * INT8_LIMIT, levels)
    rounded: NDArray[np.float32] = (levels * scale).astype(np.float32)
    return rounded


def calibrate(model: keras.Model, logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """Divide the logits by the temperature that makes validation digits most likely.

    Guo et al. 2017, "On Calibration of Modern Neural Networks". The temperature is folded into the
    last layer, where it costs nothing.

    Args:
        model: changed in place.
        logits: float32 [n, 10], of validation digits.
        labels: uint8 [n], theirs.

    Returns:
        The temperature; above 1 the network was too sure of itself.
    """
    temperatures = np.geomspace(0.25, 4, 241)
    losses = [_cross_entropy(logits / t, labels) for t in temperatures]
    temperature = float(temperatures[int(np.argmin(losses))])
    head = model.get_layer("classes")
    head.kernel.assign(head.kernel / temperature)
    head.bias.assign(head.bias / temperature)
    return temperature


def _cross_entropy(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    return float(np.mean(energy(logits) - logits[np.arange(len(labels)), labels]))
