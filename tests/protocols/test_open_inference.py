"""Version 2 requests understood and answers put together, without HTTP."""

import base64
import json
from typing import Any

import numpy as np
import pytest

from app.classifier import ModelFacts, Thresholds
from app.errors import (
    InvalidTensor,
    MalformedBody,
    ServiceError,
    TooManyFiles,
    TooManyRows,
    UploadTooLarge,
)
from app.protocols.inference_answers import classify, encode
from app.protocols.open_inference import Question, parse
from app.protocols.subjects import Bounds
from app.protocols.tensors import join_bytes
from app.scores import softmax

BOUNDS = Bounds(max_rows=4, max_pictures=3, max_picture_bytes=100)
MODEL = ModelFacts("alexnet", "3", "litert", "digest", Thresholds(0, 0))
DIGITS = (np.arange(2 * 784) % 256).astype(np.uint8).reshape(2, 28, 28)
LOGITS = np.array([[0, 1, 5, 2, 3, 4, -1, -2, -3, -4], [9, 1, 5, 2, 3, 4, 9, -2, -3, -4]], "<f4")


def request(tensor: dict[str, Any] | None = None, **members: object) -> dict[str, Any]:
    """A request with two digits in JSON; a change of the tensor to None takes a member away."""
    digits = {"name": "images", "shape": [2, 28, 28], "datatype": "UINT8", "data": DIGITS.tolist()}
    changed = {**digits, **(tensor or {})}
    return {"inputs": [{k: v for k, v in changed.items() if v is not None}], **members}


def understand(content: dict[str, Any], rest: bytes = b"") -> Question:
    """What a request with binary tensors behind it is understood as."""
    header = json.dumps(content).encode()
    return parse(header + rest, str(len(header)), BOUNDS)


@pytest.mark.parametrize("data", [DIGITS.tolist(), DIGITS.ravel().tolist()])
@pytest.mark.parametrize("datatype", ["UINT8", "INT64", "FP16", "FP32", "BF16"])
def test_nested_and_flat_data_are_read(data: list[Any], datatype: str) -> None:
    """Row-major either way, as any type that holds the pixels."""
    body = json.dumps(request(tensor={"data": data, "datatype": datatype})).encode()
    question = parse(body, None, BOUNDS)

    np.testing.assert_array_equal(question.subject, DIGITS)
    assert question.id is None
    assert [each.name for each in question.wanted] == ["probabilities", "logits"]


@pytest.mark.parametrize("dtype", ["u1", "<i2", "<f4", "<f8"])
def test_binary_digits_are_read(dtype: str) -> None:
    """Those that follow the JSON, in their own width."""
    content = DIGITS.astype(dtype).tobytes()
    names = {"u1": "UINT8", "<i2": "INT16", "<f4": "FP32", "<f8": "FP64"}
    tensor = {
        "data": None,
        "datatype": names[dtype],
        "parameters": {"binary_data_size": len(content)},
    }

    np.testing.assert_array_equal(understand(request(tensor=tensor), content).subject, DIGITS)


@pytest.mark.parametrize("shape", [[2], [2, 1]])
@pytest.mark.parametrize("is_binary", [True, False])
def test_pictures_are_read(shape: list[int], is_binary: bool) -> None:  # noqa: FBT001 # pytest's
    """Base64 in JSON, plain bytes behind it; as a row or as a column."""
    pictures = [b"\x89PNG", b"GIF89a"]
    tensor: dict[str, Any] = {"name": "image", "shape": shape, "datatype": "BYTES"}
    if is_binary:
        rest = join_bytes(pictures)
        tensor |= {"data": None, "parameters": {"binary_data_size": len(rest)}}
    else:
        rest = b""
        tensor["data"] = [base64.b64encode(each).decode() for each in pictures]

    assert understand(request(tensor=tensor), rest).subject == pictures


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        ({"name": "digits"}, "no input `digits`"),
        ({"datatype": "BYTES"}, "not BYTES"),
        ({"datatype": "BOOL"}, "not BOOL"),
        ({"datatype": "uint8"}, "not uint8"),
        ({"shape": [2, 784]}, "not [2, 784]"),
        ({"shape": [28, 28]}, "not [28, 28]"),
        ({"shape": []}, "not []"),
        ({"shape": [0, 28, 28], "data": []}, "at least one"),
        ({"shape": [1, 28, 28]}, "neither [1, 28, 28] nor flat"),
        ({"shape": [3, 28, 28]}, "neither [3, 28, 28] nor flat"),
        ({"data": DIGITS.reshape(2, 784).tolist()}, "neither [2, 28, 28] nor flat"),
        ({"data": DIGITS.ravel().tolist()[:-1]}, "neither [2, 28, 28] nor flat"),
        ({"data": [[1, 2], [3]]}, "unlike lengths"),
        ({"data": (DIGITS.astype(float) / 255).tolist()}, "not a whole number from 0 to 255"),
        ({"data": None}, "either data or binary_data_size"),
        ({"parameters": {"binary_data_size": 0}}, "either data or binary_data_size"),
        ({"data": None, "parameters": {"binary_data_size": 7}}, "announces 7"),
        ({"data": None, "parameters": {"shared_memory_region": "x"}}, "either data or"),
        ({"name": "image"}, "is BYTES, not UINT8"),
        ({"name": "image", "datatype": "BYTES"}, "not [2, 28, 28]"),
        ({"name": "image", "datatype": "BYTES", "shape": [1], "data": ["?"]}, "base64"),
        ({"name": "image", "datatype": "BYTES", "shape": [1], "data": [7]}, "base64"),
        ({"name": "image", "datatype": "BYTES", "shape": [2], "data": ["YQ=="]}, "neither [2] nor"),
        ({"name": "image", "datatype": "BYTES", "shape": [0], "data": []}, "at least one"),
    ],
)
def test_wrong_tensor_is_named(tensor: dict[str, Any], text: str) -> None:
    """Each way to be wrong has its own sentence."""
    with pytest.raises(InvalidTensor) as caught:
        understand(request(tensor=tensor))

    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({}, "inputs: Field required"),
        ({"inputs": []}, "inputs: "),
        ({"inputs": {}}, "inputs: "),
        ({"inputs": [7]}, "inputs.0: "),
        (request(id=42), "id: "),
        (request(tensor={"shape": "2,28,28"}), "inputs.0.shape: "),
        (request(tensor={"shape": [-1, 28, 28]}), "inputs.0.shape.0: "),
        (request(tensor={"shape": [2.0, 28, 28]}), "inputs.0.shape.0: "),
        (request(tensor={"shape": [True, 28, 28]}), "inputs.0.shape.0: "),
        (request(tensor={"name": None}), "inputs.0.name: "),
        (request(tensor={"data": "none"}), "inputs.0.data: "),
        (request(tensor={"parameters": {"binary_data_size": "7"}}), "binary_data_size: "),
        (request(outputs=["logits"]), "outputs.0: "),
        (request(outputs=[{"name": "logits", "parameters": {"classification": -1}}]), "outputs.0."),
        (request(parameters={"binary_data_output": "yes"}), "parameters.binary_data_output: "),
    ],
)
def test_wrong_schema_is_located(content: dict[str, Any], text: str) -> None:
    """The message says where the mistake is, not what a library calls it."""
    with pytest.raises(MalformedBody) as caught:
        understand(content)

    assert text in str(caught.value)


def test_unknown_members_are_left_alone() -> None:
    """What other servers' clients say besides harms nothing."""
    content = request(
        model_name="alexnet",
        parameters={"priority": 3, "sequence_id": 7},
        tensor={"parameters": {"content_type": "np"}},
        outputs=[{"name": "logits", "parameters": {"note": None}}],
    )

    np.testing.assert_array_equal(understand(content).subject, DIGITS)


@pytest.mark.parametrize("length", ["", "x", "-1", "1.5", "99999999", "²"])
def test_wrong_header_length_is_refused(length: str) -> None:
    """It must lie within the body."""
    with pytest.raises(MalformedBody, match="Inference-Header-Content-Length"):
        parse(json.dumps(request()).encode(), length, BOUNDS)


@pytest.mark.parametrize(
    ("outputs", "text"),
    [([{"name": "digit"}], "no output `digit`"), ([{"name": "logits"}] * 2, "asked for twice")],
)
def test_wrong_output_is_named(outputs: list[dict[str, Any]], text: str) -> None:
    """Before anything is computed."""
    with pytest.raises(InvalidTensor, match=text):
        understand(request(outputs=outputs))


def test_several_inputs_are_refused() -> None:
    """Nobody could tell which of them was meant."""
    content = request()
    with pytest.raises(InvalidTensor, match="One input"):
        understand({"inputs": content["inputs"] * 2})


def picture(*contents: bytes) -> dict[str, Any]:
    """Pictures as an input."""
    data = [base64.b64encode(each).decode() for each in contents]
    return request(
        tensor={"name": "image", "datatype": "BYTES", "shape": [len(data)], "data": data}
    )


def test_pictures_are_counted_before_they_are_taken_apart() -> None:
    """Else a kilobyte that was a megabyte of empty ones would keep the interpreter for seconds."""
    rest = b"\xff" * 7  # no picture at all
    tensor = {
        "name": "image",
        "datatype": "BYTES",
        "shape": [1 << 40],
        "parameters": {"binary_data_size": len(rest)},
    }
    header = json.dumps({"inputs": [tensor]}).encode()
    with pytest.raises(TooManyFiles):
        parse(header + rest, str(len(header)), BOUNDS)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (request(tensor={"shape": [5, 28, 28], "data": []}), TooManyRows),
        (request(tensor={"data": [0] * 5000}), UploadTooLarge),
        (picture(b"a", b"b", b"c", b"d"), TooManyFiles),
        (picture(b"a", b"b" * 101), UploadTooLarge),
    ],
)
def test_too_much_is_refused(content: dict[str, Any], refusal: type[ServiceError]) -> None:
    """Rows, values, pictures and bytes are bounded."""
    with pytest.raises(refusal) as caught:
        understand(content)

    assert caught.value.status == 413


def answer(content: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The JSON and the rest of the answer to a request."""
    body, length = encode(understand(content), MODEL, LOGITS)
    header = body if length is None else body[:length]
    return json.loads(header), body[len(header) :]


def test_answer_in_json() -> None:
    """All outputs, flat, under the model's name and version, and the id that was given."""
    content, rest = answer(request(id="42"))
    probabilities, logits = content.pop("outputs")

    assert content == {"model_name": "alexnet", "model_version": "3", "id": "42"}
    assert rest == b""
    assert (logits["name"], logits["datatype"], logits["shape"]) == ("logits", "FP32", [2, 10])
    np.testing.assert_array_equal(np.array(logits["data"], "<f4").reshape(2, 10), LOGITS)
    np.testing.assert_allclose(
        np.reshape(probabilities["data"], (2, 10)), softmax(LOGITS), rtol=1e-6
    )


def test_binary_answer() -> None:
    """The tensors follow the JSON in the order of the outputs."""
    content, rest = answer(request(parameters={"binary_data_output": True}))

    assert [each["parameters"] for each in content["outputs"]] == [{"binary_data_size": 80}] * 2
    assert "data" not in content["outputs"][0]
    np.testing.assert_array_equal(np.frombuffer(rest[80:], "<f4").reshape(2, 10), LOGITS)


def test_an_output_decides_for_itself() -> None:
    """`binary_data` of one output goes before `binary_data_output` of the request."""
    outputs = [{"name": "logits", "parameters": {"binary_data": False}}, {"name": "probabilities"}]
    content, rest = answer(request(parameters={"binary_data_output": True}, outputs=outputs))

    assert [each["name"] for each in content["outputs"]] == ["logits", "probabilities"]
    assert content["outputs"][0]["data"] == LOGITS.ravel().tolist()
    assert len(rest) == 80


def test_classification() -> None:
    """The highest first, equal ones by their index, each as value:index:label."""
    assert classify(LOGITS, 2) == [
        "5.000000:2:2", "4.000000:5:5", "9.000000:0:0", "9.000000:6:6"
    ]  # fmt: skip


@pytest.mark.parametrize("count", [3, 99])
def test_classified_output(count: int) -> None:
    """BYTES of [batch, count], at most as many as there are classes; binary as well."""
    parameters = {"classification": count, "binary_data": False}
    content, _ = answer(request(outputs=[{"name": "logits", "parameters": parameters}]))
    parameters["binary_data"] = True
    binary, rest = answer(request(outputs=[{"name": "logits", "parameters": parameters}]))
    output = content["outputs"][0]

    assert (output["datatype"], output["shape"]) == ("BYTES", [2, min(count, 10)])
    assert output["data"] == classify(LOGITS, min(count, 10))
    assert binary["outputs"][0]["parameters"] == {"binary_data_size": len(rest)}
    assert rest == join_bytes([text.encode() for text in output["data"]])
