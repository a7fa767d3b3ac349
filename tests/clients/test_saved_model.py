"""The SavedModel in the form that TensorFlow Serving loads, and its warm-up requests."""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from app.contract import WARMUP
from training.warmup import ROWS, write_warmup

Golden = dict[str, NDArray[np.uint8]]


def test_graph_is_tagged_and_signed(version_folder: Path) -> None:
    """One graph tagged `serve`, whose default signature predicts."""
    saved = SavedModel.FromString((version_folder / "saved_model.pb").read_bytes())
    (graph,) = saved.meta_graphs
    signature = graph.signature_def["serving_default"]
    images = signature.inputs["images"]

    assert list(graph.meta_info_def.tags) == ["serve"]
    assert signature.method_name == "tensorflow/serving/predict"
    assert set(signature.inputs) == {"images"}
    assert images.dtype == types_pb2.DT_UINT8
    assert [dimension.size for dimension in images.tensor_shape.dim] == [-1, 28, 28]
    assert {name: each.dtype for name, each in signature.outputs.items()} == {
        "probabilities": types_pb2.DT_FLOAT,
        "logits": types_pb2.DT_FLOAT,
    }


def read_records(path: Path) -> Iterator[bytes]:
    """The records of a TFRecord: length, its checksum, content, its checksum."""
    content = path.read_bytes()
    start = 0
    while start < len(content):
        (length,) = struct.unpack_from("<Q", content, start)
        yield content[start + 12 : start + 12 + length]
        start += 16 + length


@pytest.fixture(scope="module")
def requests(golden: Golden, tmp_path_factory: pytest.TempPathFactory) -> list[PredictRequest]:
    """The warm-up requests as TensorFlow Serving reads them."""
    folder = tmp_path_factory.mktemp("version")
    write_warmup(folder, golden["images"])
    logs = [PredictionLog.FromString(record) for record in read_records(folder / WARMUP)]
    checked = tf.data.TFRecordDataset(str(folder / WARMUP)).as_numpy_iterator()

    assert [log.SerializeToString() for log in logs] == list(checked)
    assert [log.WhichOneof("log_type") for log in logs] == ["predict_log"] * len(ROWS)
    return [log.predict_log.request for log in logs]


def test_warmup_requests_are_read(requests: list[PredictRequest], golden: Golden) -> None:
    """Each names the model and its signature, and holds real digits; no field is unknown."""
    for request, rows in zip(requests, ROWS, strict=True):
        known = PredictRequest()
        known.CopyFrom(request)
        known.DiscardUnknownFields()

        assert known == request
        assert request.model_spec.name == "alexnet"
        assert request.model_spec.signature_name == "serving_default"
        np.testing.assert_array_equal(
            tf.make_ndarray(request.inputs["images"]), golden["images"][:rows]
        )


def test_warmup_requests_are_answered(
    requests: list[PredictRequest], golden: Golden, version_folder: Path
) -> None:
    """The signature takes their inputs by name, which is what TensorFlow Serving does at load."""
    loaded = tf.saved_model.load(str(version_folder))
    serve = loaded.signatures["serving_default"]
    for request in requests:
        inputs = {name: tf.constant(tf.make_ndarray(each)) for name, each in request.inputs.items()}
        probabilities = serve(**inputs)["probabilities"].numpy()

        np.testing.assert_allclose(
            probabilities, golden["probabilities"][: len(probabilities)], atol=0.05
        )
