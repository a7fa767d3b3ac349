"""Processes of the service under test, and a balancer's view of which are ready."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.load import Answer, read_answer
from tests.processes import ROOT, free_port

READY_SECONDS = 120
PROBE_SECONDS = 0.05


class Replica:
    """One server on a port of its own, that can be stopped and started again."""

    def __init__(self, log: Path, **environment: str) -> None:
        """Start nothing yet.

        Args:
            log: file that takes what the server says.
            environment: its settings.
        """
        self.port = free_port()
        self.log = log
        self.is_ready = False
        self._environment = environment
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Run it until it is ready."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app",
                cwd=ROOT,
                env={**os.environ, "PORT": str(self.port), **self._environment},
                stdout=log,
                stderr=log,
            )
        await wait_until(lambda: self.is_ready, self._probe)

    async def stop(self) -> int:
        """Ask it to stop, and wait; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), READY_SECONDS)

    async def watch(self) -> None:
        """Ask for readiness for ever, as a balancer does."""
        while True:
            await self._probe()
            await asyncio.sleep(PROBE_SECONDS)

    async def kill(self) -> None:
        """End it without asking."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _probe(self) -> None:
        self.is_ready = await get_status(self.port, "/health/ready") == 200


async def get_status(port: int, path: str) -> int:
    """The status of an answer; 0 where there is none."""
    try:
        return (await get(port, path)).status
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        return 0


async def get(port: int, path: str) -> Answer:
    """Ask by hand: a client that is made anew each time would take its callers' processor.

    Raises:
        OSError: nobody listens, or the connection broke.
        IncompleteReadError: it ended before the answer did.
        TimeoutError: no answer came.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        return await asyncio.wait_for(read_answer(reader), 30)
    finally:
        writer.close()


async def wait_until(is_true: Callable[[], bool], look: Callable[[], object] | None = None) -> None:
    """Poll until something is true.

    Raises:
        TimeoutError: it never was.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if look is not None:
            result = look()
            if asyncio.iscoroutine(result):
                await result
        if is_true():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


@asynccontextmanager
async def fleet(folder: Path, count: int, **environment: str) -> AsyncIterator[list[Replica]]:
    """Replicas that are ready, and watched."""
    replicas = [Replica(folder / f"{place}.log", **environment) for place in range(count)]
    watches: list[asyncio.Task[None]] = []
    try:
        for replica in replicas:
            await replica.start()
            watches.append(asyncio.create_task(replica.watch()))
        yield replicas
    finally:
        for watch in watches:
            watch.cancel()
        for replica in replicas:
            await replica.kill()
