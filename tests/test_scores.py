"""What logits say, beside what they say one at a time."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.scores import ENERGY, LOGITS, PROBABILITIES, energy, scoring, softmax

ROUNDING = 20 * np.finfo(np.float64).eps
"""Of two logarithms of ten terms' sum: an energy near zero is what they leave of larger numbers."""


@pytest.fixture
def logits() -> np.ndarray:
    """Of seven digits, some far apart and some alike."""
    rng = np.random.default_rng(0)
    found = rng.normal(0, 8, (7, 10)).astype(np.float32)
    found[0] = 3.0
    return found


def test_a_batch_says_what_each_row_says(logits: np.ndarray) -> None:
    """The logits are kept to the bit, the probabilities to six decimals."""
    scores = scoring(lambda _: logits)(np.zeros((7, 28, 28), np.uint8))

    for row, each in zip(scores, logits.astype(np.float64), strict=True):
        assert row[LOGITS] == each.tolist()
        np.testing.assert_allclose(row[PROBABILITIES], softmax(each[None])[0], atol=5.1e-7)
        assert row[ENERGY] == energy(each[None])[0]
        assert all(round(value, 6) == value for value in row[PROBABILITIES])


@given(logits=arrays(np.float32, (3, 10), elements=st.floats(-1e4, 1e4, width=32)))
@example(np.array([[0.0] + [-14.0] * 9] * 3, np.float32))
def test_a_row_alone_says_what_it_says_in_a_batch(logits: np.ndarray) -> None:
    """It is worked out another way, to the same but for a last decimal that lies between two."""
    together = scoring(lambda _: logits)(np.zeros((3, 28, 28), np.uint8))

    for row, each in zip(together, logits, strict=True):
        (alone,) = scoring(lambda _, each=each: each[None])(np.zeros((1, 28, 28), np.uint8))
        assert alone[LOGITS] == row[LOGITS]
        np.testing.assert_allclose(alone[PROBABILITIES], row[PROBABILITIES], atol=1.01e-6)
        np.testing.assert_allclose(alone[ENERGY], row[ENERGY], rtol=1e-12, atol=ROUNDING)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_stays_none(logits: np.ndarray, bad: float) -> None:
    """So that the batcher refuses the batch."""
    logits[3, 4] = bad
    with np.errstate(invalid="ignore"):
        scores = scoring(lambda _: logits)(np.zeros((7, 28, 28), np.uint8))
    alone = scoring(lambda _: logits[3:4])(np.zeros((1, 28, 28), np.uint8))

    assert not np.isfinite(scores[3]).all()
    assert np.isfinite(scores[2]).all()
    assert not np.isfinite(alone).all()


def test_softmax_and_energy_by_hand() -> None:
    """Against their formulas, and where the plain formulas would overflow."""
    row = np.array([[0.0, math.log(3)]], np.float32)

    np.testing.assert_allclose(softmax(row), [[0.25, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(energy(row), [math.log(4)], rtol=1e-6)
    np.testing.assert_allclose(energy(row + 1000), [1000 + math.log(4)], rtol=1e-6)


def test_softmax_and_energy_by_their_formulas() -> None:
    """Both are what the naive formulas give, where those can be computed."""
    logits = np.random.default_rng(0).normal(0, 4, (100, 10)).astype(np.float32)
    weights = np.exp(logits.astype(np.float64))

    np.testing.assert_allclose(
        softmax(logits), weights / weights.sum(axis=1, keepdims=True), rtol=1e-4
    )
    np.testing.assert_allclose(energy(logits), np.log(weights.sum(axis=1)), rtol=1e-5, atol=1e-5)


def test_softmax_and_energy_of_large_logits() -> None:
    """Logits whose exponentials no float holds give finite answers."""
    logits = np.array([[1000, 1000, *[-1000] * 8]], np.float32)

    np.testing.assert_allclose(softmax(logits)[0], [0.5, 0.5, *[0] * 8])
    np.testing.assert_allclose(energy(logits), [1000 + np.log(2)], rtol=1e-6)
