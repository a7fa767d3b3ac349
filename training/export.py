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
from numpy.typing import NDArray

from training.contract import EXTRA, GOLDEN, MANIFEST, NAME, SCHEMA, SIGNATURE, TWIN
from training.dataset import Digits
from training.evaluate import score_twin, softmax

GOLDEN_PER_CLASS = 4


class Served(tf.Module):  # type: ignore[misc] # TensorFlow publishes no types
    """The network behind the signature that is served.

    Holds the bare variables: exporting the Keras model would store each weight twice.
    """

    def __init__(self, model: keras.Model) -> None:
        """Split the network before its softmax, so that logits come out too."""
        super().__init__(name=NAME)
        self.weights = [variable.value for variable in model.weights]
        head = model.get_layer("classes")
        self._body = keras.Model(model.input, head.input)
        self._head = (head.kernel.value, head.bias.value)
        shape = [None, 28, 28]
        self.serve = tf.function(
            self._serve, input_signature=[tf.TensorSpec(shape, tf.uint8, name="images")]
        )
        self.serve_logits = tf.function(
            self._serve_logits, input_signature=[tf.TensorSpec(shape, tf.float32, name="images")]
        )

    def _serve(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Images uint8 [n, 28, 28] → probabilities and logits, float32 [n, 10]."""
        logits = self.compute_logits(tf.cast(images, tf.float32))
        return {"probabilities": tf.nn.softmax(logits), "logits": logits}

    def _serve_logits(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the twin is converted from: 0–255 as floats, which the converter makes uint8.

        Without the softmax: on the int8 grid it would know 256 probabilities, and none above
        99.6 %.
        """
        return {"logits": self.compute_logits(images)}

    def compute_logits(self, images: tf.Tensor) -> tf.Tensor:
        """Scale to 0–1 and run the network up to its softmax."""
        kernel, bias = self._head
        features = self._body(images[..., tf.newaxis] / 255.0, training=False)
        return tf.matmul(features, kernel) + bias


def write_networks(model: keras.Model, folder: Path, calibration: NDArray[np.uint8]) -> None:
    """Write the SavedModel and its twin into a folder.

    Args:
        model: float32 [n, 28, 28, 1] in 0–1 → probabilities; its kernels on the int8 grid.
        folder: where the version is being written.
        calibration: uint8 [n, 28, 28], shows the converter every activation's range.
    """
    served = Served(model)
    signature = served.serve.get_concrete_function()
    tf.saved_model.save(served, folder, signatures={SIGNATURE: signature})
    (folder / EXTRA).mkdir()
    (folder / TWIN).write_bytes(_convert(served, calibration))


def _convert(served: Served, calibration: NDArray[np.uint8]) -> bytes:
    """Full-integer post-training quantisation: uint8 in, int8 weights and activations."""

    def show() -> Iterator[dict[str, NDArray[np.float32]]]:
        for image in calibration:
            yield {"images": image[None].astype(np.float32)}

    with tempfile.TemporaryDirectory() as aside:
        signature = served.serve_logits.get_concrete_function()
        tf.saved_model.save(served, aside, signatures={SIGNATURE: signature})
        converter = tf.lite.TFLiteConverter.from_saved_model(aside, signature_keys=[SIGNATURE])
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = show
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        twin: bytes = converter.convert()
    return twin


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
