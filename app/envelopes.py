"""An answer leaves in one piece.

Uvicorn writes head and body one after the other, and each is a call of the system, a packet, and a
caller woken: measured, the first of the two took a fifth of the event loop's time. It looks at each
header by two regular expressions besides.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import (
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

Headers = Iterable[tuple[bytes, bytes]]

CLOSE = (b"connection", b"close")
"""Said with an answer after which there is none on its connection."""

MIN_TAKEN_BYTES = 16 * 1024
"""Who takes less of what waits for him, each time that it is looked at, does not read."""


class Envelope:
    """A transport that waits for nobody who does not read."""

    __slots__ = ("_is_over", "_loop", "_transport", "_unread_timeout_seconds", "_watch")

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        unread_timeout_seconds: float,
    ) -> None:
        """Wrap a transport; all but writing and closing is its own."""
        self._transport = transport
        self._loop = loop
        self._unread_timeout_seconds = unread_timeout_seconds
        self._is_over = False
        self._watch: asyncio.TimerHandle | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 # whatever the transport has
        """What is neither written nor closed."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if not self._is_over:  # uvicorn tells only the last of several requests that it is
            self._transport.write(data)

    def is_closing(self) -> bool:
        """As the transport says; asked with every answer, and not by way of `__getattr__`."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Hang up, though the caller may not read all that was sent."""
        if not self._transport.is_closing():
            self._transport.close()
            self.watch()

    def watch(self) -> None:
        """Cut the connection once the caller stops to take what waits for him."""
        self.unwatch()
        waiting = self._transport.get_write_buffer_size()
        self._watch = self._loop.call_later(self._unread_timeout_seconds, self._look, waiting)

    def unwatch(self) -> None:
        """All was taken."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def end(self) -> None:
        """The connection is gone."""
        self.unwatch()
        self._is_over = True

    def _look(self, before: int) -> None:
        if before - self._transport.get_write_buffer_size() < MIN_TAKEN_BYTES:
            self.end()
            self._transport.abort()
        else:
            self.watch()


class Cycle(RequestResponseCycle):
    """Uvicorn's, of one request, but that an answer leaves in one piece.

    The head is kept until there is a body; with one that is whole it leaves at once. All else, such
    as a body in pieces or a caller who reads slowly, is left to uvicorn.
    """

    _start: Message | None = None

    async def send(self, message: Message) -> None:  # type: ignore[override] # as Starlette has it
        """Send one message of ASGI's."""
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message  # or another: of what failed before its body nothing was sent
            return
        if self._start is not None:
            start, self._start = self._start, None
            if self._is_sent_whole(start, message):
                return
            await super().send(start)  # type: ignore[arg-type]
        await super().send(message)  # type: ignore[arg-type]

    def _is_sent_whole(self, start: Message, message: Message) -> bool:
        """Send head and body, if it is as simple as that."""
        headers = [*self.default_headers, *start["headers"]]
        if not self.keep_alive and CLOSE not in headers:
            headers.append(CLOSE)
        body = message.get("body", b"")
        if (
            message.get("more_body", False)
            or self.disconnected
            or self.flow.write_paused
            or self.scope["method"] == "HEAD"
            or (b"content-length", b"%d" % len(body)) not in headers
            or any(name == b"transfer-encoding" for name, _ in headers)
            or HEADER_VALUE_RE.search(b"".join([value for _, value in headers]))
        ):
            return False
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.message_event.set()
        self.transport.write(
            b"".join([STATUS_LINE[start["status"]], _lines(headers), b"\r\n", body])
        )
        if CLOSE in headers:
            self.transport.close()
        self.on_response()
        return True


@dataclass(frozen=True, slots=True)
class Sealed:
    """An answer as it is sent, but for the headers that its connection adds."""

    first_line: bytes
    rest: bytes

    def replace(self, before: bytes, after: bytes) -> "Sealed":
        """The same with other bytes, as many, wherever those were."""
        return Sealed(self.first_line, self.rest.replace(before, after))

    def serialise(self, headers: Headers) -> bytes:
        """All of it, with these headers in front of its own."""
        return b"".join([self.first_line, _lines(headers), self.rest])


def seal(response: Response) -> Sealed:
    """An answer that the connection closes after says so itself, once."""
    headers = [header for header in response.raw_headers if header[0] != b"connection"]
    return Sealed(
        STATUS_LINE[response.status_code], _lines(headers) + b"\r\n" + bytes(response.body)
    )


def _lines(headers: Headers) -> bytes:
    return b"".join([name + b": " + value + b"\r\n" for name, value in headers])
