"""The network itself, in either form, for those that bring none of their own."""

import os
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Digits = NDArray[np.uint8]
Network = Callable[[Digits], NDArray[np.float32]]
"""Digits uint8 [n, 28, 28] → probabilities float32 [n, 10]."""


def load() -> Network:
    """The form that NETWORK names, of the version folder that VERSION_FOLDER names."""
    folder = Path(os.environ["VERSION_FOLDER"])
    loaders = {"saved_model": load_saved_model, "twin": load_twin, "keras": load_keras}
    network = loaders[os.environ["NETWORK"]](folder)
    network(np.zeros((1, 28, 28), np.uint8))
    return network


def load_saved_model(folder: Path) -> Network:
    """The SavedModel, as TensorFlow loads it."""
    import tensorflow as tf  # noqa: PLC0415 # three seconds, which those with the twin do not need

    loaded = tf.saved_model.load(str(folder))

    def compute(digits: Digits) -> NDArray[np.float32]:
        serve = loaded.signatures["serving_default"]
        probabilities: NDArray[np.float32] = serve(images=tf.constant(digits))[
            "probabilities"
        ].numpy()
        return probabilities

    return compute


def load_keras(folder: Path) -> Network:
    """The SavedModel as a Keras model whose `predict` is called, which is what tutorials do."""
    import keras  # noqa: PLC0415 # as above

    layer = keras.layers.TFSMLayer(str(folder), call_endpoint="serving_default")
    images = keras.Input((28, 28), dtype="uint8", name="images")
    model = keras.Model(images, layer(images)["probabilities"])

    def compute(digits: Digits) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = model.predict(digits, verbose=0)
        return probabilities

    return compute


def load_twin(folder: Path) -> Network:
    """The int8 network that LiteRT runs, with a thread for each core, one caller at a time."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 # as above

    interpreter = Interpreter(
        model_path=str(folder / "assets.extra" / "alexnet.int8.tflite"),
        num_threads=len(os.sched_getaffinity(0)),
    )
    signature = interpreter.get_signature_runner("serving_default")
    place = signature.get_input_details()["images"]["index"]
    answer = signature.get_output_details()["probabilities"]["index"]
    del signature  # an interpreter with one cannot be resized
    lock = threading.Lock()
    rows = 0

    def compute(digits: Digits) -> NDArray[np.float32]:
        nonlocal rows
        with lock:
            if len(digits) != rows:
                interpreter.resize_tensor_input(place, digits.shape, strict=True)
                interpreter.allocate_tensors()
                rows = len(digits)
            interpreter.set_tensor(place, digits)
            interpreter.invoke()
            probabilities: NDArray[np.float32] = interpreter.get_tensor(answer)
            return probabilities

    return compute


def decode(upload: bytes) -> Digits:
    """A 28×28 PNG as uint8 [28, 28], by the plainest of means."""
    from PIL import Image  # noqa: PLC0415 # those who take tensors have no Pillow

    return np.asarray(Image.open(BytesIO(upload)).convert("L"))
