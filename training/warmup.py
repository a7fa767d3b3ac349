"""Write the requests that TensorFlow Serving answers to itself before it serves a version."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from app.contract import NAME, SIGNATURE, WARMUP

ROWS = (1, 8, 32)
"""A request for each: what is prepared for one batch size is not prepared for another."""

LENGTH_DELIMITED = 2
"""The wire type of messages and strings in protocol buffers."""


def write_warmup(folder: Path, images: NDArray[np.uint8]) -> None:
    """Write the requests to where the SavedModel format has them.

    They are a TFRecord of `PredictionLog` messages. The package that has their classes asks for
    another TensorFlow than the one that trains, and of all their fields four are needed.

    Args:
        folder: of the version that is being written.
        images: uint8 [n, 28, 28], real digits, n at least the largest of `ROWS`.
    """
    path = folder / WARMUP
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for rows in ROWS:
            writer.write(encode_log(images[:rows]))


def encode_log(images: NDArray[np.uint8]) -> bytes:
    """A `PredictionLog` of a request for the digits of these images.

    The numbers are those of tensorflow/serving's prediction_log.proto, predict.proto and
    model.proto: `PredictionLog.predict_log` 6, `PredictLog.request` 1, `PredictRequest.model_spec`
    1 and `.inputs` 2 (a map: key 1, value 2), `ModelSpec.name` 1 and `.signature_name` 3.
    """
    tensor = tf.make_tensor_proto(images).SerializeToString()
    spec = _field(1, NAME.encode()) + _field(3, SIGNATURE.encode())
    request = _field(1, spec) + _field(2, _field(1, b"images") + _field(2, tensor))
    return _field(6, _field(1, request))


def _field(number: int, content: bytes) -> bytes:
    """A field of a message: its number and type, its length as a varint, itself."""
    length, rest = bytearray(), len(content)
    while rest >= 1 << 7:
        length.append(rest & 0x7F | 0x80)
        rest >>= 7
    length.append(rest)
    return bytes([number << 3 | LENGTH_DELIMITED]) + bytes(length) + content
