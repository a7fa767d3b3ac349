"""Every figure is what its formula says, on logits small enough to count by hand."""

import keras
import numpy as np
import pytest

from training.dataset import Digits
from training.evaluate import (
    agreement,
    calibration_error,
    choose_thresholds,
    energy,
    measure,
    predict_examples,
    score_model,
    softmax,
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


def test_softmax_and_energy(rng: np.random.Generator) -> None:
    """Both are what the naive formulas give, where those can be computed."""
    logits = rng.normal(0, 4, (100, 10)).astype(np.float32)
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


def test_agreement_counts_answers() -> None:
    """Networks agree where they name the same class, however sure they are."""
    one, other = logits_for([1, 2, 3, 4], 0.9), logits_for([1, 2, 3, 5], 0.4)

    assert agreement(one, other) == 0.75


def test_thresholds_let_real_digits_pass(rng: np.random.Generator) -> None:
    """Both thresholds together pass 99.5 % of the digits that they were chosen on, not all."""
    logits = rng.normal(0, 3, (5000, 10)).astype(np.float32)
    thresholds = choose_thresholds(logits)
    is_known = energy(logits) >= thresholds["min_energy"]
    is_sure = softmax(logits).max(axis=1) >= thresholds["min_confidence"]

    assert np.mean(is_known & is_sure) >= 0.995
    assert not is_known.all()
    assert not is_sure.all()
    assert "validation" in thresholds["chosen"]


def test_examples_are_the_first_digits() -> None:
    """Each example has what the digit is, what was read and how surely."""
    digits = Digits(np.zeros((3, 28, 28), np.uint8), np.array([4, 9, 1], np.uint8))
    examples = predict_examples(logits_for([4, 7, 1], 0.91), digits, count=2)

    assert [(example["label"], example["predicted"]) for example in examples] == [(4, 4), (9, 7)]
    assert examples[0]["confidence"] == pytest.approx(0.91)


def test_model_is_scored_before_its_softmax(rng: np.random.Generator) -> None:
    """The logits of a network are those that its softmax turns into its probabilities."""
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="classes")(x))
    images = rng.integers(0, 256, (7, 28, 28), dtype=np.uint8)
    logits = score_model(model)(images)

    probabilities = model(images[..., None].astype(np.float32) / 255).numpy()
    assert logits.shape == (7, 10)
    np.testing.assert_allclose(softmax(logits), probabilities, rtol=1e-3)
