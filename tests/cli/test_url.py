"""alexnet predict and read --url: what the server says, and what it costs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from app.client import AsyncClient

Alexnet = Callable[..., Result]
Answer = Callable[[httpx.Request], httpx.Response]
Server = Callable[[Answer], None]

URL = "http://test"
UNAUTHORISED = {
    "type": "about:blank", "title": "t", "status": 401, "detail": "d", "code": "unauthorised",
}  # fmt: skip


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """What puts a function in the place of the server, and has nobody wait for one that is gone."""

    def serve(answer: Answer) -> None:
        client = partial(AsyncClient, transport=httpx.MockTransport(answer))
        monkeypatch.setattr("app.client.AsyncClient", client)

    monkeypatch.setattr("app.client.LOST_WAIT_SECONDS", 0.0)
    return serve


def refuse_connection(_request: httpx.Request) -> httpx.Response:
    """Nothing listens there."""
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize("command", ["predict", "read"])
@pytest.mark.parametrize(
    "case",
    [
        (refuse_connection, "does not answer"),
        (lambda _: httpx.Response(200, text="<html>"), "not_understood"),
        (lambda _: httpx.Response(200, json={"predictions": []}), "not_understood"),
        (lambda _: httpx.Response(401, json=UNAUTHORISED), "unauthorised"),
    ],
    ids=["silence", "page", "too-few", "no-key"],
)
def test_server_that_reads_nothing_is_told_in_a_line(
    alexnet: Alexnet, server: Server, pictures: Path, command: str, case: tuple[Answer, str]
) -> None:
    """3, as where there is no model."""
    answer, text = case
    server(answer)
    result = alexnet(command, pictures, "--url", URL)

    assert (result.exit_code, result.stdout) == (3, "")
    assert len(result.stderr.splitlines()) == 1
    assert text in result.stderr


@pytest.mark.parametrize("command", ["predict", "read"])
def test_picture_that_is_too_large_stops_nothing(
    alexnet: Alexnet, server: Server, pictures: Path, command: str
) -> None:
    """Be it a proxy's limit, which answers in words of its own."""
    server(lambda _: httpx.Response(413, text="<html>"))
    result = alexnet(command, pictures, "--url", URL)

    assert result.exit_code == 1
    assert [line.rpartition("/")[2].split(":")[0] for line in result.stderr.splitlines()] == [
        "two.PNG",
        "broken.png",
        "seven.png",
    ]


@pytest.mark.parametrize("command", ["predict", "read"])
def test_key_is_sent(alexnet: Alexnet, server: Server, pictures: Path, command: str) -> None:
    """As an option, or in the environment, where no list of processes shows it."""
    keys: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers.get("x-api-key"))
        return httpx.Response(401, json=UNAUTHORISED)

    server(answer)
    words = (command, pictures / "seven.png", "--url", URL)
    alexnet(*words, "--key", "typed")
    alexnet(*words, env={"API_KEY": "kept"})
    alexnet(*words)

    assert keys == ["typed", "kept", None]
