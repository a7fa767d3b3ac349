"""Which digits a network is unsure of: what is fitted after it sees those more often.

Most digits are read right after an epoch or two, and every later one shows what is known already.
They are drawn by how near the probability of their label is to one half, as Chang, Learned-Miller
and McCallum 2017, "Active Bias: Training More Accurate Neural Networks by Emphasizing High Variance
Samples", draw them: a digit that anybody can read has little weight, and so has one whose label the
network does not believe at all, because it is wrong.
"""

import keras
import numpy as np
from numpy.typing import NDArray

from training import chance
from training.config import PEOPLES
from training.dataset import Digits, scale
from training.warping import warp

VIEWS = 4
"""Of each digit: as it was written, and moved half as far as people's differ."""

LEAST = 0.002
"""Added to every digit's doubt, whose median is 0.014: none is left out."""

PART = 5_000
"""Digits that are moved at once: all of them would take four gigabytes on the way."""

BATCH_SIZE = 500

Odds = NDArray[np.float64]


def doubt(model: keras.Model, digits: Digits, seed: int) -> Odds:
    """Tell how often each digit is to be drawn.

    Args:
        model: float32 [n, 28, 28, 1] in 0–1 → probabilities float32 [n, 10]; has begun to learn.
        digits: that it learns from.
        seed: of the run; fixes how they are moved.

    Returns:
        Float64 [n], which add up to 1.
    """
    rng = chance.generator(seed, "doubt")
    parts = np.split(np.arange(len(digits)), range(PART, len(digits), PART))
    doubted = np.concatenate([_doubt(model, digits.take(part), rng) for part in parts])
    odds: Odds = doubted / doubted.sum()
    return odds


def _doubt(model: keras.Model, digits: Digits, rng: np.random.Generator) -> NDArray[np.float64]:
    """The mean of p (1 − p) over a few views of each digit, p that of its label, and `LEAST`."""
    pictures = scale(digits.images)
    doubted = np.full(len(digits), LEAST)
    for view in range(VIEWS):
        shown = warp(pictures, PEOPLES.times(0.5), rng) if view else pictures
        said = model.predict(shown[..., None], BATCH_SIZE, 0)
        right = said[np.arange(len(digits)), digits.labels].astype(np.float64)
        doubted += right * (1 - right) / VIEWS
    return doubted
