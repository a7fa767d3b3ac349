"""KServe's own REST client, with version 2 and version 1 of its protocol."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import numpy as np
import pytest
from kserve import InferenceRESTClient, InferInput, InferOutput, InferRequest, InferResponse
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from numpy.typing import NDArray

Golden = dict[str, NDArray[np.uint8]]
Answer = TypeVar("Answer")


def ask(protocol: str, do: Callable[[InferenceRESTClient], Awaitable[Answer]]) -> Answer:
    """What a client of this version gets; it is asynchronous alone."""

    async def run() -> Answer:
        async with InferenceRESTClient(RESTConfig(protocol=protocol)) as client:
            return await do(client)

    return asyncio.run(run())


def probabilities(response: InferResponse) -> NDArray[np.float32]:
    """The output of that name."""
    output: InferOutput = next(each for each in response.outputs if each.name == "probabilities")
    return output.as_numpy()


def test_health(service: str) -> None:
    """Everything that the client asks before it infers."""
    url = f"http://{service}"

    assert ask("v2", lambda client: client.is_server_live(url))
    assert ask("v2", lambda client: client.is_server_ready(url))
    assert ask("v2", lambda client: client.is_model_ready(url, "alexnet"))
    assert not ask("v2", lambda client: client.is_model_ready(url, "lenet"))


@pytest.mark.parametrize("binary", [True, False])
def test_digits(service: str, golden: Golden, *, binary: bool) -> None:
    """Tensors in JSON and in binary, and the id that was given."""
    tensor = InferInput("images", list(golden["images"].shape), "UINT8")
    tensor.set_data_from_numpy(golden["images"], binary_data=binary)
    request = InferRequest(
        "alexnet",
        [tensor],
        request_id="42",
        request_outputs=[RequestedOutput("probabilities", parameters={"binary_data": binary})],
    )
    response = ask("v2", lambda client: client.infer(f"http://{service}", request, "alexnet"))

    assert (response.id, response.model_name) == ("42", "alexnet")
    np.testing.assert_allclose(probabilities(response), golden["probabilities"], atol=0.05)


@pytest.mark.parametrize("binary", [True, False])
def test_pictures(service: str, golden: Golden, pictures: list[bytes], *, binary: bool) -> None:
    """Bytes as they are, or base64 as strings."""
    elements = pictures if binary else [base64.b64encode(each) for each in pictures]
    tensor = InferInput("image", [len(elements)], "BYTES")
    tensor.set_data_from_numpy(np.array(elements, np.object_), binary_data=binary)
    request = InferRequest("alexnet", [tensor])
    response = ask("v2", lambda client: client.infer(f"http://{service}", request, "alexnet"))

    assert probabilities(response).argmax(axis=1).tolist() == golden["labels"].tolist()


def test_version_1(service: str, golden: Golden, pictures: list[bytes]) -> None:
    """KServe's first protocol is TensorFlow Serving's."""
    data = {"instances": [{"b64": base64.b64encode(each).decode()} for each in pictures]}
    answer = ask("v1", lambda client: client.infer(f"http://{service}", data, "alexnet"))
    found = [np.argmax(row["probabilities"]) for row in answer["predictions"]]

    assert found == golden["labels"].tolist()


@pytest.mark.parametrize(("protocol", "data"), [("v1", {}), ("v2", {"inputs": "none"})])
def test_errors_reach_the_caller(service: str, protocol: str, data: dict[str, object]) -> None:
    """As the client's exception, with our text in it."""
    with pytest.raises(httpx.HTTPStatusError, match="400 Bad Request") as caught:
        ask(protocol, lambda client: client.infer(f"http://{service}", data, "alexnet"))

    assert caught.value.response.json()["error"] in str(caught.value)
