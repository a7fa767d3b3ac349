"""The client against the real application, and against one that fails as the test wants it."""

import httpx
import pytest
from fastapi import FastAPI

from app.client import AsyncClient, Client, Refused, Unreachable
from app.schemas import PredictionAnswer, Problem

pytestmark = pytest.mark.anyio

PROBLEM = {"type": "about:blank", "title": "t", "status": 503, "detail": "d", "code": "queue_full"}


async def test_pictures_are_read(application: FastAPI, seven: bytes, two: bytes) -> None:
    """One, and more than fit into one request, a bad one among them."""
    async with AsyncClient("http://test", transport=httpx.ASGITransport(application)) as client:
        one = await client.predict(seven)
        many = await client.predict_many([seven, b"no picture", *[two] * 70])

    assert (one.digit, one.accepted) == (7, True)
    assert isinstance(many[1], Problem)
    assert many[1].code == "not_an_image"
    assert [each.digit for each in many if isinstance(each, PredictionAnswer)] == [7, *[2] * 70]


async def test_refusal_is_raised(application: FastAPI) -> None:
    """What the service says is kept."""
    async with AsyncClient("http://test", transport=httpx.ASGITransport(application)) as client:
        with pytest.raises(Refused) as refused:
            await client.predict(b"no picture")

    assert refused.value.problem.code == "not_an_image"


class Script:
    """Answers as it was told, one after the other, the last for ever."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        """Keep the answers."""
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, _request: httpx.Request) -> httpx.Response:
        """The next one."""
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def busy(retry_after: str = "0") -> httpx.Response:
    """A refusal that passes."""
    return httpx.Response(503, headers={"retry-after": retry_after}, json=PROBLEM)


def good() -> httpx.Response:
    """A reading."""
    answer = {
        "digit": 4, "confidence": 1.0, "probabilities": [0.1] * 10, "accepted": True,
        "reason": None, "warnings": [], "model": {"name": "alexnet", "version": "1"},
    }  # fmt: skip
    return httpx.Response(200, json=answer)


async def test_passing_trouble_is_waited_out() -> None:
    """Busy, then no connection, then a reading: the caller sees only that, sync and async."""
    script = Script(busy(), httpx.ConnectError("refused"), good())
    with Client("http://test", transport=httpx.MockTransport(script)) as client:
        answer = client.predict(b"x")
    again = Script(busy(), good())
    async with AsyncClient("http://test", transport=httpx.MockTransport(again)) as other:
        later = await other.predict(b"x")

    assert (answer.digit, script.asked) == (4, 3)
    assert (later.digit, again.asked) == (4, 2)


async def test_retry_after_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause is what the service asks for, and never longer than ten seconds."""
    pauses: list[float] = []
    monkeypatch.setattr("app.client.time.sleep", pauses.append)
    script = Script(busy("3"), busy("4000"), good())
    with Client("http://test", transport=httpx.MockTransport(script)) as client:
        client.predict(b"x")

    assert pauses == [3.0, 10.0]


async def test_patience_ends() -> None:
    """After so many tries the last answer counts, or that there was none."""
    refusing = Script(busy())
    with (
        Client("http://test", retries=1, transport=httpx.MockTransport(refusing)) as client,
        pytest.raises(Refused),
    ):
        client.predict(b"x")
    silent = Script(httpx.ConnectError("refused"))
    with (
        Client("http://test", retries=1, transport=httpx.MockTransport(silent)) as client,
        pytest.raises(Unreachable),
    ):
        client.predict(b"x")

    assert (refusing.asked, silent.asked) == (2, 2)


async def test_stranger_behind_the_address_is_told() -> None:
    """A proxy's page of HTML is no answer of the service."""
    script = Script(httpx.Response(404, text="<html>"))
    with (
        Client("http://test", transport=httpx.MockTransport(script)) as client,
        pytest.raises(Refused, match="not this service"),
    ):
        client.predict(b"x")
