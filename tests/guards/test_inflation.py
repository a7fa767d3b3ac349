"""Bodies that come compressed: the same answers, the same bounds."""

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from app.guards.inflation import MAX_MEMBERS
from app.settings import Settings
from tests.conftest import MODELS, connect, ready

pytestmark = pytest.mark.anyio

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
    "GZIP, identity": gzip.compress,
}
PNG = {"content-type": "image/png"}


@pytest.fixture
async def small() -> AsyncIterator[httpx.AsyncClient]:
    """A service that takes no more than 100 kB a body, and 1 MB of all together."""
    settings = Settings(
        models_dir=MODELS, engine_threads=1, max_upload_bytes=100_000, max_buffered_bytes=1_000_000
    )
    async with ready(settings) as app, connect(app) as http:
        yield http


@pytest.mark.parametrize("encoding", COMPRESS)
async def test_upload_may_be_compressed(
    shared: httpx.AsyncClient, seven: bytes, encoding: str
) -> None:
    """By every coding that there is a name for here."""
    headers = {**PNG, "content-encoding": encoding}
    body = COMPRESS[encoding](seven)
    answer = (await shared.post("/predict", content=body, headers=headers)).json()

    assert answer["digit"] == 7


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_both_protocols_take_it(
    shared: httpx.AsyncClient, golden: dict[str, NDArray[np.uint8]], encoding: str
) -> None:
    """In JSON, as their clients send it."""
    digits = golden["images"][:3]
    tensor = {"name": "images", "datatype": "UINT8", "shape": list(digits.shape)}
    bodies = {
        "/v2/models/alexnet/infer": {"inputs": [{**tensor, "data": digits.tolist()}]},
        "/v1/models/alexnet:predict": {"instances": digits.tolist()},
    }
    for path, body in bodies.items():
        plain = await shared.post(path, json=body)
        packed = await shared.post(
            path,
            content=COMPRESS[encoding](json.dumps(body).encode()),
            headers={"content-type": "application/json", "content-encoding": encoding},
        )

        assert packed.status_code == 200, packed.text
        assert packed.json() == plain.json()


async def test_several_files_are_one_body(shared: httpx.AsyncClient, seven: bytes) -> None:
    """Gzip files strung together, sent in pieces as small as can be."""
    packed = gzip.compress(seven[:50]) + gzip.compress(seven[50:])

    async def trickle() -> AsyncIterator[bytes]:
        for place in range(len(packed)):
            yield packed[place : place + 1]

    headers = {**PNG, "content-encoding": "gzip"}
    answer = (await shared.post("/predict", content=trickle(), headers=headers)).json()

    assert answer["digit"] == 7


async def test_countless_empty_pieces_are_refused(shared: httpx.AsyncClient) -> None:
    """They grow to nothing that a bound could count."""
    headers = {**PNG, "content-encoding": "gzip"}
    body = gzip.compress(b"") * (MAX_MEMBERS + 1)
    response = await shared.post("/predict", content=body, headers=headers)

    assert (response.status_code, response.json()["code"]) == (400, "malformed_body")


async def test_bomb_is_refused_while_it_is_small(small: httpx.AsyncClient, seven: bytes) -> None:
    """What grows beyond the bound of a body is too large, and what is in memory is let go of."""
    bomb = gzip.compress(bytes(50_000_000))
    headers = {**PNG, "content-encoding": "gzip"}
    for _ in range(30):  # more together than there is room for
        response = await small.post("/predict", content=bomb, headers=headers)
        assert (response.status_code, response.json()["code"]) == (413, "upload_too_large")
    answer = (await small.post("/predict", content=seven, headers=PNG)).json()

    assert len(bomb) < 100_000
    assert answer["digit"] == 7


@pytest.mark.parametrize(
    ("encoding", "change"),
    [
        ("gzip", bytes),
        ("deflate", bytes),
        ("gzip", lambda body: gzip.compress(body)[:-9]),
        ("gzip", lambda body: gzip.compress(body) + b"more"),
        ("gzip", lambda _: b""),
    ],
    ids=["plain", "plain deflate", "cut short", "with more behind", "empty"],
)
async def test_what_cannot_be_inflated_is_malformed(
    shared: httpx.AsyncClient, seven: bytes, encoding: str, change: Callable[[bytes], bytes]
) -> None:
    """It is not what it says it is."""
    headers = {**PNG, "content-encoding": encoding}
    response = await shared.post("/predict", content=change(seven), headers=headers)

    assert (response.status_code, response.json()["code"]) == (400, "malformed_body")


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip, deflate", "zstd"])
async def test_other_encodings_are_refused(
    shared: httpx.AsyncClient, seven: bytes, encoding: str
) -> None:
    """With the names of those that are not."""
    headers = {**PNG, "content-encoding": encoding}
    response = await shared.post("/predict", content=seven, headers=headers)

    assert (response.status_code, response.json()["code"]) == (415, "unsupported_encoding")
    assert response.headers["accept-encoding"] == "gzip, deflate"


async def test_protocol_says_so_in_its_own_form(shared: httpx.AsyncClient) -> None:
    """As every other error under its path."""
    headers = {"content-type": "application/json", "content-encoding": "br"}
    response = await shared.post("/v2/models/alexnet/infer", content=b"x", headers=headers)

    assert response.status_code == 415
    assert set(response.json()) == {"error"}
