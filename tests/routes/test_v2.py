"""The Open Inference Protocol over HTTP."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray

from app.main import create_app
from app.schemas import InferenceAnswer, ModelDescription, PlainError
from app.settings import Settings
from tests.conftest import connect
from tests.pictures import encode

pytestmark = pytest.mark.anyio

INFER = "/v2/models/alexnet/infer"


def ask(digits: NDArray[np.uint8]) -> dict[str, Any]:
    """A request for digits in JSON."""
    tensor = {"name": "images", "datatype": "UINT8", "shape": list(digits.shape)}
    return {"inputs": [{**tensor, "data": digits.tolist()}]}


def show(*pictures: bytes) -> dict[str, Any]:
    """A request for encoded pictures in JSON."""
    data = [base64.b64encode(each).decode() for each in pictures]
    tensor = {"name": "image", "datatype": "BYTES", "shape": [len(data)], "data": data}
    return {"inputs": [tensor]}


def check_error(response: httpx.Response, status: int, text: str = "") -> None:
    """The answer is an error in the protocol's form."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == {"error"}
    assert text in PlainError.model_validate(response.json(), strict=True).error


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
async def test_server_describes_itself(shared: httpx.AsyncClient, path: str) -> None:
    """Its name, its version and its extensions."""
    response = await shared.get(path)

    assert response.status_code == 200
    assert response.json()["extensions"] == ["binary_tensor_data", "classification"]
    assert set(response.json()) == {"name", "version", "extensions"}


async def test_health(shared: httpx.AsyncClient) -> None:
    """Live and ready."""
    live, ready = [await shared.get(f"/v2/health/{name}") for name in ("live", "ready")]

    assert (live.status_code, live.json()) == (200, {"live": True})
    assert (ready.status_code, ready.json()) == (200, {"ready": True})


async def test_starting(settings: Settings) -> None:
    """Before the model is there, all but liveness and the server's description is 503."""
    async with connect(create_app(settings)) as client:
        live = await client.get("/v2/health/live")
        ready = await client.get("/v2/health/ready")
        refusals = [
            await client.get("/v2/models/alexnet"),
            await client.get("/v2/models/alexnet/ready"),
            await client.post(INFER, json={}),
        ]

    assert live.status_code == 200
    assert (ready.status_code, ready.json()) == (503, {"ready": False})
    for refusal in refusals:
        check_error(refusal, 503, "still being loaded")
        assert int(refusal.headers["retry-after"]) >= 1


async def test_draining(
    application: FastAPI, client: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """Once a stop was asked for, nothing is ready; what still comes is answered."""
    application.state.lifecycle.begin_draining()
    answer = await client.post(INFER, json=ask(golden["images"][:1]))

    assert (await client.get("/v2/health/ready")).status_code == 503
    check_error(await client.get("/v2/models/alexnet/ready"), 503, "shutting down")
    assert answer.status_code == 200


@pytest.mark.parametrize("version", ["", "/versions/{version}"])
async def test_model_describes_itself(
    shared: httpx.AsyncClient, version_folder: Path, version: str
) -> None:
    """With its versions and its tensors, a free dimension as −1."""
    path = f"/v2/models/alexnet{version}".format(version=version_folder.name)
    response = await shared.get(path)
    model = ModelDescription.model_validate(response.json(), strict=True)
    ready = await shared.get(f"{path}/ready")

    assert version_folder.name in model.versions
    assert [(each.name, each.datatype, each.shape) for each in model.inputs] == [
        ("images", "UINT8", [-1, 28, 28]),
        ("image", "BYTES", [-1]),
    ]
    assert {each.name: each.shape for each in model.outputs} == {
        "probabilities": [-1, 10],
        "logits": [-1, 10],
    }
    assert (ready.status_code, ready.json()) == (200, {"name": "alexnet", "ready": True})


@pytest.mark.parametrize(
    "path", ["/v2/models/lenet", "/v2/models/alexnet/versions/999", "/v2/models/alexnet/versions/x"]
)
@pytest.mark.parametrize("rest", ["", "/ready", "/infer"])
async def test_unknown_model_is_404(shared: httpx.AsyncClient, path: str, rest: str) -> None:
    """Whatever is asked of it, and whatever the body is."""
    method = "POST" if rest == "/infer" else "GET"

    check_error(await shared.request(method, path + rest, content=b"{"), 404)


async def test_digits_in_json(
    shared: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """Read as the golden digits are, and answered as documented."""
    response = await shared.post(INFER, json={"id": "42", **ask(golden["images"])})
    answer = InferenceAnswer.model_validate(response.json(), strict=True)
    probabilities = np.reshape(answer.outputs[0].data or [], answer.outputs[0].shape)

    assert response.status_code == 200
    assert (answer.model_name, answer.id) == ("alexnet", "42")
    np.testing.assert_allclose(probabilities, golden["probabilities"], atol=0.05)


async def test_binary_digits_and_answer(
    shared: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """Bytes in, bytes out: the same numbers as in JSON, to the bit."""
    digits = golden["images"]
    tensor = {
        "name": "images",
        "datatype": "UINT8",
        "shape": list(digits.shape),
        "parameters": {"binary_data_size": digits.size},
    }
    header = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    response = await shared.post(
        INFER,
        content=header + digits.tobytes(),
        headers={"Inference-Header-Content-Length": str(len(header))},
    )
    plain = (await shared.post(INFER, json=ask(digits))).json()
    start = int(response.headers["inference-header-content-length"])
    numbers = np.frombuffer(response.content[start:], "<f4").reshape(2, -1, 10)

    assert response.headers["content-type"] == "application/octet-stream"
    assert json.loads(response.content[:start])["model_name"] == "alexnet"
    for found, output in zip(numbers, plain["outputs"], strict=True):
        np.testing.assert_array_equal(found.ravel(), np.array(output["data"], "<f4"))


async def test_pictures_are_read_as_by_predict(
    shared: httpx.AsyncClient, seven: bytes, two: bytes
) -> None:
    """Encoded pictures go the way of any upload."""
    large = encode(np.pad(np.full((40, 9), 0, np.uint8), 60, constant_values=255), "JPEG")
    answer = (await shared.post(INFER, json=show(seven, two, large))).json()
    predicted = [
        (await shared.post("/predict", files={"file": each})).json()["probabilities"]
        for each in (seven, two, large)
    ]

    np.testing.assert_allclose(
        np.reshape(answer["outputs"][0]["data"], (3, 10)), predicted, atol=1e-6
    )


async def test_large_tensor_is_read_in_pieces(
    shared: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """More digits than may wait in the queue come back in their order."""
    digits = np.tile(golden["images"], (8, 1, 1))
    answer = (await shared.post(INFER, json=ask(digits))).json()
    logits = np.reshape(answer["outputs"][1]["data"], (-1, 10))

    assert logits.argmax(axis=1).tolist() == golden["labels"].tolist() * 8


async def test_classification(shared: httpx.AsyncClient, seven: bytes) -> None:
    """The highest classes as text."""
    wanted = [{"name": "probabilities", "parameters": {"classification": 2}}]
    answer = (await shared.post(INFER, json={**show(seven), "outputs": wanted})).json()
    (output,) = answer["outputs"]

    assert (output["datatype"], output["shape"]) == ("BYTES", [1, 2])
    assert output["data"][0].split(":")[1:] == ["7", "7"]
    assert float(output["data"][0].split(":")[0]) > 0.9


BLANK = encode(np.full((100, 100), 255, np.uint8))


@pytest.mark.parametrize(
    ("content", "status", "text"),
    [
        (b"", 400, "JSON Parse error"),
        (b"{", 400, "JSON Parse error"),
        (b'{"inputs": [NaN]}', 400, "JSON Parse error"),
        (b"[]", 400, "not an object"),
        (b"{}", 400, "inputs: Field required"),
        (json.dumps(ask(np.zeros((1, 28, 27), np.uint8))).encode(), 400, "[-1, 28, 28]"),
        (json.dumps(ask(np.zeros((1025, 0, 0), np.uint8))).encode(), 400, "[-1, 28, 28]"),
        (json.dumps(show(b"no picture")).encode(), 422, "Picture 0: "),
        (json.dumps(show(BLANK)).encode(), 422, "Picture 0: "),
        (json.dumps(show(*[b"x"] * 257)).encode(), 413, "256 pictures"),
        (json.dumps(show(BLANK[:60])).encode(), 422, "damaged"),
        (b"[" * 2_000_000, 413, "values"),
    ],
    ids=range(12),
)
async def test_bad_input_has_its_own_status(
    shared: httpx.AsyncClient, content: bytes, status: int, text: str
) -> None:
    """In the protocol's form, never the framework's."""
    check_error(await shared.post(INFER, content=content), status, text)


async def test_the_picture_that_is_bad_is_named(shared: httpx.AsyncClient, seven: bytes) -> None:
    """There is no answer to a part of a tensor, so the error says which part it is."""
    pictures = [seven] * 40 + [b"no picture"] + [seven]

    check_error(await shared.post(INFER, json=show(*pictures)), 422, "Picture 40: ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/nothing", 404),
        ("GET", "/v2/models", 404),
        ("PUT", INFER, 405),
        ("GET", INFER, 405),
        ("POST", "/v2", 405),
    ],
)
async def test_paths_and_methods_that_are_not_there(
    shared: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    """The framework's own refusals take the protocol's form too."""
    check_error(await shared.request(method, path), status)


async def test_body_beyond_the_limit_is_refused(settings: Settings) -> None:
    """By the same limit as a form of many files."""
    app = create_app(settings.model_copy(update={"max_batch_bytes": 100}))
    async with app.router.lifespan_context(app), connect(app) as client:
        await app.state.lifecycle.wait_until_loaded()
        response = await client.post(INFER, content=b" " * 101)

    check_error(response, 413)


async def test_length_beyond_all_numbers_is_malformed(shared: httpx.AsyncClient) -> None:
    """Python itself refuses to read so many digits."""
    headers = {"Inference-Header-Content-Length": "1" * 5000}
    response = await shared.post(INFER, content=b"{}", headers=headers)

    assert response.status_code == 400
