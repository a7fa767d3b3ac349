"""Run a network whichever way it can be run: pictures in, logits out."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from app.contract import SIGNATURE
from training.dataset import scale

Logits = NDArray[np.float32]
Scorer = Callable[[NDArray[np.uint8]], Logits]
"""Images uint8 [n, 28, 28] → logits float32 [n, 10]; raises `NoNumbers`."""

BATCH_SIZE = 250


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
