"""Callers that hang up: their work is dropped, and nobody takes it for a failure."""

import asyncio
import logging

import pytest
from fastapi import FastAPI
from starlette.types import Message, Scope

from app.classifier import Classifier

pytestmark = pytest.mark.anyio


def make_scope(path: str, length: int) -> Scope:
    """A request for a picture's digit."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"image/png"), (b"content-length", b"%d" % length)],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


async def test_hanging_up_while_sending_is_no_failure(
    application: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is answered, nothing is logged as an error, and it is counted as what it is."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    with caplog.at_level(logging.ERROR):
        await application(make_scope("/predict", 100), receive, send)

    assert sent == []
    assert caplog.messages == []


async def test_hanging_up_while_waiting_drops_the_work(
    application: FastAPI, seven: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody waits for any more is cancelled as soon as the server says so."""
    is_waiting, is_dropped = asyncio.Event(), asyncio.Event()
    hangs_up = asyncio.Event()
    messages = iter([{"type": "http.request", "body": seven, "more_body": False}])

    async def classify(_self: Classifier, _upload: bytes) -> None:
        is_waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            is_dropped.set()

    async def receive() -> Message:
        message = next(messages, None)
        if message is None:
            await hangs_up.wait()
            return {"type": "http.disconnect"}
        return message

    async def send(_message: Message) -> None:
        raise AssertionError("There is nobody to answer.")

    monkeypatch.setattr(Classifier, "classify", classify)
    monkeypatch.setattr(Classifier, "is_backlogged", True)
    request = asyncio.create_task(application(make_scope("/predict", len(seven)), receive, send))
    await is_waiting.wait()
    hangs_up.set()
    await asyncio.wait_for(request, 30)

    assert is_dropped.is_set()
