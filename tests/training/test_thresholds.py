"""What is accepted: by both scores, at thresholds that validation digits set."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.scores import energy, softmax
from training.thresholds import REFUSED_SHARE, Thresholds, choose_thresholds, read_thresholds


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that starts the same way in every test."""
    return np.random.default_rng(2)


@pytest.mark.parametrize("scale", [3.0, np.linspace(0.1, 3, 5000)[:, None]], ids=["apart", "alike"])
def test_thresholds_let_real_digits_pass(
    rng: np.random.Generator, scale: float | NDArray[np.float64]
) -> None:
    """Of the digits they were chosen on the confidence refuses a share, the energy no other."""
    logits = (scale * rng.normal(0, 1, (5000, 10))).astype(np.float32)
    thresholds = choose_thresholds(logits)
    is_known = energy(logits) >= thresholds["min_energy"]
    is_sure = softmax(logits).max(axis=1) >= thresholds["min_confidence"]

    assert np.mean(is_known & is_sure) >= 0.995
    assert np.mean(~is_known | ~is_sure) == pytest.approx(REFUSED_SHARE, abs=2 / 5000)
    assert is_known[is_sure].all()
    assert energy(logits)[is_sure].min() == thresholds["min_energy"]
    assert "validation" in thresholds["chosen"]


def test_thresholds_accept_by_both_scores() -> None:
    """A reading is accepted if it is like a digit and sure; each alone is not enough."""
    logits = np.full((4, 10), -20, np.float32)
    logits[0, 3] = 10
    logits[1, 3] = 4
    logits[2, [3, 5]] = 10
    logits[3] = np.nan
    accepted = Thresholds(min_energy=5.0, min_confidence=0.6).accept(logits)

    assert accepted.tolist() == [True, False, False, False]


def test_threshold_itself_is_accepted() -> None:
    """As in the service, what is not below the threshold passes."""
    logits = np.array([[0, *[-30] * 9]], np.float32)
    scores = float(energy(logits)[0]), float(softmax(logits).max())

    assert Thresholds(*scores).accept(logits).all()


def test_thresholds_are_read_from_what_was_chosen(rng: np.random.Generator) -> None:
    """What `choose_thresholds` writes into a manifest, `read_thresholds` understands."""
    chosen = choose_thresholds(rng.normal(0, 3, (1000, 10)).astype(np.float32))
    thresholds = read_thresholds(chosen)

    assert thresholds.min_energy == chosen["min_energy"]
    assert thresholds.min_confidence == chosen["min_confidence"]


@pytest.mark.parametrize(
    ("reject", "error"),
    [
        ({"min_energy": 3.0}, KeyError),
        ({"min_energy": "much", "min_confidence": 0.5}, ValueError),
        ({"min_energy": float("nan"), "min_confidence": 0.5}, ValueError),
        ({"min_energy": 3.0, "min_confidence": None}, TypeError),
    ],
    ids=str,
)
def test_no_threshold_is_guessed(reject: dict[str, object], error: type[Exception]) -> None:
    """A threshold that is missing or no number is an error."""
    with pytest.raises(error):
        read_thresholds(reject)
