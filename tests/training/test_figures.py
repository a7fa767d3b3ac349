"""Every figure is what its formula says, on logits small enough to count by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.dataset import Digits
from training.figures import (
    agreement,
    auroc,
    bin_by_confidence,
    calibration_error,
    measure,
    predict_examples,
)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that starts the same way in every test."""
    return np.random.default_rng(2)


def logits_for(predicted: list[int], probability: float) -> np.ndarray:
    """Logits that give each of these classes the probability and share out the rest."""
    rest = (1 - probability) / 9
    probabilities = np.full((len(predicted), 10), rest)
    probabilities[np.arange(len(predicted)), predicted] = probability
    return np.log(probabilities).astype(np.float32)


def test_measure_counts() -> None:
    """Four digits, three right: one of two zeros was read as a 6."""
    labels = np.array([0, 0, 6, 7], np.uint8)
    figures = measure(logits_for([0, 6, 6, 7], 0.91), labels)

    confusion = np.zeros((10, 10), int)
    confusion[0, 0] = confusion[0, 6] = confusion[6, 6] = confusion[7, 7] = 1
    assert figures["digits"] == 4
    assert figures["accuracy"] == 0.75
    assert figures["confusion"] == confusion.tolist()
    assert figures["precision"] == [1, 0, 0, 0, 0, 0, 0.5, 1, 0, 0]
    assert figures["recall"] == [0.5, 0, 0, 0, 0, 0, 1, 1, 0, 0]


def test_measure_weighs_the_likelihood() -> None:
    """The loss is the mean of −ln of what the true class was given: 0.91, and once 0.01."""
    labels = np.array([0, 0, 6, 7], np.uint8)
    figures = measure(logits_for([0, 6, 6, 7], 0.91), labels)

    assert figures["loss"] == pytest.approx(-(3 * np.log(0.91) + np.log(0.01)) / 4, rel=1e-5)
    assert figures["calibration_error"] == pytest.approx(0.91 - 0.75, abs=1e-6)


def test_certain_mistake_has_a_finite_loss() -> None:
    """A probability of zero for the truth does not make the mean infinite."""
    logits = np.full((1, 10), -500, np.float32)
    logits[0, 3] = 500

    assert np.isfinite(measure(logits, np.array([5], np.uint8))["loss"])


def test_calibration_error_by_hand() -> None:
    """Bins count by their share: six digits at 0.7 of which 3 are right, four at 0.95, all right.

    6/10·|0.7 − 0.5| + 4/10·|0.95 − 1| = 0.14.
    """
    probabilities = np.concatenate(
        [np.exp(logits_for([1] * 6, 0.7)), np.exp(logits_for([2] * 4, 0.95))]
    )
    labels = np.array([1, 1, 1, 4, 5, 6, 2, 2, 2, 2], np.uint8)

    assert calibration_error(probabilities, labels) == pytest.approx(0.14, abs=1e-6)


def test_calibration_error_of_certainty() -> None:
    """A confidence of exactly one falls into the last bin; right, it costs nothing, wrong, all."""
    probabilities = np.eye(10, dtype=np.float32)

    assert calibration_error(probabilities, np.arange(10, dtype=np.uint8)) == 0
    assert calibration_error(probabilities, np.roll(np.arange(10), 1).astype(np.uint8)) == 1


def test_agreement_counts_answers() -> None:
    """Networks agree where they name the same class, however sure they are."""
    one, other = logits_for([1, 2, 3, 4], 0.9), logits_for([1, 2, 3, 5], 0.4)

    assert agreement(one, other) == 0.75


def test_examples_are_the_first_digits() -> None:
    """Each example has what the digit is, what was read and how surely."""
    labels = np.arange(20, dtype=np.uint8) % 10
    digits = Digits(np.zeros((20, 28, 28), np.uint8), labels)
    examples = predict_examples(logits_for([0, 7, *labels[2:]], 0.91), digits)

    assert len(examples) == 10
    first = [(example["label"], example["predicted"]) for example in examples[:3]]
    assert first == [(0, 0), (1, 7), (2, 2)]
    assert examples[0]["confidence"] == pytest.approx(0.91)


def test_auroc_by_hand() -> None:
    """Of the six pairs of 1, 3, 5 with 2, 4, the known one is higher in three."""
    known, unknown = np.array([1, 3, 5], np.float32), np.array([2, 4], np.float32)

    assert auroc(known, unknown) == pytest.approx(3 / 6)
    assert auroc(unknown, known) == pytest.approx(3 / 6)
    assert auroc(np.array([5, 3], np.float32), unknown) == pytest.approx(3 / 4)


def test_auroc_counts_ties_half() -> None:
    """A detector that scores all alike is a coin, and a tie is half a pair."""
    ones, mixed = np.ones(7, np.float32), np.array([0, 1, 1, 2], np.float32)

    assert auroc(ones, np.ones(3, np.float32)) == 0.5
    assert auroc(mixed, np.array([1], np.float32)) == pytest.approx((0 + 0.5 + 0.5 + 1) / 4)


def test_auroc_of_a_perfect_detector() -> None:
    """One where all known ones are higher, zero where all are lower."""
    low, high = np.arange(5, dtype=np.float32), np.arange(10, 13, dtype=np.float32)

    assert auroc(high, low) == 1
    assert auroc(low, high) == 0


def test_auroc_agrees_with_scikit_learn(rng: np.random.Generator) -> None:
    """On scores with many ties it is what the library has."""
    known = rng.integers(3, 12, 300).astype(np.float32)
    unknown = rng.integers(0, 9, 200).astype(np.float32)
    labels = np.concatenate([np.ones(300), np.zeros(200)])

    expected = roc_auc_score(labels, np.concatenate([known, unknown]))
    assert auroc(known, unknown) == pytest.approx(expected)


def test_bins_hold_every_reading() -> None:
    """Six digits at 0.7 of which three are right, four at 0.95, all right: two bins of fifteen."""
    probabilities = np.concatenate(
        [np.exp(logits_for([1] * 6, 0.7)), np.exp(logits_for([2] * 4, 0.95))]
    )
    labels = np.array([1, 1, 1, 4, 5, 6, 2, 2, 2, 2], np.uint8)
    counts, confidence, right = bin_by_confidence(probabilities, labels)

    assert counts[[10, 14]].tolist() == [6, 4]
    assert counts.sum() == 10
    np.testing.assert_allclose(confidence[[10, 14]], [4.2, 3.8], rtol=1e-5)
    assert right[[10, 14]].tolist() == [3, 4]
