"""Triton's own Python client, synchronous and asynchronous, in JSON and in binary."""

import asyncio
import base64
from collections.abc import Iterator

import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

Golden = dict[str, NDArray[np.uint8]]


@pytest.fixture(scope="module")
def client(service: str) -> Iterator[triton.InferenceServerClient]:
    """A client of the running process."""
    with triton.InferenceServerClient(service) as connected:
        yield connected


def make_input(images: NDArray[np.generic], *, binary: bool) -> triton.InferInput:
    """The digits as the input `images`."""
    tensor = triton.InferInput("images", list(images.shape), np_to_triton_dtype(images.dtype))
    tensor.set_data_from_numpy(images, binary_data=binary)
    return tensor


def make_pictures(pictures: list[bytes], *, binary: bool) -> triton.InferInput:
    """Encoded pictures as the input `image`."""
    elements = pictures if binary else [base64.b64encode(each) for each in pictures]
    tensor = triton.InferInput("image", [len(elements)], "BYTES")
    tensor.set_data_from_numpy(np.array(elements, np.object_), binary_data=binary)
    return tensor


def test_health_and_metadata(client: triton.InferenceServerClient) -> None:
    """Everything that the client asks before it infers."""
    metadata = client.get_model_metadata("alexnet")
    version = metadata["versions"][0]

    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("alexnet")
    assert client.is_model_ready("alexnet", version)
    assert not client.is_model_ready("lenet")
    assert not client.is_model_ready("alexnet", "999")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    assert [tensor["name"] for tensor in metadata["outputs"]] == ["probabilities", "logits"]


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
def test_digits(
    client: triton.InferenceServerClient, golden: Golden, dtype: str, *, binary: bool
) -> None:
    """Any numeric type, either way in and either way out."""
    outputs = [
        triton.InferRequestedOutput("probabilities", binary_data=binary),
        triton.InferRequestedOutput("logits", binary_data=not binary),
    ]
    images = golden["images"].astype(dtype)
    result = client.infer(
        "alexnet", [make_input(images, binary=binary)], outputs=outputs, request_id="42"
    )

    assert result.get_response()["id"] == "42"
    np.testing.assert_allclose(result.as_numpy("probabilities"), golden["probabilities"], atol=0.05)
    assert result.as_numpy("logits").argmax(axis=1).tolist() == golden["labels"].tolist()


def test_half_floats(client: triton.InferenceServerClient, golden: Golden) -> None:
    """FP16 goes as bytes alone; all outputs come as bytes where none is named."""
    images = golden["images"].astype(np.float16)
    result = client.infer("alexnet", [make_input(images, binary=True)])

    np.testing.assert_allclose(result.as_numpy("probabilities"), golden["probabilities"], atol=0.05)


@pytest.mark.parametrize("binary", [True, False])
def test_pictures(
    client: triton.InferenceServerClient, golden: Golden, pictures: list[bytes], *, binary: bool
) -> None:
    """Bytes as they are, or base64 as strings."""
    result = client.infer("alexnet", [make_pictures(pictures, binary=binary)])

    assert result.as_numpy("logits").argmax(axis=1).tolist() == golden["labels"].tolist()


@pytest.mark.parametrize("binary", [True, False])
def test_classification(
    client: triton.InferenceServerClient, golden: Golden, pictures: list[bytes], *, binary: bool
) -> None:
    """The client's own way to ask for the highest classes."""
    output = triton.InferRequestedOutput("probabilities", binary_data=binary, class_count=3)
    result = client.infer("alexnet", [make_pictures(pictures, binary=True)], outputs=[output])
    texts = result.as_numpy("probabilities")
    first = [text.decode() if isinstance(text, bytes) else text for text in texts[:, 0]]

    assert texts.shape == (len(pictures), 3)
    assert [int(text.split(":")[1]) for text in first] == golden["labels"].tolist()


def test_many_at_once(client: triton.InferenceServerClient, golden: Golden) -> None:
    """Requests in flight together do not get each other's answers."""
    images = golden["images"]
    pending = [
        client.async_infer("alexnet", [make_input(image[None], binary=True)]) for image in images
    ]
    answers = [each.get_result().as_numpy("logits").argmax() for each in pending]

    assert answers == golden["labels"].tolist()


@pytest.mark.parametrize(
    ("version", "images", "status", "text"),
    [
        ("999", np.zeros((1, 28, 28), np.uint8), "404", "999"),
        ("", np.zeros((1, 28, 27), np.uint8), "400", "[-1, 28, 28]"),
        ("", np.full((1, 28, 28), 0.5, np.float32), "400", "whole number"),
    ],
)
def test_errors_reach_the_caller(
    client: triton.InferenceServerClient,
    version: str,
    images: NDArray[np.generic],
    status: str,
    text: str,
) -> None:
    """As the client's exception, with its status and its text."""
    with pytest.raises(InferenceServerException) as caught:
        client.infer("alexnet", [make_input(images, binary=True)], model_version=version)

    assert caught.value.status() == status
    assert text in caught.value.message()


def test_asyncio(service: str, golden: Golden, pictures: list[bytes]) -> None:
    """The asynchronous client, many requests at once, in JSON and in binary."""

    async def infer_all() -> list[int]:
        async with triton_aio.InferenceServerClient(service) as client:
            assert await client.is_server_ready()
            results = await asyncio.gather(
                *(
                    client.infer("alexnet", [make_pictures([picture], binary=place % 2 == 0)])
                    for place, picture in enumerate(pictures)
                )
            )
        return [int(result.as_numpy("probabilities").argmax()) for result in results]

    digits = asyncio.run(infer_all())

    assert digits == golden["labels"].tolist()
