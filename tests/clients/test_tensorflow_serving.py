"""The wire examples of TensorFlow Serving's documentation, read with its own messages."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from google.protobuf import json_format
from numpy.typing import NDArray
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow_serving.apis.get_model_metadata_pb2 import SignatureDefMap
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse, ModelVersionStatus

Golden = dict[str, NDArray[np.uint8]]

# What curl sends with -d where nothing else is said.
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def models(service: str) -> str:
    """Where the models are."""
    return f"http://{service}/v1/models"


def post(url: str, content: dict[str, Any]) -> httpx.Response:
    """As the documentation's curl does."""
    return httpx.post(url, content=json.dumps(content), headers=FORM, timeout=60)


def test_status_is_the_message(models: str, version_folder: Path) -> None:
    """`GET /v1/models/MODEL` maps to GetModelStatusResponse, unknown fields refused."""
    text = httpx.get(f"{models}/alexnet").text
    message = json_format.Parse(text, GetModelStatusResponse())
    (status,) = [
        each for each in message.model_version_status if each.version == int(version_folder.name)
    ]

    assert status.state == ModelVersionStatus.AVAILABLE
    assert status.status.error_message == ""


def test_metadata_is_the_signature_of_the_saved_model(models: str, version_folder: Path) -> None:
    """What is said of the model is what stands in it, tensor names and all."""
    metadata = httpx.get(f"{models}/alexnet/metadata").json()
    said = json_format.ParseDict(metadata["metadata"]["signature_def"], SignatureDefMap())
    saved = SavedModel.FromString((version_folder / "saved_model.pb").read_bytes())
    expected = saved.meta_graphs[0].signature_def["serving_default"]
    found = said.signature_def["serving_default"]

    assert set(metadata) == {"model_spec", "metadata"}
    assert found.method_name == expected.method_name
    assert dict(found.inputs) == dict(expected.inputs)
    assert dict(found.outputs) == dict(expected.outputs)


def test_row_format(models: str, golden: Golden) -> None:
    """`instances` as a list of tensors, answered by `predictions`."""
    answer = post(f"{models}/alexnet:predict", {"instances": golden["images"].tolist()}).json()

    assert set(answer) == {"predictions"}
    np.testing.assert_allclose(
        [row["probabilities"] for row in answer["predictions"]], golden["probabilities"], atol=0.05
    )


def test_column_format(models: str, golden: Golden, version_folder: Path) -> None:
    """`inputs` as an object, with a signature and a version, answered by `outputs`."""
    content = {
        "signature_name": "serving_default",
        "inputs": {"images": golden["images"].tolist()},
    }
    url = f"{models}/alexnet/versions/{version_folder.name}:predict"
    answer = post(url, content).json()

    assert set(answer["outputs"]) == {"probabilities", "logits"}
    np.testing.assert_allclose(
        answer["outputs"]["probabilities"], golden["probabilities"], atol=0.05
    )


def test_binary_values(models: str, golden: Golden, pictures: list[bytes]) -> None:
    """Pictures as `{"b64": …}`, in the example's form for classification."""
    examples = [{"image": {"b64": base64.b64encode(each).decode()}} for each in pictures]
    answer = post(f"{models}/alexnet:classify", {"examples": examples}).json()
    found = [int(max(row, key=lambda pair: pair[1])[0]) for row in answer["results"]]

    assert found == golden["labels"].tolist()


def test_the_documented_error(models: str) -> None:
    """The example of an unknown model, word for word."""
    response = post(f"{models}/half:predict", {"instances": [1.0, 5.0]})

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"error": "Servable not found for request: Latest(half)"}
