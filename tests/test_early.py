"""What is refused at its headers is told what it would be told later."""

import asyncio
import json

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from app.early import EarlyRefusal
from app.errors import Overloaded
from app.guards.admission import Bounds, Places
from app.main import create_app
from app.metrics import Metrics
from app.settings import Settings
from tests.conftest import connect

pytestmark = pytest.mark.anyio

OF_THE_REQUEST = {"x-request-id", "server-timing"}


def make(requests: int) -> EarlyRefusal:
    """With so many places."""
    return EarlyRefusal(Places(Bounds(requests, 1, 1.0, 1, 1.0)), Metrics(CollectorRegistry()))


def fill(turn_away: EarlyRefusal) -> None:
    """Take every place."""
    for _ in range(turn_away.places.bounds.requests):
        turn_away.places.take()


@pytest.mark.parametrize(
    "path", ["/predict", "/v1/models/alexnet:predict", "/v2/models/alexnet/infer", "/nowhere"]
)
async def test_it_says_what_is_said_later(application: FastAPI, path: str) -> None:
    """Status, headers and body, but for what is the request's own."""
    turn_away: EarlyRefusal = application.state.turn_away
    fill(turn_away)
    async with connect(application) as client:
        later = await client.post(path, content=b"x")

    sealed = turn_away(b"POST", path.encode() + b"?a=b", [(b"host", b"test")])
    assert sealed is not None
    head, _, body = sealed.serialise([(b"date", b"today")]).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert first == "HTTP/1.1 503 Service Unavailable"
    assert later.status_code == 503
    assert headers.pop("date") == "today"
    assert set(headers) == set(later.headers)
    assert {name: headers[name] for name in headers if name not in OF_THE_REQUEST} == {
        name: value for name, value in later.headers.items() if name not in OF_THE_REQUEST
    }
    said = json.loads(body)
    assert said.get("request_id", headers["x-request-id"]) == headers["x-request-id"]
    assert {**said, "request_id": None} == {**later.json(), "request_id": None}


async def test_every_refusal_has_an_id_of_its_own() -> None:
    """Though the rest of it is made once."""
    turn_away = make(1)
    fill(turn_away)
    said = {sealed.rest for sealed in (turn_away(b"POST", b"/predict", []) for _ in "ab") if sealed}

    assert len(said) == 2


async def test_refusals_are_counted() -> None:
    """As those of the layers further in."""
    turn_away = make(1)
    assert turn_away(b"POST", b"/predict", []) is None
    assert turn_away(b"POST", b"/predict", []) is not None
    labels = {"route": "unmatched", "method": "POST", "status": "503"}

    counted = turn_away.metrics.exposed.get_sample_value("http_requests_total", labels)

    assert counted == 1


@pytest.mark.parametrize(
    ("method", "header"),
    [(b"GET", b"host"), (b"POST", b"traceparent"), (b"POST", b"x-request-id")],
)
async def test_what_says_more_comes_further(method: bytes, header: bytes) -> None:
    """Health and metrics, and requests that are part of something larger."""
    turn_away = make(1)
    fill(turn_away)

    assert turn_away(method, b"/health", [(header, b"1")]) is None


async def test_no_more_are_begun_at_once_than_have_a_place() -> None:
    """They take their places later in the same turn of the loop; those who never do keep none."""
    turn_away = make(3)
    turn_away.places.take()
    begun = [turn_away(b"POST", b"/predict", []) is None for _ in range(4)]
    await asyncio.sleep(0)
    later = turn_away(b"POST", b"/predict", []) is None

    assert begun == [True, True, False, False]
    assert later


def test_where_other_layers_have_more_to_say_there_is_none() -> None:
    """A browser of another origin could not read a refusal without that layer's headers."""
    assert create_app(Settings()).state.turn_away is not None
    assert create_app(Settings(cors_origins="https://example.com")).state.turn_away is None


def test_a_refusal_is_whole_seconds_long() -> None:
    """So that one that was composed serves many."""
    refusal = Places(Bounds(1, 1, 1.0, 1, 1.0)).refusal()

    assert isinstance(refusal, Overloaded)
    assert isinstance(refusal.retry_after_seconds, int)
