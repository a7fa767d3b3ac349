"""What is refused before there is a request, over real sockets."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.processes import running

MAX_CONNECTIONS = 5


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Of a service with little patience and little room."""
    with running(
        HEADER_TIMEOUT_SECONDS="1",
        BODY_TIMEOUT_SECONDS="1",
        MAX_HEADER_BYTES="1000",
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
POST = b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: image/png\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"hello\r\n\r\n", 400, "malformed_request"),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400, "malformed_request"),
        (POST + b"Content-Length: many\r\n\r\n", 400, "malformed_request"),
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
