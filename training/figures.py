"""What logits say of digits, in figures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.scores import softmax
from training.dataset import Digits
from training.scorers import Logits

CALIBRATION_BINS = 15

EXAMPLES = 10
"""Readings that a manifest shows."""


def auroc(known: NDArray[np.float32], unknown: NDArray[np.float32]) -> float:
    """How likely one of `known` scores higher than one of `unknown`; ties count half.

    The area under the ROC curve by way of ranks (Mann and Whitney 1947).
    """
    below = np.sort(unknown)
    lower = np.searchsorted(below, known, side="left")
    not_higher = np.searchsorted(below, known, side="right")
    return float((lower + not_higher).mean() / 2 / len(unknown))


def measure(logits: Logits, labels: NDArray[np.uint8]) -> dict[str, Any]:
    """Every figure of one set of digits.

    Args:
        logits: float32 [n, 10].
        labels: uint8 [n].

    Returns:
        digits, accuracy, loss (mean cross-entropy, nats), calibration_error (expected, 15 bins),
        precision and recall by class, and the confusion matrix, rows the truth. A class that was
        never predicted has precision 0.
    """
    probabilities = softmax(logits)
    confusion = confuse(logits, labels)
    hits = confusion.diagonal()
    likelihood = probabilities[np.arange(len(labels)), labels]
    return {
        "digits": len(labels),
        "accuracy": float(hits.sum() / len(labels)),
        "loss": float(-np.log(np.maximum(likelihood, 1e-12)).mean()),
        "calibration_error": calibration_error(probabilities, labels),
        "precision": (hits / np.maximum(confusion.sum(axis=0), 1)).tolist(),
        "recall": (hits / np.maximum(confusion.sum(axis=1), 1)).tolist(),
        "confusion": confusion.tolist(),
    }


def confuse(logits: Logits, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often each digit was read as which: int64 [10, 10], rows the truth."""
    confusion = np.zeros((10, 10), dtype=np.int64)
    np.add.at(confusion, (labels, logits.argmax(axis=1)), 1)
    return confusion


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """Expected calibration error (Naeini et al. 2015): |confidence − accuracy| over equal bins."""
    _, confidence, right = bin_by_confidence(probabilities, labels)
    return float(np.abs(confidence - right).sum() / len(labels))


def bin_by_confidence(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """What is in each of 15 equal bins of confidence.

    Returns:
        float64 [3, 15]: how many readings, the sum of their confidences, how many of them right.
    """
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return np.stack(
        [
            np.bincount(bins, weights=weights, minlength=CALIBRATION_BINS)
            for weights in (np.ones(len(labels)), confidence, is_right)
        ]
    )


def agreement(one: Logits, other: Logits) -> float:
    """Share of digits on which two networks name the same class."""
    return float(np.mean(one.argmax(axis=1) == other.argmax(axis=1)))


def predict_examples(logits: Logits, digits: Digits) -> list[dict[str, Any]]:
    """The first digits, what they are and what the network reads."""
    probabilities = softmax(logits[:EXAMPLES])
    return [
        {"label": int(label), "predicted": int(row.argmax()), "confidence": float(row.max())}
        for label, row in zip(digits.labels[:EXAMPLES], probabilities, strict=True)
    ]


def compare(twin: Logits, saved_model: Logits, test: Digits) -> dict[str, Any]:
    """Measure what the twin and the SavedModel said of the same digits.

    Returns:
        What `measure` says of the `twin` and of the `saved_model`, the share of digits on which
        they agree, and ten example predictions of the twin.
    """
    return {
        "twin": measure(twin, test.labels),
        "saved_model": measure(saved_model, test.labels),
        "agreement": agreement(twin, saved_model),
        "examples": predict_examples(twin, test),
    }


def describe(figures: dict[str, Any]) -> str:
    """The figures of `compare` as a table to read."""
    lines = []
    for name in ("twin", "saved_model"):
        part = figures[name]
        lines.append(
            f"{name}: accuracy {part['accuracy']:.4f}, loss {part['loss']:.4f}, "
            f"calibration error {part['calibration_error']:.4f}, {part['digits']:,} digits"
        )
    lines.append(f"twin and SavedModel agree on {figures['agreement']:.2%}")
    lines += describe_classes(figures["twin"])
    lines += [
        "is {label}, read as {predicted} ({confidence:.2%})".format(**example)
        for example in figures["examples"]
    ]
    return "\n".join(lines)


def describe_classes(figures: dict[str, Any]) -> list[str]:
    """What `measure` says of each digit, as the lines of a table."""
    rows = zip(figures["precision"], figures["recall"], figures["confusion"], strict=True)
    return ["digit  precision  recall  read as 0 1 2 3 4 5 6 7 8 9"] + [
        f"{digit:5}  {precision:9.4f}  {recall:6.4f}  {' '.join(map(str, counts))}"
        for digit, (precision, recall, counts) in enumerate(rows)
    ]
