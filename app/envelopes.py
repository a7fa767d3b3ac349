"""An answer leaves in one piece.

Uvicorn writes head and body one after the other, and each is a call of the system, a packet, and a
caller woken. Measured, the first of the two took a fifth of the event loop's time.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

HEAD = b"HTTP/"

MIN_TAKEN_BYTES = 16 * 1024
"""Who takes less of what waits for him, each time that it is looked at, does not read."""


class Envelope:
    """A transport that keeps the head of an answer back for what is written next.

    It is kept for one turn of the event loop at most: a body that is not there yet, as of an answer
    that is streamed, keeps no caller waiting for the head.
    """

    __slots__ = ("_head", "_is_over", "_loop", "_transport", "_unread_timeout_seconds", "_watch")

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
        self._head = b""
        self._is_over = False
        self._watch: asyncio.TimerHandle | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 # whatever the transport has
        """What is neither written nor closed."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send bytes, or keep them for a moment."""
        if self._is_over:
            return  # uvicorn tells only the last of several requests that its caller is gone
        if self._head:
            data, self._head = self._head + data, b""
            self._transport.write(data)
        elif data.startswith(HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def write_whole(self, answer: bytes) -> None:
        """Send an answer that has its body with it."""
        self._flush()
        self._transport.write(answer)

    def write_eof(self) -> None:
        """Send what is kept, and no more."""
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what is kept, and hang up, though the caller may not read all of it."""
        self._flush()
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
        """The connection is gone, and so is what was kept."""
        self.unwatch()
        self._is_over = True
        self._head = b""

    def _look(self, before: int) -> None:
        if before - self._transport.get_write_buffer_size() < MIN_TAKEN_BYTES:
            self.end()
            self._transport.abort()
        else:
            self.watch()

    def _flush(self) -> None:
        if self._head:
            data, self._head = self._head, b""
            self._transport.write(data)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An answer as it is sent, but for the headers that its connection adds."""

    first_line: bytes
    rest: bytes

    def replace(self, before: bytes, after: bytes) -> "Sealed":
        """The same with other bytes, as many, wherever those were."""
        return Sealed(self.first_line, self.rest.replace(before, after))

    def serialise(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """All of it, with these headers in front of its own."""
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        return b"".join([self.first_line, *lines, self.rest])


def seal(response: Response) -> Sealed:
    """An answer that the connection closes after says so itself, once."""
    status = HTTPStatus(response.status_code)
    lines = [name + b": " + value for name, value in response.raw_headers if name != b"connection"]
    return Sealed(
        f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode(),
        b"\r\n".join([*lines, b"", bytes(response.body)]),
    )
