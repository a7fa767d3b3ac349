"""The client against the real application, and against one that fails as the test wants it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.client import AsyncClient, Client, Refused, Unreachable
from app.schemas import PredictionAnswer, Problem
from app.settings import Settings
from tests.conftest import MODELS, ready

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


async def test_what_is_too_large_harms_no_other(seven: bytes, two: bytes) -> None:
    """A picture over the limit of the service is named; more than it takes at once are divided."""
    settings = Settings(models_dir=MODELS, max_batch_bytes=20_000, max_batch_files=2)
    async with (
        ready(settings) as application,
        AsyncClient("http://test", transport=httpx.ASGITransport(application)) as client,
    ):
        answers = await client.predict_many([seven, bytes(30_000), two, two, seven])

    assert isinstance(answers[1], Problem)
    assert answers[1].code == "upload_too_large"
    assert [each.digit for each in answers if isinstance(each, PredictionAnswer)] == [7, 2, 2, 7]


async def test_key_is_sent(seven: bytes, tmp_path: Path) -> None:
    """A service that asks for one lets the client pass with it, and not without."""
    keys = tmp_path / "keys"
    keys.write_text(hashlib.sha256(b"secret").hexdigest())
    async with ready(Settings(models_dir=MODELS, api_keys_file=keys)) as application:
        transport = httpx.ASGITransport(application)
        async with AsyncClient("http://test", key="secret", transport=transport) as client:
            answer = await client.predict(seven)
        async with AsyncClient("http://test", transport=transport) as client:
            with pytest.raises(Refused, match="unauthorised"):
                await client.predict(seven)

    assert answer.digit == 7


@pytest.mark.parametrize("key", ["sécret", "secret\n"])
async def test_key_that_no_header_holds_is_told(key: str) -> None:
    """Without the key itself."""
    with pytest.raises(Unreachable, match=r"The key cannot be sent: [a-zA-Z ]*\.$"):
        Client("http://test", key=key)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:99999",
        "http://127.0.0.1:-1",
        "http://127.0.0.1:x",
        "http://[::1",
        "http://a..b",
        "http://",
        "127.0.0.1:8000",
        "",
    ],
)
async def test_wrong_address_is_told(url: str) -> None:
    """Before anything is asked, by the one exception that a caller expects."""
    for kind in (Client, AsyncClient):
        with pytest.raises(Unreachable, match="no address"):
            kind(url)


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


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have waited, each time; it does not."""
    pauses: list[float] = []
    monkeypatch.setattr("app.client.time.sleep", pauses.append)
    return pauses


@pytest.mark.usefixtures("pauses")
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


async def test_retry_after_is_heeded(pauses: list[float]) -> None:
    """The pause is what the service asks for, and never longer than ten seconds."""
    script = Script(busy("3"), busy("4000"), good())
    with Client("http://test", transport=httpx.MockTransport(script)) as client:
        client.predict(b"x")

    assert pauses == [3.0, 10.0]


async def test_restart_of_the_service_is_waited_out(pauses: list[float]) -> None:
    """A server that starts takes longer than one that is busy."""
    script = Script(*[httpx.ConnectError("refused")] * 3, good())
    with Client("http://test", transport=httpx.MockTransport(script)) as client:
        client.predict(b"x")

    assert pauses == [1.0, 2.0, 4.0]


@pytest.mark.usefixtures("pauses")
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


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: httpx.Response(200, text="<html>"),
        lambda _: httpx.Response(200, text="null"),
        lambda _: httpx.Response(200, json={"predictions": []}),
        lambda _: httpx.Response(
            200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")
        ),
    ],
    ids=["page", "null", "too-few", "no-gzip"],
)
async def test_answer_that_is_none_is_told(
    answer: Callable[[httpx.Request], httpx.Response],
) -> None:
    """Whatever was asked, it is a refusal like any other."""
    with Client("http://test", transport=httpx.MockTransport(answer)) as client:
        for ask in (client.predict, client.read, lambda image: client.predict_many([image])):
            with pytest.raises(Refused, match="not_understood"):
                ask(b"x")


@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_proxy_of_no_known_kind_is_told(
    make: type[Client | AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the environment's, and neither the address nor the service is wrong."""
    monkeypatch.setenv("HTTP_PROXY", "ftp://proxy.example")
    with pytest.raises(Unreachable, match="proxy"):
        make("http://digits.example")
