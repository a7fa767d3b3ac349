"""Run a network whichever way it can be run, and put what its logits say into figures."""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from app.contract import SIGNATURE
from app.scores import energy, softmax
from training.dataset import Digits, scale

Logits = NDArray[np.float32]
Scorer = Callable[[NDArray[np.uint8]], Logits]
"""Images uint8 [n, 28, 28] → logits float32 [n, 10]; raises `NoNumbers`."""

CALIBRATION_BINS = 15
BATCH_SIZE = 250
UNLIKE_SHARE, UNSURE_SHARE = 0.002, 0.003
"""Of validation digits, refused by either threshold: 99.5 % at least must pass both. Shared out so,
21 of the 28 misread ones are accepted, and 2.1 % of the outliers made for validation; with 0.4 %
and 0.1 % it was 24 and 1.5 %."""


class NoNumbers(Exception):
    """A network answers NaN or infinity, which would be taken for some digit."""


def score_model(model: keras.Model) -> Scorer:
    """The network in memory: images uint8 [n, 28, 28] → logits float32 [n, 10]."""
    headless = keras.Model(model.input, model.get_layer("classes").input)

    def score(images: NDArray[np.uint8]) -> Logits:
        head = model.get_layer("classes")
        features = headless.predict(scale(images)[..., None], BATCH_SIZE, 0)
        logits: Logits = features @ np.asarray(head.kernel) + np.asarray(head.bias)
        return logits

    return _checked(score, "the network")


def score_saved_model(folder: Path) -> Scorer:
    """Load a version's SavedModel: images uint8 [n, 28, 28] → logits float32 [n, 10]."""
    loaded = tf.saved_model.load(folder)

    def score(images: NDArray[np.uint8]) -> Logits:
        # By way of `loaded`: a signature alone does not keep its variables.
        serve = loaded.signatures[SIGNATURE]
        return np.concatenate(
            [serve(images=tf.constant(batch))["logits"].numpy() for batch in _slices(images)]
        )

    return _checked(score, f"the SavedModel in {folder}")


def score_twin(path: Path) -> Scorer:
    """Load a version's int8 twin: images uint8 [n, 28, 28] → logits float32 [n, 10].

    Raises:
        FileNotFoundError: there is no twin at that path.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no twin at {path}")
    interpreter = Interpreter(str(path), num_threads=os.cpu_count())
    run = interpreter.get_signature_runner(SIGNATURE)

    def score(images: NDArray[np.uint8]) -> Logits:
        return np.concatenate([run(images=batch)["logits"] for batch in _slices(images)])

    return _checked(score, f"the twin {path}")


def _checked(score: Scorer, name: str) -> Scorer:
    def score_checked(images: NDArray[np.uint8]) -> Logits:
        logits = score(images)
        if not np.isfinite(logits).all():
            raise NoNumbers(f"{name} answers logits that are no numbers")
        return logits

    return score_checked


def _slices(images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for start in range(0, len(images), BATCH_SIZE):
        yield images[start : start + BATCH_SIZE]


LIKENESS = "energy"
"""What the manifest and the plots call `digit_likeness`."""


def digit_likeness(logits: Logits) -> NDArray[np.float32]:
    """How much like a digit at all each picture [n] is: the score that `Thresholds` judges."""
    return energy(logits)


@dataclass(frozen=True)
class Thresholds:
    """Below which a reading is not accepted: the numbers of the manifest's `reject`.

    Attributes:
        min_likeness: of `digit_likeness`.
        min_confidence: of the largest probability.
    """

    min_likeness: float
    min_confidence: float

    def accept(self, logits: Logits) -> NDArray[np.bool_]:
        """Which readings [n] the service accepts."""
        is_known = digit_likeness(logits) >= self.min_likeness
        is_sure = softmax(logits).max(axis=1) >= self.min_confidence
        accepted: NDArray[np.bool_] = is_known & is_sure
        return accepted


def read_thresholds(reject: Mapping[str, Any]) -> Thresholds:
    """Read a manifest's `reject`.

    Raises:
        KeyError: a threshold is missing.
        ValueError: one is no finite number.
    """
    thresholds = Thresholds(float(reject[f"min_{LIKENESS}"]), float(reject["min_confidence"]))
    for name, value in asdict(thresholds).items():
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}")
    return thresholds


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


def choose_thresholds(logits: Logits) -> dict[str, Any]:
    """Set the manifest's `reject` thresholds from validation logits alone."""
    return {
        f"min_{LIKENESS}": float(np.quantile(digit_likeness(logits), UNLIKE_SHARE)),
        "min_confidence": float(np.quantile(softmax(logits).max(axis=1), UNSURE_SHARE)),
        "chosen": f"the {UNLIKE_SHARE:.1%} quantile of the validation digits' {LIKENESS}, "
        f"and the {UNSURE_SHARE:.1%} quantile of their confidence",
    }


def predict_examples(logits: Logits, digits: Digits, count: int = 10) -> list[dict[str, Any]]:
    """The first `count` digits, what they are and what the network reads."""
    probabilities = softmax(logits[:count])
    return [
        {"label": int(label), "predicted": int(row.argmax()), "confidence": float(row.max())}
        for label, row in zip(digits.labels[:count], probabilities, strict=True)
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
