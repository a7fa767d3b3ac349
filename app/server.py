"""Uvicorn, told to go quietly: it serves one process's share."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import time
from multiprocessing.connection import Connection
from types import FrameType
from typing import cast

import uvicorn
from fastapi import FastAPI

from app.connections import Limits, bound
from app.envelopes import CLOSE
from app.lifecycle import Lifecycle
from app.settings import Settings

logger = logging.getLogger(__name__)

LAST_CALL_SECONDS = 0.2
"""After the listener closed: a request on its way over an open connection is read until then."""


YOUNG_OBJECTS = 10_000
"""As many more than there were make the collector look among them; Python has it look at 700.

What 32 requests are made of is more than that: it looked 240 times a second, found nothing, and a
twentieth of what could be answered was not. No request leaves a cycle (tests/test_work.py).
"""

READY = b"r"
BEAT = b"."
"""What a worker says to the supervisor: once it serves, and as long as its event loop runs."""

BEAT_SECONDS = 0.5


class Server(uvicorn.Server):
    """Drains on the first signal, ends at once on the second.

    Uvicorn's own closes the listener on the first, waits on for ever on a second SIGTERM, and ends
    by the signal instead of with a status.
    """

    def __init__(self, app: FastAPI, settings: Settings, link: Connection | None = None) -> None:
        """Prepare to serve.

        Args:
            app: of `app.main.create_app`.
            settings: what is borne of callers, and how long to wait at the end.
            link: to the supervisor, who is told when this process serves, and that it still does;
                if he dies, it stops.
        """
        super().__init__(_configure(app, settings))
        self._lifecycle: Lifecycle = app.state.lifecycle
        self._lifecycle.on_failure = self.stop
        self._delay_seconds = settings.shutdown_delay_seconds
        self._stop_at: float | None = None
        self._link = link

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 # uvicorn's
        """SIGTERM: take work for a while yet; SIGINT, which a person sends: only finish it."""
        if self._stop_at is not None:
            logger.warning("stopped at once, as asked", extra={"signal": sig})
            os._exit(128 + sig)
        self._drain(self._delay_seconds if sig == signal.SIGTERM else 0)

    def stop(self) -> None:
        """End as after a signal."""
        self._drain(0)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        if self._link is not None:
            os.set_blocking(self._link.fileno(), False)
            self._beat()
        # What was imported stays: the collector need not look through it time and again.
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS)
        await super().startup(sockets)
        if self._link is not None:
            asyncio.get_running_loop().add_reader(self._link.fileno(), self._lose_supervisor)
            self._say(READY)

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop now; uvicorn asks ten times a second."""
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the listener first and the connections after what is under way on them."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(LAST_CALL_SECONDS)
        await super().shutdown(sockets)

    def _beat(self) -> None:
        """Say so now and again: an event loop that hangs does not."""
        self._say(BEAT)
        asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    def _say(self, word: bytes) -> None:
        # Where the supervisor takes none, they pile up: nobody waits here for him.
        if self._link is not None:
            with contextlib.suppress(OSError):
                os.write(self._link.fileno(), word)

    def _drain(self, seconds: float) -> None:
        self._lifecycle.begin_draining()
        # Whoever keeps a connection open is told with each answer to come back by another.
        self.config.encoded_headers.append(CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]
        self._stop_at = time.monotonic() + seconds
        if not self.started:
            self.should_exit = True

    def _lose_supervisor(self) -> None:
        """The link can be read only when its other end is gone."""
        if self._link is not None:
            asyncio.get_running_loop().remove_reader(self._link.fileno())
            self._link = None
            logger.error("the supervisor is gone")
            self.stop()


def _configure(app: FastAPI, settings: Settings) -> uvicorn.Config:
    limits = Limits(
        settings.max_connections,
        settings.max_header_bytes,
        settings.header_timeout_seconds,
        settings.request_timeout_seconds,
    )
    return uvicorn.Config(
        app,
        loop="uvloop",
        # Uvicorn only calls it, so what makes one will do for the class.
        http=cast(
            "type[asyncio.Protocol]",
            bound(limits, app.state.metrics.observe_refused_connection, app.state.turn_away),
        ),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who calls and how is not asked
        timeout_graceful_shutdown=settings.drain_timeout_seconds,
    )
