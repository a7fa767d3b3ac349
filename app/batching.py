"""Gather rows that arrive together into one call of the engine, without a timer.

While one batch runs the next one fills; an idle engine starts with what arrived together, so a lone
request waits for nothing. `compute` runs in one thread, which takes the next batch by itself: the
event loop may be busy with what comes and goes, and the engine must not wait for it. A single row
that takes less long than the way there and back is worth is computed on the loop.
"""

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.errors import DeadlineExceeded, Draining, EngineFailure, QueueFull, ServiceError

logger = logging.getLogger(__name__)

Rows = NDArray[np.uint8]
Results = list[list[float]]
Compute = Callable[[Rows], Results]

SMOOTHING = 0.2
"""Weight of the newest batch in the running mean of seconds a row."""


INLINE_SECONDS = 0.001
"""A lone row that takes less is computed on the event loop, while nobody else waits for it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one submission.

    Attributes:
        results: row by row those of the rows submitted.
        queue_seconds: from submission until its last batch started.
        compute_seconds: of its last batch.
        batch_rows: of that batch, batch-mates included.
    """

    results: Results
    queue_seconds: float
    compute_seconds: float
    batch_rows: int


@dataclass(slots=True, eq=False)
class _Job:
    """Rows of one caller that fit into one batch."""

    rows: Rows
    future: asyncio.Future[Outcome]
    deadline: float
    submitted: float


@dataclass(slots=True)
class _Batch:
    """What is computed at once.

    Attributes:
        jobs: whose rows.
        rows: of all of them.
        late: jobs whose deadline had passed when it was built; they are no part of it.
    """

    jobs: list[_Job] = field(default_factory=list)
    rows: int = 0
    late: list[_Job] = field(default_factory=list)


def _ignore(*_: float) -> None:
    """The default for a caller who measures nothing."""


class Batcher:
    """A bounded queue of rows in front of one engine thread.

    Attributes:
        max_queue_rows: most rows that wait.
    """

    def __init__(
        self,
        compute: Compute,
        *,
        max_batch_rows: int,
        max_queue_rows: int,
        on_batch: Callable[[int, float], None] = _ignore,
        on_queue: Callable[[int], None] = _ignore,
    ) -> None:
        """Start nothing yet; the first submission does.

        Args:
            compute: rows uint8 [n, …] → of each a list of floats; runs in a thread of its own,
                or on the event loop where a lone row is quick.
            max_batch_rows: most rows of one call.
            max_queue_rows: most rows that wait.
            on_batch: told the rows and the seconds of each call that succeeded.
            on_queue: told by how many rows the queue grew or shrank.
        """
        self._compute = compute
        self._max_batch_rows = max_batch_rows
        self.max_queue_rows = max_queue_rows
        self._on_batch = on_batch
        self._on_queue = on_queue
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        # What both the event loop and the engine's thread change, under the lock.
        self._lock = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._waiting_rows = 0
        self._is_running = False
        self._is_starting = False
        self._seconds_per_row = 0.0
        self._is_closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def waiting_rows(self) -> int:
        """Rows that wait for the engine now."""
        return self._waiting_rows

    async def submit(self, rows: Rows, *, deadline: float = float("inf")) -> Outcome:
        """Have rows computed together with whatever else waits.

        Args:
            rows: uint8 [n, …], n at least 1. More than one batch takes are spread over several.
            deadline: of the clock `time.monotonic`; rows not started by then are dropped.

        Raises:
            QueueFull: there is no room for all of them; none was queued.
            DeadlineExceeded: the engine was not free in time.
            Draining: the batcher was closed.
            EngineFailure: the engine raised or gave something that is no result.
        """
        if self._is_closed:
            raise Draining("The service is shutting down.")
        if not self._has_room(rows) and not self._sweep_for(rows):
            raise QueueFull(
                f"{self._waiting_rows} digits wait already, of {self.max_queue_rows} at most.",
                retry_after_seconds=self._waiting_rows * self._seconds_per_row,
            )
        futures = self._enqueue(rows, deadline)
        try:
            outcomes = [await future for future in futures]
        finally:
            # Of a caller that has gone, or one of whose parts failed, nothing more is computed.
            for future in futures:
                _abandon(future)
        return outcomes[0] if len(outcomes) == 1 else _join(outcomes)

    async def close(self) -> None:
        """Refuse what comes, finish what was accepted, end the thread."""
        self._is_closed = True
        await self._idle.wait()
        self._thread.shutdown()

    @property
    def is_backlogged(self) -> bool:
        """Whether new rows would have to wait for more than the next batch."""
        return self._waiting_rows >= self._max_batch_rows

    def _has_room(self, rows: Rows) -> bool:
        """An idle engine takes a batch besides, and all of who comes first, however many rows.

        Else what one caller brings could be more than there ever is room for.
        """
        if not self._is_running and not self._waiting_rows:
            return True
        started_at_once = 0 if self._is_running else self._max_batch_rows
        return self._waiting_rows + len(rows) <= self.max_queue_rows + started_at_once

    def _sweep_for(self, rows: Rows) -> bool:
        """Give back the room of callers that have gone; whether it is enough."""
        with self._lock:
            self._waiting = deque(job for job in self._waiting if not job.future.done())
            self._count(sum(len(job.rows) for job in self._waiting) - self._waiting_rows)
        return self._has_room(rows)

    def _count(self, rows: int) -> None:
        self._waiting_rows += rows
        self._on_queue(rows)

    def _enqueue(self, rows: Rows, deadline: float) -> list[asyncio.Future[Outcome]]:
        loop = asyncio.get_running_loop()
        now = time.monotonic()
        parts = [
            rows[start : start + self._max_batch_rows]
            for start in range(0, len(rows), self._max_batch_rows)
        ]
        jobs = [_Job(part, loop.create_future(), deadline, now) for part in parts]
        with self._lock:
            self._waiting.extend(jobs)
            self._count(len(rows))
            is_idle = not self._is_running and not self._is_starting
        if is_idle:
            # Not at once: others may have arrived at the same time, and come into the same batch.
            self._is_starting = True
            self._idle.clear()
            loop.call_soon(self._start)
        return [job.future for job in jobs]

    def _start(self) -> None:
        """Have an idle engine begin."""
        self._is_starting = False
        batch = self._take_batch()
        if batch.rows == 1 and 0 < self._seconds_per_row < INLINE_SECONDS:
            started = time.monotonic()
            found = self._try(batch.jobs[0].rows)
            self._finish_batch(batch, found, started, time.monotonic() - started)
            if batch.late:
                _expire(batch.late)
            # Whatever has come meanwhile is the thread's: here it would be one call in another.
            batch = self._take_batch()
        loop = asyncio.get_running_loop()
        self._begin(batch, loop, tell=loop.call_soon)

    def _begin(
        self, batch: _Batch, loop: asyncio.AbstractEventLoop, *, tell: Callable[..., object]
    ) -> None:
        """Have the thread compute a batch, if there is anything in it; from there or the loop."""
        if batch.late:
            tell(_expire, batch.late)
        if not batch.jobs:
            tell(self._rest)
            return
        rows = (
            batch.jobs[0].rows
            if len(batch.jobs) == 1
            else np.concatenate([job.rows for job in batch.jobs])
        )
        self._thread.submit(self._compute_aside, rows, batch, time.monotonic(), loop)

    def _rest(self) -> None:
        """Say that there is nothing to do, unless something came meanwhile."""
        with self._lock:
            is_idle = not self._is_running and not self._is_starting
        if is_idle:
            self._idle.set()

    def _try(self, rows: Rows) -> Results | BaseException:
        try:
            return self._compute(rows)
        except BaseException as error:  # noqa: BLE001 # whatever it is, the callers must not wait on
            return error

    def _compute_aside(
        self, rows: Rows, batch: _Batch, started: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        """In the thread."""
        found = self._try(rows)
        seconds = time.monotonic() - started
        # Before anybody hears of this one: who asks again then finds the engine as it is.
        following = self._take_batch()
        loop.call_soon_threadsafe(self._finish_batch, batch, found, started, seconds)
        self._begin(following, loop, tell=loop.call_soon_threadsafe)

    def _take_batch(self) -> _Batch:
        """Build the next batch from what is still wanted."""
        batch = _Batch()
        now = time.monotonic()
        with self._lock:
            while self._waiting:
                job = self._waiting[0]
                if batch.rows + len(job.rows) > self._max_batch_rows:
                    break
                self._waiting.popleft()
                self._count(-len(job.rows))
                if job.future.done():
                    continue  # its caller has gone
                if job.deadline < now:
                    batch.late.append(job)
                    continue
                batch.jobs.append(job)
                batch.rows += len(job.rows)
            self._is_running = bool(batch.jobs)
        return batch

    def _finish_batch(
        self, batch: _Batch, found: Results | BaseException, started: float, seconds: float
    ) -> None:
        measured = seconds / batch.rows
        self._seconds_per_row += (SMOOTHING if self._seconds_per_row else 1.0) * (
            measured - self._seconds_per_row
        )
        try:
            results = _check(found, batch.rows)
        except EngineFailure as error:
            logger.exception("engine failed", extra={"rows": batch.rows})
            _fail(batch.jobs, error)
        else:
            self._on_batch(batch.rows, seconds)
            _answer(batch, results, started, seconds)


def _abandon(future: asyncio.Future[Outcome]) -> None:
    """Cancel, or take note of what it ended with, so that asyncio does not miss a reader."""
    if not future.cancel() and not future.cancelled():
        future.exception()


def _check(found: Results | BaseException, rows: int) -> Results:
    if isinstance(found, EngineFailure):
        raise found
    if isinstance(found, BaseException):
        raise EngineFailure("The engine failed on this batch.") from found
    # A sum is finite only if all of it is: what float32 holds is too small to overflow.
    if len(found) != rows or not math.isfinite(sum(map(sum, found))):
        raise EngineFailure("The engine gave results that are none.")
    return found


def _expire(jobs: list[_Job]) -> None:
    _fail(jobs, DeadlineExceeded("The engine was not free in time."))


def _fail(jobs: list[_Job], error: ServiceError) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(error)


def _answer(batch: _Batch, results: Results, started: float, seconds: float) -> None:
    start = 0
    for job in batch.jobs:
        end = start + len(job.rows)
        if not job.future.done():
            job.future.set_result(
                Outcome(results[start:end], started - job.submitted, seconds, batch.rows)
            )
        start = end


def _join(outcomes: list[Outcome]) -> Outcome:
    last = outcomes[-1]
    results = [row for outcome in outcomes for row in outcome.results]
    return Outcome(results, last.queue_seconds, last.compute_seconds, last.batch_rows)
