"""TensorFlow Serving's REST API: predict and classify, status and metadata.

Specified by tensorflow/serving's api_rest.md; the messages that clients look for are those of its
json_tensor.cc, basic_manager.cc, server_core.cc and get_model_status_impl.cc.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from app.classifier import ModelFacts
from app.contract import SIGNATURE
from app.errors import InvalidTensor, MalformedBody
from app.protocols.subjects import Bounds, Subject, to_digits
from app.protocols.tensors import (
    DIGIT,
    PIXELS,
    NotAPixel,
    decode_base64,
    parse_json,
    show,
    to_pixels,
    unnest,
)
from app.registry import VersionStatus
from app.scores import softmax

IMAGES, IMAGE = "images", "image"
METHOD = "tensorflow/serving/predict"

# As ModelVersionStatus has them; what is idle is none of its versions.
STATES = {"loading": "LOADING", "available": "AVAILABLE", "failed": "END"}

TYPES = {bool: "Bool", dict: "Object", list: "Array", str: "String", type(None): "Null"}


@dataclass(frozen=True, slots=True)
class Question:
    """A predict request that was understood.

    Attributes:
        subject: what is to be read.
        is_columnar: whether it came as `inputs`, and the answer goes as `outputs`.
    """

    subject: Subject
    is_columnar: bool


def parse_predict(body: bytes, bounds: Bounds) -> Question:
    """Understand a request to `:predict`.

    Raises:
        UploadError: it is malformed, not what the model takes, or too much.
    """
    return _read_tensors(_parse(body, bounds), bounds)


def parse_classify(body: bytes, bounds: Bounds) -> Subject:
    """Understand a request to `:classify`: examples, or tensors as `:predict` takes them.

    Raises:
        UploadError: it is malformed, not what the model takes, or too much.
    """
    document = _parse(body, bounds)
    if "examples" not in document:
        return _read_tensors(document, bounds).subject
    context = document.get("context", {})
    examples = _non_empty("examples", document["examples"])
    if not all(isinstance(each, dict) for each in [context, *examples]):
        raise MalformedBody("Example must be JSON object")
    return _read_objects([{**context, **each} for each in examples], "examples", bounds)


def _parse(body: bytes, bounds: Bounds) -> dict[str, Any]:
    if not body:
        raise MalformedBody("JSON Parse error: The document is empty")
    document = parse_json(body, max_values=bounds.max_values)
    signature = document.get("signature_name", SIGNATURE)
    if not isinstance(signature, str):
        raise MalformedBody("'signature_name' key must be a string value.")
    if signature not in {SIGNATURE, ""}:
        raise MalformedBody(f'Serving signature name: "{signature}" not found in signature def')
    return document


def _read_tensors(document: dict[str, Any], bounds: Bounds) -> Question:
    if "instances" in document and "inputs" in document:
        raise MalformedBody(
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"
        )
    if "instances" in document:
        return Question(_read_rows(document["instances"], bounds), is_columnar=False)
    if "inputs" in document:
        return Question(_read_columns(document["inputs"], bounds), is_columnar=True)
    raise MalformedBody("Missing 'inputs' or 'instances' key")


def _read_rows(instances: object, bounds: Bounds) -> Subject:
    rows = _non_empty("instances", instances)
    objects = [_is_named(each) for each in rows]
    if all(objects):
        return _read_objects(rows, "instances", bounds)
    if any(objects):
        place = objects.index(not objects[0])
        raise MalformedBody(f"Expecting {'object' if objects[0] else 'value/list'} at item {place}")
    return _read_plain(rows, bounds)


def _read_objects(rows: list[dict[str, Any]], key: str, bounds: Bounds) -> Subject:
    """One column out of objects that each name the same one input."""
    names = {name for row in rows for name in row} or {""}
    if len(names) > 1 or not names <= {IMAGES, IMAGE}:
        raise InvalidTensor(f"Each of '{key}' must have the one key '{IMAGES}' or '{IMAGE}'")
    name = names.pop()
    place = next((at for at, row in enumerate(rows) if name not in row), None)
    if place is not None:
        raise InvalidTensor(f"Failed to process element: {place} of '{key}' list: no '{name}'")
    return _read_column(name, [row[name] for row in rows], bounds)


def _read_columns(inputs: object, bounds: Bounds) -> Subject:
    if not isinstance(inputs, dict) or not _is_named(inputs):
        return _read_plain(inputs if isinstance(inputs, list) else [inputs], bounds)
    if set(inputs) not in ({IMAGES}, {IMAGE}):
        raise InvalidTensor(f"Missing named input: {IMAGES} or {IMAGE} in 'inputs' object.")
    ((name, values),) = inputs.items()
    return _read_column(name, values if isinstance(values, list) else [values], bounds)


def _read_plain(values: list[Any], bounds: Bounds) -> Subject:
    """A column whose name its first value tells."""
    is_picture = bool(values) and isinstance(values[0], dict)
    return _read_column(IMAGE if is_picture else IMAGES, values, bounds)


def _read_column(name: str, values: list[Any], bounds: Bounds) -> Subject:
    if name == IMAGE:
        bounds.check_count(len(values))
        return bounds.check_sizes([_read_picture(value) for value in values])
    leaves, shape = unnest(values)
    # A feature of an example is a flat list.
    if shape[1:] not in {DIGIT, (PIXELS,)}:
        raise InvalidTensor(f"Expecting shape [-1,28,28] but got: {show(list(shape))}")
    bounds.check_rows(shape[0])
    try:
        return to_digits(to_pixels(leaves))
    except NotAPixel as error:
        raise InvalidTensor(
            f"JSON Value: {show(error.value)} Type: {TYPES.get(type(error.value), 'Number')} "
            "is not of expected type: uint8"
        ) from error


def _read_picture(value: object) -> bytes:
    if not isinstance(value, dict) or set(value) != {"b64"} or not isinstance(value["b64"], str):
        raise InvalidTensor(f"JSON Value: {show(value)} not formatted correctly for base64 data")
    return decode_base64(value["b64"])


def _is_named(value: object) -> bool:
    """Whether this is an object of named inputs, where `{"b64": …}` is a value."""
    return isinstance(value, dict) and set(value) != {"b64"}


def _non_empty(key: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedBody(f"Expecting '{key}' to be an list/array")
    if not value:
        raise MalformedBody(f"No values in '{key}' array")
    return value


def encode_predict(question: Question, logits: NDArray[np.float32]) -> bytes:
    """The answer to `:predict`, by rows or by columns as it was asked."""
    columns = {"probabilities": softmax(logits).tolist(), "logits": logits.tolist()}
    if question.is_columnar:
        return to_json({"outputs": columns})
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return to_json({"predictions": rows})


def encode_classify(logits: NDArray[np.float32]) -> bytes:
    """The answer to `:classify`: for each example each digit and its probability."""
    results = [
        [[str(digit), score] for digit, score in enumerate(row)] for row in softmax(logits).tolist()
    ]
    return to_json({"results": results})


def encode_metadata(model: ModelFacts) -> bytes:
    """What the SavedModel's signature takes and gives, as its protocol buffers map to JSON."""
    signature = {
        "inputs": {IMAGES: _describe_tensor("DT_UINT8", (-1, *DIGIT), "serving_default_images:0")},
        "outputs": {
            "logits": _describe_tensor("DT_FLOAT", (-1, 10), "StatefulPartitionedCall:0"),
            "probabilities": _describe_tensor("DT_FLOAT", (-1, 10), "StatefulPartitionedCall:1"),
        },
        "method_name": METHOD,
    }
    metadata = {
        "model_spec": {"name": model.name, "signature_name": "", "version": model.version},
        "metadata": {"signature_def": {"signature_def": {SIGNATURE: signature}}},
    }
    return to_json(metadata)


def _describe_tensor(dtype: str, shape: tuple[int, ...], name: str) -> dict[str, Any]:
    dimensions = [{"size": str(size), "name": ""} for size in shape]
    return {
        "dtype": dtype,
        "tensor_shape": {"dim": dimensions, "unknown_rank": False},
        "name": name,
    }


def encode_status(versions: list[VersionStatus]) -> bytes:
    """The state of each version."""
    states = [
        {
            "version": str(each.number),
            "state": STATES[each.state],
            "status": {
                "error_code": "INTERNAL" if each.state == "failed" else "OK",
                "error_message": (each.reason or "") if each.state == "failed" else "",
            },
        }
        for each in versions
    ]
    return to_json({"model_version_status": states})
