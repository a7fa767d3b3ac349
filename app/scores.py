"""What an engine's logits say, worked out a batch at a time and beside the event loop."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

LOGITS, PROBABILITIES, ENERGY = slice(0, 10), slice(10, 20), 20
"""Places in a row of what `scoring` gives."""

DECIMALS = 6
"""Of a probability: finer than the int8 engine tells apart, and half the bytes of them all."""

Scores = list[list[float]]
"""Of each picture a row of 21; plain floats, as they are judged and answered one by one."""


def scoring(
    engine: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
) -> Callable[[NDArray[np.uint8]], Scores]:
    """An engine that gives its logits with their probabilities and their energy.

    Args:
        engine: images uint8 [n, 28, 28] → logits float32 [n, 10].

    Returns:
        Images → of each its logits, probabilities and energy.
    """

    def score(images: NDArray[np.uint8]) -> Scores:
        logits = engine(images)
        if len(logits) == 1:
            return [_score_alone(logits.tolist()[0])]
        peak, weights, total = _weigh(logits.astype(np.float64))
        found = np.empty((len(logits), ENERGY + 1))
        found[:, LOGITS] = logits
        found[:, PROBABILITIES] = weights / total
        np.round(found[:, PROBABILITIES], DECIMALS, out=found[:, PROBABILITIES])
        found[:, ENERGY] = (peak + np.log(total))[:, 0]
        return found.tolist()

    return score


def _score_alone(logits: list[float]) -> list[float]:
    """The same of one picture, without NumPy.

    The network's weights have just driven all else out of the processor's caches: to fetch the code
    of NumPy's reductions again takes several times as long as to compute with ten floats.
    """
    peak = max(logits)
    weights = [math.exp(logit - peak) for logit in logits]
    total = sum(weights)
    probabilities = [round(weight / total, DECIMALS) for weight in weights]
    return [*logits, *probabilities, peak + math.log(total)]


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities [n, 10] of logits [n, 10]."""
    _, weights, total = _weigh(logits)
    probabilities: NDArray[np.float32] = weights / total
    return probabilities


def energy(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log of the summed exponentials [n] of logits [n, 10], high for what is known.

    Liu et al. 2020, "Energy-based Out-of-distribution Detection".
    """
    peak, _, total = _weigh(logits)
    score: NDArray[np.float32] = (peak + np.log(total))[:, 0]
    return score


def _weigh(logits: NDArray[np.floating]) -> tuple[NDArray[np.floating], ...]:
    """The largest logit [n, 1], the exponentials below it [n, 10], and their sum [n, 1]."""
    peak = logits.max(axis=1, keepdims=True)
    weights = np.exp(logits - peak)
    return peak, weights, weights.sum(axis=1, keepdims=True)
