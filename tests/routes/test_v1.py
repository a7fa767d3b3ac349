"""TensorFlow Serving's REST API over HTTP."""

import base64
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from app.main import create_app
from app.settings import Settings
from tests.conftest import connect
from tests.pictures import encode

pytestmark = pytest.mark.anyio

MODEL = "/v1/models/alexnet"


def check_error(response: httpx.Response, status: int, text: str) -> None:
    """The answer is an error in the API's form."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == {"error"}
    assert text in response.json()["error"]


def b64(picture: bytes) -> dict[str, str]:
    """A picture as a value in JSON."""
    return {"b64": base64.b64encode(picture).decode()}


@pytest.mark.parametrize("version", ["", "/versions/{version}"])
async def test_status(shared: httpx.AsyncClient, version_folder: Path, version: str) -> None:
    """As the documentation's example has it."""
    path = f"{MODEL}{version}".format(version=version_folder.name)
    response = await shared.get(path)

    assert response.status_code == 200
    assert {
        "version": version_folder.name,
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    } in response.json()["model_version_status"]


async def test_digits_by_rows_and_columns(
    shared: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]], version_folder: Path
) -> None:
    """The same numbers either way, and those of the golden digits."""
    digits = golden["images"].tolist()
    rows = (await shared.post(f"{MODEL}:predict", json={"instances": digits})).json()
    columns = (
        await shared.post(
            f"{MODEL}/versions/{version_folder.name}:predict", json={"inputs": {"images": digits}}
        )
    ).json()
    probabilities = [row["probabilities"] for row in rows["predictions"]]

    assert columns["outputs"]["probabilities"] == probabilities
    assert columns["outputs"]["logits"] == [row["logits"] for row in rows["predictions"]]
    np.testing.assert_allclose(probabilities, golden["probabilities"], atol=0.05)


async def test_pictures_are_read_as_by_predict(
    shared: httpx.AsyncClient, seven: bytes, two: bytes
) -> None:
    """Base64 goes the way of any upload."""
    answer = await shared.post(f"{MODEL}:predict", json={"instances": [b64(seven), b64(two)]})
    predicted = [
        (await shared.post("/predict", files={"file": each})).json()["probabilities"]
        for each in (seven, two)
    ]

    np.testing.assert_allclose(
        [row["probabilities"] for row in answer.json()["predictions"]], predicted, atol=1e-6
    )


@pytest.mark.parametrize("action", ["predict", "classify"])
@pytest.mark.parametrize("key", ["instances", "inputs", "examples"])
async def test_description_has_what_is_understood(
    shared: httpx.AsyncClient, seven: bytes, action: str, key: str
) -> None:
    """What the description names is answered, and what it does not is refused."""
    document = (await shared.get("/openapi.json")).json()
    operation = document["paths"][f"/v1/models/{{name}}:{action}"]["post"]
    forms = operation["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    item = {"image": b64(seven)} if key == "examples" else b64(seven)
    answer = await shared.post(f"{MODEL}:{action}", json={key: [item]})

    is_described = [key] in [form["required"] for form in forms]
    assert answer.is_success is is_described


async def test_classify(shared: httpx.AsyncClient, seven: bytes) -> None:
    """Labels with their scores."""
    answer = await shared.post(f"{MODEL}:classify", json={"examples": [{"image": b64(seven)}]})
    (result,) = answer.json()["results"]

    assert max(result, key=lambda pair: pair[1])[0] == "7"
    assert sum(score for _, score in result) == pytest.approx(1)


BLANK = encode(np.full((100, 100), 255, np.uint8))


@pytest.mark.parametrize(
    ("call", "content", "status", "text"),
    [
        ("GET /v1/foo", "", 400, "Malformed request: GET /v1/foo"),
        ("POST /v1/foo", "", 400, "Malformed request: POST /v1/foo"),
        ("GET /v1/models", "", 400, "Missing model name in request."),
        ("POST /v1/models", "", 405, "Malformed request: POST /v1/models"),
        ("GET {MODEL}:predict", "", 404, "any versions of model alexnet:predict"),
        ("PUT {MODEL}:predict", "", 405, "Malformed request: PUT"),
        ("POST {MODEL}/version/5:predict", "", 400, "Malformed request"),
        ("POST {MODEL}/versions/HELLO:predict", "", 400, "Malformed request: POST"),
        ("GET {MODEL}/versions/HELLO", "", 400, "Malformed request"),
        ("POST {MODEL}:regress", "{}", 405, "Malformed request"),
        ("GET /v1/models/half", "", 404, "Could not find any versions of model half"),
        ("GET {MODEL}/versions/999", "", 404, "Could not find version 999 of model alexnet"),
        ("POST /v1/models/half:predict", "{}", 404, "not found for request: Latest(half)"),
        ("POST {MODEL}/versions/999:predict", "{}", 404, "Specific(alexnet, 999)"),
        ("GET {MODEL}/versions/999/metadata", "", 404, "Specific(alexnet, 999)"),
        ("POST {MODEL}/labels/nope:predict", "{}", 400, "servable version label: nope"),
        ("GET {MODEL}/labels/nope", "", 400, "servable version label: nope"),
        ("POST {MODEL}:predict", "", 400, "JSON Parse error: The document is empty"),
        ("POST {MODEL}:predict", "instances = [1]", 400, "JSON Parse error"),
        ("POST {MODEL}:predict", '{"instances": [NaN]}', 400, "JSON Parse error"),
        ("POST {MODEL}:predict", '{"instances": [1, 2]}', 400, "Expecting shape"),
    ],
)
async def test_errors_are_those_of_the_original(
    shared: httpx.AsyncClient, call: str, content: str, status: int, text: str
) -> None:
    """Its status and its words, for each call that its own tests make and more."""
    method, path = call.format(MODEL=MODEL).split()
    response = await shared.request(method, path, content=content.encode())

    check_error(response, status, text)


@pytest.mark.parametrize("picture", [BLANK, b"no picture", BLANK[:60]])
async def test_unreadable_picture_is_an_invalid_argument(
    shared: httpx.AsyncClient, picture: bytes
) -> None:
    """The API knows 400 and no 422."""
    response = await shared.post(f"{MODEL}:predict", json={"instances": [b64(picture)]})

    check_error(response, 400, "Picture 0: ")


async def test_starting(settings: Settings) -> None:
    """Before the model is there, callers are told to come back."""
    async with connect(create_app(settings)) as client:
        refusals: list[Any] = [
            await client.post(f"{MODEL}:predict", json={}),
            await client.get(f"{MODEL}/metadata"),
        ]

    for refusal in refusals:
        check_error(refusal, 503, "still being loaded")
        assert int(refusal.headers["retry-after"]) >= 1
