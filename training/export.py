"""Write the version folder: the SavedModel, its int8 twin, golden digits, report and manifest."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from app.contract import EXTRA, GOLDEN, MANIFEST, NAME, SCHEMA, SIGNATURE, TWIN
from app.scores import softmax
from training.dataset import Digits
from training.scorers import score_twin

GOLDEN_PER_CLASS = 4


class Served(tf.Module):  # type: ignore[misc] # TensorFlow publishes no types
    """The network behind the signature that is served.

    Holds the bare variables and a function of them. A Keras model among its attributes would be
    saved too, with every weight a second time.

    Attributes:
        serve: images uint8 [n, 28, 28] → probabilities and logits, float32 [n, 10].
    """

    def __init__(self, model: keras.Model) -> None:
        """Split the network before its softmax, so that logits come out."""
        super().__init__(name=NAME)
        self.weights = [variable.value for variable in model.weights]
        head = model.get_layer("classes")
        body = keras.Model(model.input, head.input)

        def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
            digits = tf.cast(images, tf.float32)[..., tf.newaxis] / 255.0
            features = body(digits, training=False)
            logits = tf.matmul(features, head.kernel.value) + head.bias.value
            return {"probabilities": tf.nn.softmax(logits), "logits": logits}

        images = tf.TensorSpec([None, 28, 28], tf.uint8, name="images")
        self.serve = tf.function(serve, input_signature=[images])


def write_saved_model(model: keras.Model, folder: Path) -> None:
    """Write the SavedModel into a folder.

    Args:
        model: float32 [n, 28, 28, 1] in 0–1 → probabilities.
        folder: where the version is being written.
    """
    served = Served(model)
    signature = served.serve.get_concrete_function()
    tf.saved_model.save(served, folder, signatures={SIGNATURE: signature})


def write_twin(model: keras.Model, folder: Path) -> None:
    """Write the int8 twin into the folder that holds the SavedModel.

    The twin is quantised dynamically: int8 weights, and activations that are brought to int8 row by
    row while they are computed. With ranges fixed beforehand the twin was no faster and, of 6,000
    validation digits, read 4 or 5 otherwise than the same float network; this way, none.

    Args:
        model: float32 [n, 28, 28, 1] in 0–1 → probabilities; its kernels on the int8 grid.
        folder: where the version is being written.
    """
    with tempfile.TemporaryDirectory() as source:
        write_saved_model(model, Path(source))
        converter = tf.lite.TFLiteConverter.from_saved_model(source, signature_keys=[SIGNATURE])
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        (folder / EXTRA).mkdir()
        (folder / TWIN).write_bytes(converter.convert())


def write_golden(folder: Path, validation: Digits) -> None:
    """Keep a few digits of each class with the probabilities that the twin gives them."""
    places = [np.flatnonzero(validation.labels == label)[:GOLDEN_PER_CLASS] for label in range(10)]
    golden = validation.take(np.concatenate(places))
    probabilities = softmax(score_twin(folder / TWIN)(golden.images))
    np.savez_compressed(
        folder / GOLDEN,
        images=golden.images,
        labels=golden.labels,
        probabilities=probabilities,
    )


def write_manifest(folder: Path, version: int, facts: dict[str, Any]) -> None:
    """Write the manifest, last of all files, with the SHA-256 of each other one."""
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {"schema": SCHEMA, "name": NAME, "version": version, **facts, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")


def next_version(models: Path) -> int:
    """One more than the highest version there is."""
    numbers = [int(path.name) for path in (models / NAME).glob("*") if path.name.isdecimal()]
    return max(numbers, default=0) + 1


@contextmanager
def written_aside(models: Path, version: int) -> Iterator[Path]:
    """Give a folder to write a version into; it takes its place when all went well.

    A run that is killed leaves a folder whose name is no number, which no reader takes for a
    version and the next run removes.

    Raises:
        FileExistsError: that version exists.
    """
    home = models / NAME
    target = home / str(version)
    if target.exists():
        raise FileExistsError(f"version {version} exists already in {home}")
    aside = home / f".aside-{version}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
