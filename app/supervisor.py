"""Several processes that serve one port; one that dies or hangs is replaced while the others serve.

The listening sockets are the supervisor's: a connection that no worker has taken yet waits for the
next one. A worker takes connections only once its model passed the self-test.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType

from app import logs
from app.main import create_app
from app.metrics import count_restarts, forget_dead, share
from app.scratch import scratch_folder
from app.server import READY, Server
from app.settings import Settings

logger = logging.getLogger(__name__)

FIRST_DELAY_SECONDS = 0.5
LAST_DELAY_SECONDS = 30.0
"""Between tries to start a worker that never gets as far as serving; each try doubles it."""

LOOK_SECONDS = 1.0
"""How often it is looked who has said nothing."""

PATIENCE_SECONDS = 5.0
"""Beyond the time that a worker has to drain; then it is killed."""


@dataclass(slots=True)
class _Worker:
    """A process, and what was heard of it.

    Attributes:
        process: the worker itself.
        link: says `READY` once it serves, and `BEAT` as long as its event loop runs.
        is_ready: whether it serves.
        silent_seconds: since it last said something; None until it did.
    """

    process: SpawnProcess
    link: Connection
    is_ready: bool = False
    silent_seconds: float | None = None


class Supervisor:
    """Starts the workers, replaces those that die, passes signals on."""

    def __init__(self, settings: Settings, listeners: list[socket.socket], shared: Path) -> None:
        """Start nothing yet.

        Args:
            settings: every worker's.
            listeners: bound, and listened on by the workers.
            shared: folder in which they count together.
        """
        self._settings = settings
        self._listeners = listeners
        self._shared = shared
        self._restarts = count_restarts(shared)
        # A fresh interpreter for each: forking would copy whatever locks others hold.
        self._context = multiprocessing.get_context("spawn")
        self._workers: dict[int, _Worker] = {}
        self._due = dict.fromkeys(range(settings.workers), 0.0)
        self._delays = dict.fromkeys(range(settings.workers), FIRST_DELAY_SECONDS)
        self._has_served = False
        self._kill_at: float | None = None
        self._looked = time.monotonic()
        self._status = 0

    def run(self) -> int:
        """Serve until told to stop.

        Returns:
            0 after a drain; 1 if no worker could serve, or one did not end as it should.
        """
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._pass_on)
        while self._kill_at is None or self._workers:
            self._start_due()
            self._wait()
            seconds = self._since_last_look()
            for slot, worker in list(self._workers.items()):
                self._attend(slot, worker, seconds)
        return self._status

    def _pass_on(self, sig: int, _frame: FrameType | None = None) -> None:
        """Tell every worker to stop; told again, they end at once."""
        if self._kill_at is None:
            seconds = self._settings.shutdown_delay_seconds + self._settings.drain_timeout_seconds
            self._kill_at = time.monotonic() + seconds + PATIENCE_SECONDS
        for worker in list(self._workers.values()):
            _send(worker, sig)

    def _start_due(self) -> None:
        for slot, due in self._due.items():
            if self._kill_at is None and slot not in self._workers and due <= time.monotonic():
                self._start(slot)

    def _start(self, slot: int) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=work,
            args=(self._settings, slot, self._shared, self._listeners, theirs),
            name=f"worker-{slot}",
        )
        process.start()
        theirs.close()
        worker = self._workers[slot] = _Worker(process, ours)
        if self._kill_at is not None:  # the signal came while it was being started
            _send(worker, signal.SIGTERM)

    def _wait(self) -> None:
        """Sleep until a worker says something, dies, is due, or is out of time."""
        now = time.monotonic()
        alarms = [due for slot, due in self._due.items() if slot not in self._workers]
        alarms = [self._kill_at] if self._kill_at is not None else alarms
        ends: list[int | Connection] = [each.process.sentinel for each in self._workers.values()]
        ends += [each.link for each in self._workers.values()]
        wait(ends, max(0.0, min([*alarms, now + LOOK_SECONDS]) - now))

    def _since_last_look(self) -> float:
        """Seconds, as far as they count against who is silent.

        Where all of us were frozen, as `docker pause` does, the workers had no time to say a word.
        """
        before, self._looked = self._looked, time.monotonic()
        return min(self._looked - before, LOOK_SECONDS)

    def _attend(self, slot: int, worker: _Worker, seconds: float) -> None:
        if worker.silent_seconds is not None:
            worker.silent_seconds += seconds
        if said := _listen_to(worker):
            worker.silent_seconds = 0.0
        if READY in said:
            worker.is_ready = self._has_served = True
            self._delays[slot] = FIRST_DELAY_SECONDS
        if self._kill_at is None and self._hangs(worker):
            logger.error("worker hangs", extra={"worker": slot})
            worker.process.kill()
            worker.process.join()
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            worker.process.kill()
        if not worker.process.is_alive():
            self._bury(slot, worker)

    def _hangs(self, worker: _Worker) -> bool:
        """Whether one has fallen silent; to import what it needs it may take any time."""
        return (worker.silent_seconds or 0.0) > self._settings.worker_timeout_seconds

    def _bury(self, slot: int, worker: _Worker) -> None:
        worker.process.join()
        worker.link.close()
        del self._workers[slot]
        forget_dead(self._shared, slot)
        code = worker.process.exitcode
        if self._kill_at is not None:
            is_well = code == 0 or not worker.is_ready  # one that served nobody may just die
            self._status = self._status or int(not is_well)
            return
        logger.error("worker died", extra={"worker": slot, "exit": code})
        if not self._has_served:
            self._status = 1
            self._pass_on(signal.SIGTERM)
            return
        self._restarts.inc()
        self._due[slot] = time.monotonic()
        if not worker.is_ready:
            self._due[slot] += self._delays[slot]
            self._delays[slot] = min(2 * self._delays[slot], LAST_DELAY_SECONDS)


def supervise(settings: Settings, listeners: list[socket.socket]) -> int:
    """Serve with several workers until told to stop; the exit status."""
    with scratch_folder() as folder:
        return Supervisor(settings, listeners, folder).run()


def work(
    settings: Settings, slot: int, shared: Path, listeners: list[socket.socket], link: Connection
) -> None:
    """Be one worker; runs in a process of its own.

    Args:
        settings: as the supervisor's.
        slot: which of the workers this is; whoever replaces it counts on where it stopped.
        shared: folder of what they count.
        listeners: to take connections from.
        link: to the supervisor.
    """
    os.setsid()  # so that Ctrl-C reaches it once, through the supervisor
    logs.configure(settings.log_level)
    app = create_app(settings, share(shared, slot))
    Server(app, settings, link).run(listeners)
    sys.exit(1 if app.state.lifecycle.failure else 0)


def _listen_to(worker: _Worker) -> bytes:
    """What it said since it was last asked."""
    with contextlib.suppress(OSError):  # it died, and left unread what it should have read
        if worker.link.poll():
            return os.read(worker.link.fileno(), 1 << 12)
    return b""


def _send(worker: _Worker, sig: int) -> None:
    if worker.process.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.process.pid, sig)
