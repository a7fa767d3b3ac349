"""One connection to uvicorn's protocol with bounds, without a process.

What is one read, and when a timer rings, is the test's to say.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from app.connections import Limits, Protocol, TurnAway, bound
from app.envelopes import Sealed
from tests.faults.load import Answer, read_answer

PATIENCE_SECONDS = 10
"""Of a test, for what has to happen."""

LONG = 100.0
LIMITS = Limits(5, 1000, LONG, LONG)

POST = b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: image/png\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
PLAIN = b"GET /next HTTP/1.1\r\nHost: test\r\n\r\n"
UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
"""As Java's client sends it with every request."""


@dataclass
class Line:
    """Both ends of one connection.

    Attributes:
        protocol: the server's end; what it is given is one read.
        reader: the caller's end.
        writer: likewise.
        refused: the codes that were counted.
    """

    protocol: Protocol
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    refused: list[str]

    async def receive(self, *reads: bytes) -> None:
        """The server reads these, one after the other, each in a turn of the loop."""
        for data in reads:
            self.protocol.data_received(data)
            await asyncio.sleep(0)

    async def answer(self) -> Answer:
        """What it says next."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await read_answer(self.reader)

    async def end(self) -> bytes:
        """What it still says until it closes the connection."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.reader.read()

    async def wait(self, is_true: Callable[[], bool]) -> None:
        """Until something holds."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_true():  # noqa: ASYNC110 # uvicorn has no event for it
                await asyncio.sleep(0.01)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Say the path and the body, and all headers that a request has once it came whole."""
    request = Request(scope, receive)
    try:
        body = await request.body()
    except ClientDisconnect:
        return
    told = {"path": scope["path"], "body": body.decode(), "names": list(request.headers)}
    await PlainTextResponse(json.dumps(told))(scope, receive, send)


def turn_all_away(_method: bytes, _url: bytes, _headers: object) -> Sealed:
    """There is room for nobody."""
    return Sealed(b"HTTP/1.1 503 Service Unavailable\r\n", b"content-length: 0\r\n\r\n")


@asynccontextmanager
async def lined(
    app: ASGIApp = echo, limits: Limits = LIMITS, turn_away: TurnAway | None = None
) -> AsyncIterator[Line]:
    """A connection to an application."""
    config = uvicorn.Config(app, http=Protocol, ws="none", lifespan="off", log_config=None)
    config.load()
    refused: list[str] = []
    make = bound(limits, refused.append, turn_away)
    ours, theirs = socket.socketpair()
    _, protocol = await asyncio.get_running_loop().connect_accepted_socket(
        lambda: make(config=config, server_state=ServerState(), app_state={}), ours
    )
    reader, writer = await asyncio.open_connection(sock=theirs)
    try:
        yield Line(protocol, reader, writer, refused)
    finally:
        writer.transport.abort()
        await Line(protocol, reader, writer, refused).wait(lambda: not protocol.connections)
