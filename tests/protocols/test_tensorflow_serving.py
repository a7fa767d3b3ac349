"""TensorFlow Serving's requests understood and answers put together, without HTTP."""

import base64
import json
from typing import Any

import numpy as np
import pytest

from app.errors import InvalidTensor, MalformedBody, ServiceError, TooManyFiles, TooManyRows
from app.protocols.subjects import Bounds
from app.protocols.tensorflow_serving import (
    Question,
    encode_classify,
    encode_predict,
    parse_classify,
    parse_predict,
)
from app.scores import softmax

BOUNDS = Bounds(max_rows=4, max_pictures=3, max_picture_bytes=100)
DIGITS = (np.arange(2 * 784) % 256).astype(np.uint8).reshape(2, 28, 28)
ROWS = DIGITS.tolist()
PICTURES = [b"\x89PNG", b"GIF89a"]
B64 = [{"b64": base64.b64encode(each).decode()} for each in PICTURES]
LOGITS = np.array([[0, 1, 5, 2, 3, 4, -1, -2, -3, -4], [9, 1, 5, 2, 3, 4, 9, -2, -3, -4]], "<f4")


def predict(content: dict[str, Any]) -> Question:
    """What a predict request is understood as."""
    return parse_predict(json.dumps(content).encode(), BOUNDS)


@pytest.mark.parametrize(
    ("content", "is_columnar"),
    [
        ({"instances": ROWS}, False),
        ({"instances": [{"images": row} for row in ROWS]}, False),
        ({"instances": DIGITS.astype(float).tolist()}, False),
        ({"signature_name": "serving_default", "instances": ROWS}, False),
        ({"inputs": ROWS}, True),
        ({"inputs": {"images": ROWS}}, True),
    ],
)
def test_digits_are_read(content: dict[str, Any], is_columnar: bool) -> None:  # noqa: FBT001 # pytest's
    """In rows and in columns, named and plain."""
    question = predict(content)

    np.testing.assert_array_equal(question.subject, DIGITS)
    assert question.is_columnar is is_columnar


@pytest.mark.parametrize(
    ("content", "is_columnar"),
    [
        ({"instances": B64}, False),
        ({"instances": [{"image": each} for each in B64]}, False),
        ({"inputs": B64}, True),
        ({"inputs": {"image": B64}}, True),
    ],
)
def test_pictures_are_read(content: dict[str, Any], is_columnar: bool) -> None:  # noqa: FBT001 # pytest's
    """Base64 in an object, wherever a value may stand."""
    question = predict(content)

    assert question.subject == PICTURES
    assert question.is_columnar is is_columnar


@pytest.mark.parametrize("inputs", [B64[0], {"image": B64[0]}])
def test_lone_picture_is_a_batch_of_one(inputs: dict[str, Any]) -> None:
    """A column may be a value."""
    assert predict({"inputs": inputs}).subject == PICTURES[:1]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"instances = [1, 2]", "JSON Parse error"),
        (b'{"instances": [NaN]}', "JSON Parse error"),
        (b'{"instances": [[Infinity]]}', "JSON Parse error"),
        (b"[]", "not an object"),
        (b"{}", "Missing 'inputs' or 'instances' key"),
        (b'{"instances": [1], "inputs": [1]}', "only one of 'inputs' or 'instances'"),
        (b'{"instances": 1}', "Expecting 'instances' to be an list/array"),
        (b'{"instances": []}', "No values in 'instances' array"),
        (b'{"signature_name": 100}', "'signature_name' key must be a string value."),
        (b'{"signature_name": "x"}', 'Serving signature name: "x" not found in signature def'),
        (b'{"instances": [{"image": 1}, 1]}', "Expecting object at item 1"),
        (b'{"instances": [1, {"image": 1}]}', "Expecting value/list at item 1"),
    ],
)
def test_malformed_request_is_told_as_by_the_original(body: bytes, text: str) -> None:
    """In the words that clients look for."""
    with pytest.raises(MalformedBody) as caught:
        parse_predict(body, BOUNDS)

    assert text in str(caught.value)
    assert caught.value.status == 400


def change(value: object) -> list[Any]:
    """The two digits with one pixel that is something else."""
    rows = DIGITS.tolist()
    rows[1][27][27] = value
    return rows


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"instances": [1, 2]}, "Expecting shape [-1,28,28] but got: [2]"),
        ({"instances": [row[1:] for row in ROWS]}, "but got: [2,27,28]"),
        ({"instances": ROWS[0]}, "but got: [28,28]"),
        ({"instances": [[[1], [2, 3]]]}, "unlike lengths"),
        ({"instances": change(0.5)}, "JSON Value: 0.5 Type: Number is not of expected type: uint8"),
        ({"instances": change(256)}, "JSON Value: 256 Type: Number is not of expected type: uint8"),
        ({"instances": change("7")}, 'JSON Value: "7" Type: String is not of expected type: uint8'),
        ({"instances": change(None)}, "JSON Value: null Type: Null is not of expected type: uint8"),
        (
            {"instances": change(value=True)},
            "true Type: Bool is not of expected type: uint8",
        ),
        ({"instances": ["text"]}, "Expecting shape"),
        ({"instances": [{"b64": "?"}]}, "Unable to base64 decode"),
        ({"instances": [{"b64": 7}]}, "not formatted correctly for base64 data"),
        ({"instances": [B64[0], "text"]}, "not formatted correctly for base64 data"),
        ({"instances": [{"image": "aGVsbG8="}]}, "not formatted correctly for base64 data"),
        ({"instances": [{"digits": ROWS[0]}]}, "must have the one key"),
        ({"instances": [{"images": ROWS[0], "image": B64[0]}]}, "must have the one key"),
        ({"instances": [{}]}, "must have the one key"),
        ({"instances": [{"images": ROWS[0]}, {}]}, "element: 1"),
        ({"inputs": {"digits": ROWS}}, "Missing named input"),
        ({"inputs": {}}, "Missing named input"),
        ({"inputs": []}, "Expecting shape"),
        ({"inputs": 7}, "Expecting shape"),
        ({"inputs": {"image": []}}, "at least one"),
    ],
)
def test_wrong_tensor_is_named(content: dict[str, Any], text: str) -> None:
    """Each way to be wrong has its own sentence, and all are 400."""
    with pytest.raises(InvalidTensor) as caught:
        predict(content)

    assert text in str(caught.value)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        ({"instances": [ROWS[0]] * 5}, TooManyRows),
        ({"instances": [B64[0]] * 4}, TooManyFiles),
    ],
)
def test_too_much_is_refused(content: dict[str, Any], refusal: type[ServiceError]) -> None:
    """Rows and pictures are bounded."""
    with pytest.raises(refusal):
        predict(content)


@pytest.mark.parametrize(
    "content",
    [
        {"examples": [{"images": row} for row in DIGITS.reshape(2, 784).tolist()]},
        {"examples": [{"images": row} for row in ROWS]},
        {"instances": ROWS},
        {"inputs": {"images": ROWS}},
    ],
)
def test_classify_takes_examples_and_tensors(content: dict[str, Any]) -> None:
    """A feature is a flat list in the original."""
    subject = parse_classify(json.dumps(content).encode(), BOUNDS)

    np.testing.assert_array_equal(subject, DIGITS)


@pytest.mark.parametrize(
    "content",
    [
        {"examples": [{"image": each} for each in B64]},
        {"instances": B64},
    ],
)
def test_classify_takes_pictures(content: dict[str, Any]) -> None:
    """As features and as values."""
    assert parse_classify(json.dumps(content).encode(), BOUNDS) == PICTURES


def test_context_is_shared_by_all_examples() -> None:
    """Features that all examples have in common stand once."""
    content = {"context": {"image": B64[0]}, "examples": [{}, {}]}

    assert parse_classify(json.dumps(content).encode(), BOUNDS) == [PICTURES[0]] * 2


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"examples": 7}, "Expecting 'examples' to be an list/array"),
        ({"examples": []}, "No values in 'examples' array"),
        ({"examples": [7]}, "Example must be JSON object"),
        ({"examples": [{}], "context": 7}, "Example must be JSON object"),
        ({}, "Missing 'inputs' or 'instances' key"),
    ],
)
def test_malformed_classify_request_is_told(content: dict[str, Any], text: str) -> None:
    """In the words that clients look for."""
    with pytest.raises(MalformedBody) as caught:
        parse_classify(json.dumps(content).encode(), BOUNDS)

    assert text in str(caught.value)


def test_rows_are_answered_by_rows() -> None:
    """An object for each instance, because there are two outputs."""
    answer = json.loads(encode_predict(predict({"instances": ROWS}), LOGITS))

    assert set(answer) == {"predictions"}
    np.testing.assert_array_equal([row["logits"] for row in answer["predictions"]], LOGITS)
    np.testing.assert_allclose(
        [row["probabilities"] for row in answer["predictions"]], softmax(LOGITS), rtol=1e-6
    )


def test_columns_are_answered_by_columns() -> None:
    """An object with a tensor for each output."""
    answer = json.loads(encode_predict(predict({"inputs": ROWS}), LOGITS))

    assert set(answer) == {"outputs"}
    np.testing.assert_array_equal(answer["outputs"]["logits"], LOGITS)
    np.testing.assert_allclose(answer["outputs"]["probabilities"], softmax(LOGITS), rtol=1e-6)


def test_classes_are_pairs_of_label_and_score() -> None:
    """For each example all ten, in their order."""
    results = json.loads(encode_classify(LOGITS))["results"]

    assert [[label for label, _ in row] for row in results] == [list("0123456789")] * 2
    np.testing.assert_allclose(
        [[score for _, score in row] for row in results], softmax(LOGITS), rtol=1e-6
    )
