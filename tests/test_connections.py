"""What is refused before there is a request, over real sockets, and what ends a connection."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app import connections
from tests.lines import CHUNKED, LIMITS, LONG, PLAIN, POST, UPGRADE, echo, lined, turn_all_away
from tests.processes import ROOT, running

MAX_CONNECTIONS = 5
MAX_HEADER_BYTES = LIMITS.max_header_bytes

SHORT = 0.05
"""Seconds of a timer that a test waits for."""

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Of a service with little patience and little room."""
    with running(
        HEADER_TIMEOUT_SECONDS="1",
        BODY_TIMEOUT_SECONDS="1",
        MAX_HEADER_BYTES=str(MAX_HEADER_BYTES),
        MAX_CONNECTIONS=str(MAX_CONNECTIONS),
        SHUTDOWN_DELAY_SECONDS="0",
    ) as (_, address):
        yield int(address.rpartition(":")[2])


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    """A connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        yield connection


def talk(port: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes, and take the answer until the server closes the connection."""
    with connected(port) as connection:
        connection.sendall(sent)
        received = b""
        while chunk := connection.recv(1 << 16):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


GET = b"GET /health HTTP/1.1\r\nHost: test\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"hello\r\n\r\n", 400, "malformed_request"),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400, "malformed_request"),
        (POST + b"Content-Length: many\r\n\r\n", 400, "malformed_request"),
        (b"GET /health HTTP/1.1\r\nA: b\r\n\r\n", 400, "malformed_request"),
        (GET + b"hOST: elsewhere\r\n\r\n", 400, "malformed_request"),
        (GET + b"A: " + b"a" * 2000 + b"\r\n\r\n", 431, "headers_too_large"),
        (GET + b"A: " + b"a" * 200_000, 431, "headers_too_large"),
        (GET + b"a: b\r\n" * 500 + b"\r\n", 431, "headers_too_large"),
        (b"GET /" + b"a" * 2000 + b" HTTP/1.1\r\nHost: test\r\n\r\n", 431, "headers_too_large"),
        (GET + b"A: ", 408, "slow_request"),
        (POST + b"Content-Length: 10\r\n\r\n123", 408, "slow_request"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n", 408, "slow_request"),
    ],
    ids=lambda value: value[-20:] if isinstance(value, bytes) else str(value),
)
def test_refusal_is_a_problem_and_ends_the_connection(
    port: int, sent: bytes, status: int, code: str
) -> None:
    """Each in the form of every other error, whatever was sent."""
    found, headers, body = talk(port, sent)
    problem = json.loads(body)

    assert (found, problem["status"], problem["code"]) == (status, status, code)
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"


def test_who_speaks_http_1_0_names_no_host(port: int) -> None:
    """Hosts are of HTTP/1.1."""
    status, _, _ = talk(port, b"GET /health/live HTTP/1.0\r\n\r\n")

    assert status == 200


def test_silent_connection_is_closed(port: int) -> None:
    """A connection that nobody uses is not kept, and nobody is answered who did not ask."""
    with connected(port) as connection:
        received = connection.recv(100)

    assert received == b""


def test_headers_in_pieces_are_a_request(port: int) -> None:
    """Slow is not too slow."""
    with connected(port) as connection:
        for piece in (b"GET /hea", b"lth HTTP/1.1\r\nHo", b"st: test\r\nConnection: close\r\n\r\n"):
            connection.sendall(piece)
            time.sleep(0.05)  # so that they arrive in pieces
        received = connection.recv(1 << 16)

    assert received.startswith(b"HTTP/1.1 200 ")


def count_refused(port: int) -> dict[str, float]:
    """Connections refused so far, by the error's code."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    return {
        sample.labels["code"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "http_connections_refused_total"
    }


def test_refusals_are_counted(port: int) -> None:
    """By their reason, though no request was ever there to be counted."""
    before = count_refused(port)
    talk(port, b"hello\r\n\r\n")
    with ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            stack.enter_context(connected(port))
        talk(port, GET + b"\r\n")
    after = count_refused(port)

    for code in ("malformed_request", "too_many_connections"):
        assert after[code] == before.get(code, 0) + 1


def test_connection_too_many_is_told_and_the_others_live(port: int) -> None:
    """It is told when to come back; once another is closed there is room again."""
    with ExitStack() as stack:
        kept = [stack.enter_context(connected(port)) for _ in range(MAX_CONNECTIONS)]
        status, headers, body = talk(port, GET + b"\r\n")
        kept[0].sendall(GET + b"\r\n")
        answer = kept[0].recv(100)

    assert (status, json.loads(body)["code"]) == (503, "too_many_connections")
    assert int(headers["retry-after"]) >= 1
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_upload_that_offers_an_upgrade_is_read(port: int) -> None:
    """The service makes none, and answers as if it were not asked."""
    upload = (ROOT / "samples" / "seven.png").read_bytes()
    length = b"Content-Length: %d\r\n" % len(upload)
    with connected(port) as connection:
        connection.sendall(POST + length + UPGRADE + b"\r\n" + upload)
        received = connection.recv(1 << 16)

    assert received.startswith(b"HTTP/1.1 200 ")
    assert b'"digit":7' in received


async def decline(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer before there is a body."""
    await Response(status_code=415)(scope, receive, send)


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with more than any buffer takes."""
    await Response(b"a" * 4_000_000)(scope, receive, send)


async def hurry(_scope: Scope, receive: Receive, send: Send) -> None:
    """Begin an answer, and wait for all of the body to end it."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    while (await receive()).get("more_body"):
        pass


async def test_trailers_are_no_headers() -> None:
    """Though they look like them, and are parsed as they are."""
    async with lined() as line:
        await line.receive(POST + CHUNKED + b"\r\n5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n" + PLAIN)
        told = json.loads((await line.answer()).body)
        after = json.loads((await line.answer()).body)

    assert told["body"] == "hello"
    assert "x-late" not in told["names"]
    assert after["names"] == ["host"]


@pytest.mark.parametrize("app", [echo, decline])
@pytest.mark.parametrize(
    ("begin", "more"),
    [(b"0\r\n", b"a: b\r\n"), (b"1;", b"a=b;"), (b"1\r\na\r\n0\r\nA: ", b"aaaaaa")],
    ids=["trailers", "extensions", "trailer"],
)
async def test_what_brings_nothing_has_a_bound(app: ASGIApp, begin: bytes, more: bytes) -> None:
    """Whether its request was answered before or waits for its end."""
    async with lined(app) as line:
        await line.receive(POST + CHUNKED + b"\r\n")
        if app is decline:
            assert (await line.answer()).status == 415
        await line.receive(begin, *[more] * MAX_HEADER_BYTES)
        answer = await line.answer()

    assert answer.status == 431
    assert line.refused == ["headers_too_large"]


async def test_broken_body_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the rest of it, even before the connection is closed."""
    monkeypatch.setattr(connections, "LINGER_SECONDS", LONG)
    async with lined() as line:
        await line.receive(POST + CHUNKED + b"\r\n5\r\nhello\r\n")
        await line.receive(b"zzz\r\n")
        answer = await line.answer()
        rest = await line.end()
        await line.wait(lambda: not line.protocol.tasks)

    assert (answer.status, answer.headers["connection"], rest) == (400, "close", b"")
    assert line.refused == ["malformed_request"]


async def test_what_came_before_a_broken_body_is_answered() -> None:
    """In its turn."""
    async with lined() as line:
        await line.receive(PLAIN + POST + CHUNKED + b"\r\nzzz\r\n")

        assert (await line.answer()).status == 200


async def test_broken_body_breaks_no_answer() -> None:
    """That one was begun, and another in the middle of it would be taken for its rest."""
    async with lined(hurry) as line:
        await line.receive(POST + CHUNKED + b"\r\n", b"zzz\r\n")
        line.protocol.transport.close()
        received = await line.end()

    assert b"begun" in received
    assert b" 400 " not in received


async def test_what_came_before_nonsense_is_answered() -> None:
    """Its connection ends with it."""
    async with lined() as line:
        await line.receive(PLAIN + PLAIN + b"\x00")
        paths = [json.loads((await line.answer()).body)["path"] for _ in "ab"]
        rest = await line.end()

    assert (paths, rest) == (["/next", "/next"], b"")


async def test_refusal_is_said_once() -> None:
    """What has a fault may be too large as well."""
    async with lined() as line:
        await line.receive(GET + b"bad\x01: b\r\n" + b"a" * 2 * MAX_HEADER_BYTES)
        answer = await line.answer()
        rest = await line.end()

    assert (answer.status, rest) == (400, b"")
    assert line.refused == ["malformed_request"]


async def test_what_comes_with_a_body_is_not_counted_with_it() -> None:
    """The head of the next request is as long as it is, whatever it came with."""
    async with lined() as line:
        body = b"a" * 5 * MAX_HEADER_BYTES
        await line.receive(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body + PLAIN[:9])
        await line.receive(PLAIN[9:] + PLAIN * 50 + PLAIN[:9], PLAIN[9:])
        statuses = {(await line.answer()).status for _ in range(53)}

    assert statuses == {200}
    assert line.refused == []


async def test_body_in_pieces_has_no_bound_here() -> None:
    """However many reads it takes."""
    async with lined() as line:
        body = b"a" * 3 * MAX_HEADER_BYTES
        pieces = [body[place : place + 100] for place in range(0, len(body), 100)]
        await line.receive(POST + b"Content-Length: %d\r\n\r\n" % len(body), *pieces)
        answer = await line.answer()

    assert json.loads(answer.body)["body"] == body.decode()


async def test_request_under_way_is_not_unused() -> None:
    """The timer of the answer before is not its own."""
    async with lined() as line:
        await line.receive(PLAIN)
        await line.answer()
        await line.receive(POST + b"Content-Length: 9\r\n\r\n")

        assert line.protocol.timeout_keep_alive_task is None


async def test_line_that_is_empty_keeps_no_connection() -> None:
    """Only a request does."""
    async with lined() as line:
        line.protocol.timeout_keep_alive = SHORT  # type: ignore[assignment]
        await line.receive(PLAIN)
        await line.answer()
        await line.receive(b"\r\n")
        rest = await line.end()

    assert rest == b""


async def test_body_that_nobody_wants_keeps_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for longer than a caller needs who did not look for his answer yet."""
    monkeypatch.setattr(connections, "DISCARD_SECONDS", SHORT)
    async with lined(decline) as line:
        line.protocol.timeout_keep_alive = SHORT  # type: ignore[assignment]
        await line.receive(POST + b"Content-Length: 9\r\n\r\n")
        await line.answer()
        await line.receive(b"1")
        rest = await line.end()

    assert rest == b""


async def test_body_that_nobody_wants_may_come_to_its_end() -> None:
    """Its connection is good for the next request."""
    async with lined(decline) as line:
        await line.receive(POST + b"Content-Length: 9\r\n\r\n")
        await line.answer()
        line.protocol.timeout_keep_alive_handler()
        await line.receive(b"123", b"456789", PLAIN)

        assert (await line.answer()).status == 415


async def test_head_on_its_way_is_waited_for() -> None:
    """As long as a head may take: it has a timer of its own."""
    async with lined() as line:
        await line.receive(PLAIN)
        await line.answer()
        await line.receive(PLAIN[:9])
        line.protocol.timeout_keep_alive_handler()
        await line.receive(PLAIN[9:])

        assert (await line.answer()).status == 200
        assert line.protocol.timeout_keep_alive_task is not None


async def test_caller_who_does_not_read_is_cut() -> None:
    """Else his connection and his answer stayed for ever."""
    async with lined(flood, replace(LIMITS, unread_timeout_seconds=SHORT)) as line:
        line.protocol.timeout_keep_alive = LONG  # type: ignore[assignment]
        await line.receive(PLAIN)
        await line.wait(lambda: not line.protocol.connections)


async def test_caller_who_does_not_read_the_last_answer_is_cut() -> None:
    """A little that is taken before the connection is closed changes nothing."""
    async with lined(flood, replace(LIMITS, unread_timeout_seconds=SHORT)) as line:
        line.protocol.timeout_keep_alive = LONG  # type: ignore[assignment]
        await line.receive(PLAIN)
        line.protocol.transport.close()
        line.protocol.resume_writing()
        await line.wait(lambda: not line.protocol.connections)


async def test_caller_who_reads_again_is_not_cut() -> None:
    """Nothing is left then to be looked at."""
    async with lined(limits=replace(LIMITS, unread_timeout_seconds=SHORT)) as line:
        line.protocol.pause_writing()
        line.protocol.resume_writing()
        await asyncio.sleep(3 * SHORT)
        await line.receive(PLAIN)

        assert (await line.answer()).status == 200


async def test_connection_that_was_turned_away_is_forgotten() -> None:
    """As any other: uvicorn comes to the end of what it does then."""
    async with lined(turn_away=turn_all_away) as line:
        await line.receive(POST + b"Content-Length: 0\r\n\r\n")
        assert (await line.answer()).status == 503
        line.writer.close()
        await line.wait(lambda: line.protocol.parser is None)


async def test_caller_who_does_not_read_is_not_turned_away() -> None:
    """Refusals would pile up in memory: an answer of the usual kind waits until it is taken."""
    async with lined(turn_away=turn_all_away) as line:
        line.protocol.pause_writing()
        await line.receive(PLAIN)
        line.protocol.resume_writing()

        assert (await line.answer()).status == 200
