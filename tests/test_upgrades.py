"""An upgrade that is offered costs a request neither its body nor its connection."""

import json

import pytest

from tests.lines import CHUNKED, PLAIN, POST, UPGRADE, lined, turn_all_away

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "reads",
    [
        [POST + b"Content-Length: 5\r\n" + UPGRADE + b"\r\nhello" + PLAIN],
        [POST + b"Content-Length: 5\r\n" + UPGRADE + b"\r\n", b"hello", PLAIN],
        [POST + b"Content-Length: 5\r\n" + UPGRADE, b"\r\nhel", b"lo" + PLAIN],
        [POST + CHUNKED + UPGRADE + b"\r\n5\r\nhello\r\n0\r\n\r\n" + PLAIN],
        [POST + CHUNKED + UPGRADE + b"\r\n5\r", b"\nhello\r\n0\r\n\r\n", PLAIN],
    ],
    ids=["whole", "head-and-body", "in-pieces", "chunked", "chunked-in-pieces"],
)
async def test_body_behind_an_upgrade_is_the_requests(reads: list[bytes]) -> None:
    """And the request behind that is one of its own."""
    async with lined() as line:
        await line.receive(*reads)
        told = [json.loads((await line.answer()).body) for _ in "ab"]

    assert [(one["path"], one["body"]) for one in told] == [("/predict", "hello"), ("/next", "")]
    assert "upgrade" in told[0]["names"]
    assert told[1]["names"] == ["host"]


async def test_requests_behind_an_upgrade_are_answered() -> None:
    """However many of them offer one."""
    async with lined() as line:
        await line.receive((PLAIN[:-2] + UPGRADE + b"\r\n") * 3 + PLAIN)
        paths = [json.loads((await line.answer()).body)["path"] for _ in range(4)]

    assert paths == ["/next"] * 4


async def test_upgrade_that_was_declined_keeps_no_connection() -> None:
    """What is read again of its head is no new request, for which there would be a timer."""
    async with lined(turn_away=turn_all_away) as line:
        line.protocol.timeout_keep_alive = 0.05  # type: ignore[assignment] # seconds, for call_later
        await line.receive(POST + b"Content-Length: 5\r\n" + UPGRADE + b"\r\nhello")
        answer = await line.answer()
        rest = await line.end()

    assert (answer.status, rest) == (503, b"")
