"""What is refused before there is a request: connections, headers and those who dawdle with them.

Uvicorn's own protocol bounds none of these, says what is no HTTP in a form of its own, answers in
two pieces, and loses what comes behind an upgrade that it does not make.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.envelopes import CLOSE, Cycle, Envelope, Sealed, seal
from app.errors import (
    HeadersTooLarge,
    MalformedRequest,
    ServiceError,
    SlowRequest,
    TooManyConnections,
)
from app.guards.headers import ENCODED
from app.problems import problem
from app.upgrades import has_body, make_parser, retell

TurnAway = Callable[[bytes, bytes, list[tuple[bytes, bytes]]], Sealed | None]

_ANSWERED = SimpleNamespace(response_complete=True, message_event=asyncio.Event())
"""Stands for a request that was answered before uvicorn saw it: the rest of it is passed over."""

LINGER_SECONDS = 1.0
"""A refused connection stays open so long: closed with bytes unread, it would be reset, and the
caller would see that instead of the answer."""

DISCARD_SECONDS = 30.0
"""A caller who was answered early may go on sending a body so long that nobody reads: most look for
an answer only once they sent it."""

MAX_LINGERING = 100
"""Connections beyond the bound that are told so; any more are cut without a word."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the connections of one process.

    Attributes:
        max_connections: at once.
        max_header_bytes: of a request before its body; as many may follow the body as trailers.
        header_timeout_seconds: for all of them to come.
        unread_timeout_seconds: for a caller to take something of an answer.
    """

    max_connections: int
    max_header_bytes: int
    header_timeout_seconds: float
    unread_timeout_seconds: float


class Protocol(HttpToolsProtocol):
    """Uvicorn's, with bounds."""

    def __init__(  # the rest is uvicorn's
        self,
        *args: Any,  # noqa: ANN401
        limits: Limits,
        on_refuse: Callable[[str], None],
        turn_away: TurnAway | None,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Make one for one connection."""
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._on_refuse = on_refuse
        self._turn_away = turn_away
        self._in_headers = False
        self._in_body = False
        self._is_resuming = False
        self._is_fruitful = False
        self._fruitless_bytes = 0
        self._header_timer: asyncio.TimerHandle | None = None
        self._reason: ServiceError | None = None
        self._is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        self._envelope = Envelope(transport, self.loop, self._limits.unread_timeout_seconds)
        self.transport = cast("asyncio.Transport", self._envelope)
        beyond = len(self.connections) - self._limits.max_connections
        if beyond > MAX_LINGERING:
            self._on_refuse(TooManyConnections.code)
            transport.abort()
        elif beyond > 0:
            self._refuse(TooManyConnections("Too many connections.", retry_after_seconds=1))
        else:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._disarm()
        self._envelope.end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless what comes is too much and brings nothing."""
        if self._is_refused:
            return
        self._is_fruitful = False
        self._feed(data)
        if self._is_refused:
            return
        # A read that ended something may have begun a head as well. Where is not known; once it is
        # complete, its size is.
        self._fruitless_bytes = 0 if self._is_fruitful else self._fruitless_bytes + len(data)
        if self._fruitless_bytes > self._limits.max_header_bytes:
            self._refuse(_too_large(self._limits))
        elif self._in_headers and self._header_timer is None:
            self._arm()

    def on_message_begin(self) -> None:
        """The first byte of a request came."""
        super().on_message_begin()
        self._in_headers = True

    def on_headers_complete(self) -> None:
        """All headers came; they may still be too large, having come at once."""
        self._in_headers = False
        if self._is_resuming:
            self._is_resuming = False
            return
        self._disarm()
        self._unset_keepalive_if_required()
        self._in_body = True
        self._is_fruitful = True
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self._limits.max_header_bytes:
            self._reason = _too_large(self._limits)
            raise self._reason
        # RFC 9112, 3.2: a proxy in front may have read another host than stands here.
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            self._reason = MalformedRequest("A request names its host once.")
            raise self._reason
        if not self._is_turned_away():
            super().on_headers_complete()
        self.headers = []  # the request has the others: it is not to see its trailers among them

    def on_body(self, body: bytes) -> None:
        """Some of a body came."""
        self._is_fruitful = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of a request came, unless the parser only stops for an upgrade before the body."""
        self._is_fruitful = True
        if self.parser.should_upgrade() and has_body(self.scope["headers"]):
            return
        self._in_body = False
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close what is not used; who is in the middle of something has a little longer."""
        if self._in_body:
            self.timeout_keep_alive_task = self.loop.call_later(
                DISCARD_SECONDS, self.transport.close
            )
        elif not self._in_headers:  # for these there is a timer of their own
            super().timeout_keep_alive_handler()

    def pause_writing(self) -> None:
        """The caller reads more slowly than it is answered, or not at all."""
        super().pause_writing()
        self._envelope.watch()

    def resume_writing(self) -> None:
        """The caller has read."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._envelope.unwatch()

    def _feed(self, data: bytes) -> None:
        """Parse, and go on behind each upgrade that a request offers: none is made."""
        try:
            while data:
                data = self._parse(data)
        except httptools.HttpParserError:
            self._refuse(self._reason or MalformedRequest("The request is no HTTP/1.1."))

    def _parse(self, data: bytes) -> bytes:
        """What is left to be parsed where the parser stopped for an upgrade."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            head = retell(self.scope["headers"])
            self.parser = make_parser(self)
            self._is_resuming = bool(head)
            return head + data[upgrade.args[0] :]
        return b""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401
        """Have a request answered."""
        cycle.__class__ = Cycle  # uvicorn makes one, and cannot be told of what class
        super()._start_asgi_task(cycle, app)

    def _is_turned_away(self) -> bool:
        """Answer what there is no room for, unless uvicorn would close or wait with its answer."""
        is_waiting = self.cycle is not None and not self.cycle.response_complete
        headers = self.server_state.default_headers
        if self._turn_away is None or is_waiting or not self.parser.should_keep_alive():
            return False
        if CLOSE in headers or self.flow.write_paused:
            return False
        answer = self._turn_away(self.parser.get_method(), self.url, self.headers)
        if answer is None:
            return False
        self.cycle = cast("RequestResponseCycle", _ANSWERED)
        self.transport.write(answer.serialise(headers))
        self.on_response_complete()
        return True

    def _arm(self) -> None:
        self._header_timer = self.loop.call_later(
            self._limits.header_timeout_seconds, self._give_up
        )

    def _disarm(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _give_up(self) -> None:
        if self._in_headers:
            self._refuse(SlowRequest("The headers came too slowly."))
        else:
            self.transport.close()  # a connection opened in advance, and not used

    def _refuse(self, error: ServiceError) -> None:
        """Answer, and close once the caller had time to read it."""
        self._disarm()
        self._is_refused = True
        self._on_refuse(error.code)
        if self.cycle is not None and not self.cycle.response_complete:
            if not self._in_body or self.cycle.response_started or self.pipeline:
                self.cycle.keep_alive = False  # what came before is answered, and nothing after it
                return
            self.cycle.disconnected = True  # the rest of its body will not come
            self.cycle.message_event.set()
        self.transport.write(seal(problem(error)).serialise([CLOSE, *ENCODED]))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


def bound(
    limits: Limits, on_refuse: Callable[[str], None], turn_away: TurnAway | None = None
) -> partial[Protocol]:
    """What uvicorn makes its protocols with.

    Args:
        limits: of each connection.
        on_refuse: told the error's code of each that is refused.
        turn_away: given a request's method, address and headers, answers it, or does not.
    """
    return partial(Protocol, limits=limits, on_refuse=on_refuse, turn_away=turn_away)


def _too_large(limits: Limits) -> HeadersTooLarge:
    return HeadersTooLarge(f"The headers have more than {limits.max_header_bytes:,} bytes.")
