"""The batcher under any interleaving that Hypothesis can think of."""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from numpy.typing import NDArray

from app import batching
from app.errors import DeadlineExceeded, Draining, EngineFailure, QueueFull

MAX_BATCH_ROWS = 4
MAX_QUEUE_ROWS = 10
STEPS = 50

Task = asyncio.Task[batching.Outcome]


class Gate(Executor):
    """Does its work when the machine says so, on the machine's own thread."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take what a pool of threads takes."""
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.on_start: Callable[[NDArray[np.int64]], None] = lambda _rows: None
        self.is_open = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 # as the standard's
        """Keep work until `open`."""
        self.on_start(args[0])
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def open(self) -> None:
        """Do the oldest work."""
        future, work = self.waiting.pop(0)
        self.is_open = True
        future.set_result(work())
        self.is_open = False


class AnyInterleaving(RuleBasedStateMachine):
    """Arrivals, cancellations, deadlines, failures and shutdown in any order."""

    callers = Bundle("callers")

    def __init__(self) -> None:
        """Begin with an idle batcher on a loop of its own, whose engine and clock are ours."""
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = 0.0
        self.gate = Gate()
        self.gate.on_start = self.note_start
        self.deadlines: dict[int, float] = {}
        self.late: list[int] = []
        self.batches: list[list[int]] = []
        self.failure = ""
        self.next_number = 0
        self.submitted: dict[Task, tuple[list[int], float]] = {}
        self.failed: set[int] = set()
        self.closing: asyncio.Task[None] | None = None
        self.depth = 0
        self.patches: list[Any] = [
            patch("app.batching.ThreadPoolExecutor", lambda *_, **__: self.gate),
            patch("app.batching.time.monotonic", lambda: self.now),
            patch("app.batching.logger"),
            patch("app.batching.INLINE_SECONDS", 0.2),
        ]
        for each in self.patches:
            each.start()
        self.batcher = batching.Batcher(
            self.compute,
            max_batch_rows=MAX_BATCH_ROWS,
            max_queue_rows=MAX_QUEUE_ROWS,
            on_queue=self.count,
        )

    def count(self, change: int) -> None:
        """Keep the depth that the metrics would show."""
        self.depth += change

    def note_start(self, rows: NDArray[np.int64]) -> None:
        """Keep the rows whose time was up when their batch was built."""
        self.late += [n for n in rows[:, 0].tolist() if self.deadlines[n] < self.now]

    def compute(self, rows: NDArray[np.int64]) -> list[list[float]]:
        """Answer each row with its own number, or fail in one of two ways."""
        numbers = rows[:, 0].tolist()
        if not self.gate.is_open:  # on the loop itself: nobody waited for the gate
            self.note_start(rows)
        self.batches.append(numbers)
        if self.failure:
            self.failed.update(numbers)
        if self.failure == "raises":
            raise OSError("broken")
        answers = rows.astype(np.float64).tolist()
        return answers[:-1] if self.failure == "miscounts" else answers

    def settle(self) -> None:
        """Let the loop do all that is due."""

        async def turn() -> None:
            for _ in range(8):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    @rule(target=callers, count=st.integers(1, 9), patience=st.sampled_from([-1, 1, 3, math.inf]))
    def arrive(self, count: int, patience: float) -> Task:
        """A caller comes; its deadline may have passed already."""
        numbers = list(range(self.next_number, self.next_number + count))
        self.next_number += count
        deadline = self.now + patience
        self.deadlines |= dict.fromkeys(numbers, deadline)
        submission = self.batcher.submit(np.array(numbers)[:, None], deadline=deadline)  # type: ignore[arg-type] # numbers that tell rows apart
        task = self.loop.create_task(submission)
        self.settle()
        self.submitted[task] = (numbers, deadline)
        return task

    @rule(caller=consumes(callers))
    def leave(self, caller: Task) -> None:
        """A caller goes, whatever has become of its rows."""
        caller.cancel()
        self.settle()

    @rule(seconds=st.sampled_from([0.1, 0.5, 1, 3]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @precondition(lambda self: self.gate.waiting)
    @rule(failure=st.sampled_from(["", "", "", "raises", "miscounts"]))
    def finish(self, failure: str) -> None:
        """The engine finishes a batch, or fails at it."""
        self.failure = failure
        self.gate.open()
        self.settle()

    @precondition(lambda self: self.next_number > 60 and self.closing is None)
    @rule()
    def shut_down(self) -> None:
        """The service begins to stop; late, or there would be little else to see."""
        self.closing = self.loop.create_task(self.batcher.close())
        self.settle()

    @invariant()
    def bounds_hold(self) -> None:
        """One batch at a time, never too large, and the queue within its bound."""
        assert len(self.gate.waiting) <= 1
        assert 0 <= self.batcher.waiting_rows <= MAX_QUEUE_ROWS
        assert self.depth == self.batcher.waiting_rows
        assert all(len(batch) <= MAX_BATCH_ROWS for batch in self.batches)

    @invariant()
    def no_row_is_computed_twice(self) -> None:
        """What was computed was submitted, and once."""
        computed = [number for batch in self.batches for number in batch]
        assert len(computed) == len(set(computed))

    @invariant()
    def nothing_is_computed_too_late(self) -> None:
        """Whose deadline has passed is dropped before its batch is built."""
        assert self.late == []

    def teardown(self) -> None:
        """In the end everyone has an answer of their own, or an error that is true."""
        try:
            self.failure = ""
            self.settle()
            while self.gate.waiting:
                self.gate.open()
                self.settle()
            closing = self.closing or self.loop.create_task(self.batcher.close())
            self.settle()
            assert closing.done()
            for caller, (numbers, deadline) in self.submitted.items():
                self.check(caller, numbers, deadline)
            assert self.batcher.waiting_rows == 0
        finally:
            self.loop.close()
            for each in self.patches:
                each.stop()

    def check(self, caller: Task, numbers: list[int], deadline: float) -> None:
        """One caller's end."""
        assert caller.done()
        if caller.cancelled():
            return
        error = caller.exception()
        if error is None:
            assert caller.result().results == [[number] for number in numbers]
        elif isinstance(error, DeadlineExceeded):
            assert self.now > deadline
        elif isinstance(error, EngineFailure):
            assert self.failed.intersection(numbers)
        elif isinstance(error, Draining):
            assert self.closing is not None
        else:
            assert isinstance(error, QueueFull)
            assert not set(numbers) & {number for batch in self.batches for number in batch}


def test_everyone_gets_their_own(
    scaled: Callable[[int, int], int], tell: Callable[[str], None]
) -> None:
    """10,000 steps: an answer of one's own or an error that is true, and nobody waits for ever."""
    examples = scaled(200, 20)
    checks = list(HealthCheck)
    run_state_machine_as_test(
        AnyInterleaving,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=checks,
        ),
    )
    tell(f"{examples} runs of up to {STEPS} steps")
