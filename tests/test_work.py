"""How much work one request is, in counts that no busy machine changes."""

import asyncio
import gc
import json
import logging
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import CodeType, FrameType, FunctionType

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray
from starlette.types import Message

from app.imaging import decoding, framing, lighting, normalisation, search
from app.logs import JsonFormatter
from tests.conftest import connect
from tests.garbage import counting_garbage
from tests.pictures import encode

pytestmark = pytest.mark.anyio

WARM_UP = 3
REPEATS = 5

MOST_CALLS = 620
"""Of Python and C functions on the event loop's thread, for one small picture: 592 to 607 were
counted, by what the process had done before. What adds a tenth must be worth it, and says so by
raising this."""

MOST_BYTES = 110_000
"""Allocated at once, by Python and NumPy, for one small picture."""

NOISE = np.random.default_rng(0).integers(0, 256, (300, 300), dtype=np.uint8)

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "POST",
    "scheme": "http",
    "root_path": "",
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 80),
}


class Work:
    """Calls, counted while a block ran, in its thread."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.calls = 0
        self.by_code: Counter[CodeType] = Counter()

    def of(self, function: FunctionType) -> int:
        """How often a function was called."""
        return self.by_code[function.__code__]

    def note(self, frame: FrameType, event: str, _argument: object) -> None:
        """What `sys.setprofile` tells."""
        if event in {"call", "c_call"}:
            self.calls += 1
        if event == "call":
            self.by_code[frame.f_code] += 1


@contextmanager
def counting() -> Iterator[Work]:
    """Count calls in the thread of the event loop."""
    work = Work()
    sys.setprofile(work.note)
    try:
        yield work
    finally:
        sys.setprofile(None)


@cache
def make_form(upload: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body as a client sends them; what it does for that is not counted."""
    form = httpx.Request("POST", "http://test", files={"file": ("digit.png", upload)})
    return [(name.lower(), value) for name, value in form.headers.raw], form.read()


async def post(
    application: FastAPI, upload: bytes, path: str = "/predict", status: int = 200
) -> None:
    """One picture, answered: the application alone is called, without client or server."""
    path, _, query = path.partition("?")
    address = {"path": path, "raw_path": path.encode(), "query_string": query.encode()}
    headers, body = make_form(upload)
    messages: list[Message] = [{"type": "http.request", "body": body}]
    sent: list[Message] = []

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()  # the caller stays, and says no more
        return messages.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    await application({**SCOPE, **address, "headers": headers, "state": {}}, receive, send)
    assert sent[0]["status"] == status


async def least_work(application: FastAPI, upload: bytes) -> Work:
    """Of some requests, the one that called least: what else the loop does is no part of it."""
    for _ in range(WARM_UP):
        await post(application, upload)
    counted = []
    for _ in range(REPEATS):
        with counting() as work:
            await post(application, upload)
        counted.append(work)
    return min(counted, key=lambda work: work.calls)


async def test_small_picture_is_looked_at_once(application: FastAPI, seven: bytes) -> None:
    """It is decoded once, found to be framed once, and needs no search and no second batch."""
    work = await least_work(application, seven)

    assert work.of(decoding.decode_picture) == 1
    assert work.of(framing.is_framed) == 1
    assert work.of(search.search) == 0


async def test_small_picture_is_few_calls(application: FastAPI, seven: bytes) -> None:
    """All that is done for one request stays within what it was when it was measured."""
    work = await least_work(application, seven)

    assert 100 < work.calls <= MOST_CALLS


async def test_small_picture_to_search_is_decoded_once(
    application: FastAPI, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """One that is not framed as MNIST's goes to a thread as pixels, not as a file once more."""
    work = await least_work(application, encode(np.roll(golden["images"][0], 3, axis=1)))

    assert work.of(decoding.decode_picture) == 1


@pytest.mark.parametrize(("is_dark", "most"), [(True, 1), (False, 2)])
def test_light_is_told_from_drawing_once_a_polarity(
    golden: dict[str, NDArray[np.uint8]], *, is_dark: bool, most: int
) -> None:
    """However often ink is looked for in a picture."""
    page = np.zeros((120, 100), np.uint8)
    page[40:68, 30:58] = golden["images"][0]
    with counting() as work:
        normalisation.normalise(255 - page if is_dark else page)

    assert 1 <= work.of(lighting.detail) <= most


async def test_a_request_is_one_batch_and_one_line(
    application: FastAPI, seven: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """As the metrics count batches; the line of the log is written by one pass of the encoder."""
    async with connect(application) as client:
        await post(application, seven)
        before = await count_batches(client)
        caplog.clear()
        with caplog.at_level(logging.INFO, "app"):
            await post(application, seven)
        after = await count_batches(client) - before
    lines = [record for record in caplog.records if record.name.startswith("app")]

    assert after == 1
    assert [record.getMessage() for record in lines[:1]] == ["request"]
    assert json.loads(JsonFormatter().format(lines[0]))["route"] == "/predict"


async def count_batches(client: httpx.AsyncClient) -> float:
    """How often the engine ran."""
    text = (await client.get("/metrics")).text
    lines = [line for line in text.splitlines() if line.startswith("digits_batch_rows_count")]
    return float(lines[0].split()[-1])


@pytest.mark.parametrize(
    ("upload", "path", "status"),
    [
        (encode(np.eye(28, dtype=np.uint8) * 255), "/predict", 200),
        (encode(np.eye(300, dtype=np.uint8) * 255), "/predict", 200),
        (encode(np.eye(300, dtype=np.uint8) * 255), "/read", 200),
        (encode(np.eye(300, dtype=np.uint8) * 255), "/predict?explain=true", 200),
        (b"no picture", "/predict", 422),
        (encode(np.zeros((28, 28), np.uint8)), "/predict", 422),
        (encode(np.zeros((900, 900), np.uint8)), "/predict", 422),
        (encode(np.zeros((900, 900), np.uint8)), "/read", 422),
        (encode(NOISE)[:-100], "/predict", 422),
        (encode(NOISE), "/nowhere", 404),
    ],
)
async def test_a_request_leaves_no_cycle(
    application: FastAPI, upload: bytes, path: str, status: int
) -> None:
    """All of it goes once it was answered, refused pictures too: the collector seldom looks."""
    for _ in range(WARM_UP):
        await post(application, upload, path, status)
    with counting_garbage() as left:
        for _ in range(REPEATS):
            await post(application, upload, path, status)

    assert left.count == 0


async def test_small_picture_takes_little_memory(application: FastAPI, seven: bytes) -> None:
    """What one request has allocated at its height, beside what there was before."""
    for _ in range(WARM_UP):
        await post(application, seven)
    tracemalloc.start()
    try:
        peaks = [await measure_peak(application, seven) for _ in range(REPEATS)]
    finally:
        tracemalloc.stop()

    assert 1_000 < min(peaks) < MOST_BYTES


async def measure_peak(application: FastAPI, upload: bytes) -> int:
    """The most bytes at once during one request."""
    gc.collect()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    await post(application, upload)
    _, peak = tracemalloc.get_traced_memory()
    return peak - before
