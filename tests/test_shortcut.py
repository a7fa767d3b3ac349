"""Past the router, every answer is the router's own."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from app.settings import Settings
from tests.conftest import connect, ready

pytestmark = pytest.mark.anyio


@pytest.fixture
async def routed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FastAPI]:
    """The application as FastAPI would have it."""

    def go_round(app: ASGIApp, routes: object) -> ASGIApp:  # noqa: ARG001 # of what it stands for
        return app

    monkeypatch.setattr("app.main.Shortcut", go_round)
    async with ready(settings) as application:
        yield application


@pytest.fixture
def requests(seven: bytes, two: bytes) -> dict[str, dict[str, Any]]:
    """Good ones and bad ones."""
    form = {"file": ("seven.png", seven, "image/png")}
    image = {"content-type": "image/png"}
    return {
        "a form": {"method": "POST", "url": "/predict", "files": form},
        "an image": {"method": "POST", "url": "/predict", "content": two, "headers": image},
        "several": {
            "method": "POST",
            "url": "/predict/batch",
            "files": [("files", seven), ("files", b"none"), ("files", two)],
        },
        "a number": {"method": "POST", "url": "/read", "files": form},
        "explained": {"method": "POST", "url": "/predict?explain=true", "files": form},
        "asked wrongly": {"method": "POST", "url": "/predict?explain=perhaps", "files": form},
        "no image": {"method": "POST", "url": "/predict", "content": b"x", "headers": image},
        "nothing": {"method": "POST", "url": "/predict", "headers": image},
        "no file": {"method": "POST", "url": "/predict", "files": {"other": seven}},
        "of no type": {"method": "POST", "url": "/predict", "content": seven},
        "another method": {"method": "GET", "url": "/predict"},
        "another path": {"method": "POST", "url": "/predict/"},
    }


async def ask(application: FastAPI, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    async with connect(application) as client:
        client.headers["x-request-id"] = "one"
        answer: httpx.Response = await client.request(**request)
    headers = dict(answer.headers)
    del headers["server-timing"]
    return answer.status_code, headers, answer.content


async def test_answers_are_the_routers(
    application: FastAPI, routed: FastAPI, requests: dict[str, dict[str, Any]]
) -> None:
    """Bytes, status and headers; and they are counted under the same route."""
    for name, request in requests.items():
        assert await ask(application, request) == await ask(routed, request), name

    counted = [each.state.metrics.requests.collect() for each in (application, routed)]
    direct, by_router = (
        {
            tuple(sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
            if sample.name.endswith("_total")
        }
        for families in counted
    )
    assert direct == by_router
