"""Measure a network on digits it has not seen, whichever way it is run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from training.contract import SIGNATURE, TWIN
from training.dataset import Digits

Logits = NDArray[np.float32]
Scorer = Callable[[NDArray[np.uint8]], Logits]

CALIBRATION_BINS = 15
BATCH_SIZE = 250
REJECTED_SHARE = 0.002
"""Of validation digits, by either threshold: real digits must pass, 99.5 % of them at least."""


def score_model(model: keras.Model) -> Scorer:
    """The network in memory: images uint8 [n, 28, 28] → logits float32 [n, 10]."""
    headless = keras.Model(model.input, model.get_layer("classes").input)

    def score(images: NDArray[np.uint8]) -> Logits:
        head = model.get_layer("classes")
        features = headless.predict(images[..., None].astype(np.float32) / 255, BATCH_SIZE, 0)
        logits: Logits = features @ np.asarray(head.kernel) + np.asarray(head.bias)
        return logits

    return score


def score_saved_model(folder: Path) -> Scorer:
    """Load a version's SavedModel: images uint8 [n, 28, 28] → logits float32 [n, 10]."""
    loaded = tf.saved_model.load(folder)
    serve = loaded.signatures[SIGNATURE]

    def score(images: NDArray[np.uint8]) -> Logits:
        return np.concatenate(
            [serve(images=tf.constant(batch))["logits"].numpy() for batch in _slices(images)]
        )

    score.loaded = loaded  # type: ignore[attr-defined] # a signature alone does not keep its variables
    return score


def score_twin(path: Path) -> Scorer:
    """Load a version's int8 twin: images uint8 [n, 28, 28] → logits float32 [n, 10].

    Raises:
        FileNotFoundError: there is no twin at that path.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no twin at {path}")
    interpreter = Interpreter(str(path))
    run = interpreter.get_signature_runner(SIGNATURE)

    def score(images: NDArray[np.uint8]) -> Logits:
        return np.concatenate([run(images=batch)["logits"] for batch in _slices(images)])

    return score


def _slices(images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for start in range(0, len(images), BATCH_SIZE):
        yield images[start : start + BATCH_SIZE]


def softmax(logits: Logits) -> NDArray[np.float32]:
    """Probabilities [n, 10] of logits [n, 10]."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = weights / weights.sum(axis=1, keepdims=True)
    return probabilities


def energy(logits: Logits) -> NDArray[np.float32]:
    """Log of the summed exponentials [n]: high for what the network knows (Liu et al. 2020)."""
    peak = logits.max(axis=1)
    score: NDArray[np.float32] = peak + np.log(np.exp(logits - peak[:, None]).sum(axis=1))
    return score


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
    predicted = probabilities.argmax(axis=1)
    confusion = np.zeros((10, 10), dtype=np.int64)
    np.add.at(confusion, (labels, predicted), 1)
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


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """Expected calibration error (Naeini et al. 2015): |confidence − accuracy| over equal bins."""
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=confidence - is_right, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def agreement(one: Logits, other: Logits) -> float:
    """Share of digits on which two networks name the same class."""
    return float(np.mean(one.argmax(axis=1) == other.argmax(axis=1)))


def choose_thresholds(logits: Logits) -> dict[str, Any]:
    """Set the manifest's `reject` thresholds from validation logits alone."""
    return {
        "min_energy": float(np.quantile(energy(logits), REJECTED_SHARE)),
        "min_confidence": float(np.quantile(softmax(logits).max(axis=1), REJECTED_SHARE)),
        "chosen": f"each the {REJECTED_SHARE:.1%} quantile of the validation digits",
    }


def predict_examples(logits: Logits, digits: Digits, count: int = 10) -> list[dict[str, Any]]:
    """The first `count` digits, what they are and what the network reads."""
    probabilities = softmax(logits[:count])
    return [
        {"label": int(label), "predicted": int(row.argmax()), "confidence": float(row.max())}
        for label, row in zip(digits.labels[:count], probabilities, strict=True)
    ]


def evaluate_version(folder: Path, test: Digits) -> dict[str, Any]:
    """Measure a version folder both ways it can be run.

    Returns:
        What `measure` says of the `twin` and of the `saved_model`, the share of digits on which
        they agree, and ten example predictions of the twin.
    """
    twin = score_twin(folder / TWIN)(test.images)
    saved_model = score_saved_model(folder)(test.images)
    return {
        "twin": measure(twin, test.labels),
        "saved_model": measure(saved_model, test.labels),
        "agreement": agreement(twin, saved_model),
        "examples": predict_examples(twin, test),
    }


def describe(figures: dict[str, Any]) -> str:
    """The figures of `evaluate_version` as a table to read."""
    lines = []
    for name in ("twin", "saved_model"):
        part = figures[name]
        lines.append(
            f"{name}: accuracy {part['accuracy']:.4f}, loss {part['loss']:.4f}, "
            f"calibration error {part['calibration_error']:.4f}, {part['digits']:,} digits"
        )
    lines.append(f"twin and SavedModel agree on {figures['agreement']:.2%}")
    lines.append("digit  precision  recall  read as 0 1 2 3 4 5 6 7 8 9")
    twin = figures["twin"]
    rows = zip(twin["precision"], twin["recall"], twin["confusion"], strict=True)
    for digit, (precision, recall, counts) in enumerate(rows):
        lines.append(f"{digit:5}  {precision:9.4f}  {recall:6.4f}  {' '.join(map(str, counts))}")
    lines += [
        "is {label}, read as {predicted} ({confidence:.2%})".format(**example)
        for example in figures["examples"]
    ]
    return "\n".join(lines)
