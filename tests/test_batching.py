"""The micro-batcher: every caller gets its own rows or its own error, whatever the others do."""

import asyncio
import math
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.batching import Batcher
from app.errors import DeadlineExceeded, Draining, EngineFailure, QueueFull, ServiceError

pytestmark = pytest.mark.anyio

Rows = NDArray[np.uint8]
Results = list[list[float]]


def double(rows: Rows) -> Results:
    """Stand in for an engine: each row's result tells which row it was."""
    return (rows * 2.0).tolist()


def make_rows(*values: int) -> Rows:
    """One row for each value."""
    return np.array(values, dtype=np.uint8)[:, None]


class GatedEngine:
    """An engine that waits to be let through, and remembers its batches."""

    def __init__(self, compute: Callable[[Rows], Results] = double) -> None:
        """Start closed."""
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.batches: list[list[int]] = []
        self._compute = compute

    def __call__(self, rows: Rows) -> Results:
        """Wait for the gate, then compute."""
        self.entered.set()
        assert self.gate.wait(30)
        self.batches.append(rows[:, 0].tolist())
        return self._compute(rows)


async def start_first(batcher: Batcher, engine: GatedEngine) -> asyncio.Task[object]:
    """Occupy the engine with row 0."""
    first = asyncio.create_task(batcher.submit(make_rows(0)))
    await asyncio.to_thread(engine.entered.wait, 30)
    return first


async def start(
    batcher: Batcher, *values: int, deadline: float = float("inf")
) -> asyncio.Task[object]:
    """Submit rows and let them reach the queue."""
    task = asyncio.create_task(batcher.submit(make_rows(*values), deadline=deadline))
    await asyncio.sleep(0)
    return task


async def test_lone_rows_are_computed_at_once() -> None:
    """An idle engine takes what comes, alone."""
    batcher = Batcher(double, max_batch_rows=8, max_queue_rows=8)

    outcome = await batcher.submit(make_rows(3, 4))

    assert outcome.results == [[6.0], [8.0]]
    assert outcome.batch_rows == 2
    await batcher.close()


async def test_rows_that_come_while_a_batch_runs_share_the_next() -> None:
    """The next batch fills while one runs."""
    engine = GatedEngine()
    batcher = Batcher(engine, max_batch_rows=8, max_queue_rows=8)
    first = await start_first(batcher, engine)
    others = [await start(batcher, value) for value in (1, 2, 3)]
    engine.gate.set()
    outcomes = await asyncio.gather(first, *others)

    assert engine.batches == [[0], [1, 2, 3]]
    assert [outcome.results for outcome in outcomes] == [[[0]], [[2]], [[4]], [[6]]]
    await batcher.close()


async def test_the_engine_does_not_wait_for_the_event_loop() -> None:
    """It takes what waits by itself, while the loop is busy with something else."""
    engine = GatedEngine()
    batcher = Batcher(engine, max_batch_rows=2, max_queue_rows=8)
    first = await start_first(batcher, engine)
    others = [await start(batcher, value) for value in (1, 2, 3)]
    engine.gate.set()
    deadline = time.monotonic() + 30
    while len(engine.batches) < 3 and time.monotonic() < deadline:
        time.sleep(0.001)  # noqa: ASYNC251 # the loop is meant to stand still
    batches = list(engine.batches)
    await asyncio.gather(first, *others)

    assert batches == [[0], [1, 2], [3]]
    await batcher.close()


async def test_rows_that_come_together_share_a_batch() -> None:
    """An idle engine does not run off with the first of them."""
    engine = GatedEngine()
    engine.gate.set()
    batcher = Batcher(engine, max_batch_rows=8, max_queue_rows=1)
    await asyncio.gather(*(batcher.submit(make_rows(value)) for value in (1, 2, 3)))

    assert engine.batches == [[1, 2, 3]]
    await batcher.close()


async def test_a_lone_row_needs_no_thread_once_it_is_known_to_be_quick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the loop while nobody else waits; two rows, or a slow engine, are computed aside."""
    threads: list[int] = []

    def compute(rows: Rows) -> Results:
        threads.append(threading.get_ident())
        return double(rows)

    batcher = Batcher(compute, max_batch_rows=8, max_queue_rows=8)
    monkeypatch.setattr("app.batching.INLINE_SECONDS", 30)
    for values in ((1,), (2,), (3, 4)):
        outcome = await batcher.submit(make_rows(*values))
        assert outcome.results == [[2.0 * value] for value in values]
    monkeypatch.setattr("app.batching.INLINE_SECONDS", 0)
    await batcher.submit(make_rows(5))

    here = threading.get_ident()
    assert [thread == here for thread in threads] == [False, True, False, False]
    await batcher.close()


async def test_more_rows_than_a_batch_are_spread() -> None:
    """One submission larger than a batch comes back whole and in order."""
    batcher = Batcher(double, max_batch_rows=4, max_queue_rows=16)

    outcome = await batcher.submit(make_rows(*range(10)))

    assert outcome.results == [[2.0 * value] for value in range(10)]
    await batcher.close()


async def test_full_queue_refuses_at_once() -> None:
    """What does not fit is refused with a time to come back, and what waits is not harmed."""
    engine = GatedEngine()
    batcher = Batcher(engine, max_batch_rows=2, max_queue_rows=3)
    first = await start_first(batcher, engine)
    second = await start(batcher, 1, 2, 3)
    with pytest.raises(QueueFull) as refusal:
        await batcher.submit(make_rows(4))
    engine.gate.set()
    await asyncio.gather(first, second)

    assert refusal.value.retry_after_seconds is not None
    assert batcher.waiting_rows == 0
    await batcher.close()


async def test_idle_engine_takes_what_never_fits_into_the_queue() -> None:
    """Told to come back, such a caller would do so for ever; a busy one tells them."""
    engine = GatedEngine()
    batcher = Batcher(engine, max_batch_rows=2, max_queue_rows=3)
    first = await start(batcher, *range(9))
    await asyncio.to_thread(engine.entered.wait, 30)
    with pytest.raises(QueueFull):
        await batcher.submit(make_rows(*range(9)))
    engine.gate.set()
    outcome = await first

    assert outcome.results == [[2.0 * value] for value in range(9)]  # type: ignore[attr-defined]
    await batcher.close()


async def test_cancelled_caller_is_dropped_before_the_batch_is_built() -> None:
    """A caller that has gone costs nothing and harms no batch-mate."""
    engine = GatedEngine()
    batcher = Batcher(engine, max_batch_rows=8, max_queue_rows=8)
    first = await start_first(batcher, engine)
    gone, stays = await start(batcher, 1), await start(batcher, 2)
    gone.cancel()
    await asyncio.sleep(0)
    engine.gate.set()
    await asyncio.gather(first, stays)

    assert engine.batches == [[0], [2]]
    assert gone.cancelled()
    await batcher.close()


async def test_caller_cancelled_while_its_batch_runs_harms_no_mate() -> None:
    """The batch goes on without a reader for that row."""
    engine = GatedEngine()
    batcher = Batcher(engine, max_batch_rows=8, max_queue_rows=8)
    first = await start_first(batcher, engine)
    first.cancel()
    other = await start(batcher, 5)
    engine.gate.set()

    assert (await other).results == [[10.0]]  # type: ignore[attr-defined]
    await batcher.close()


async def test_callers_that_have_gone_take_no_room() -> None:
    """A queue full of them is not full."""
    engine = GatedEngine()
    batcher = Batcher(engine, max_batch_rows=2, max_queue_rows=2)
    first = await start_first(batcher, engine)
    gone = await start(batcher, 1, 2)
    gone.cancel()
    await asyncio.sleep(0)
    comes = await start(batcher, 3, 4)
    engine.gate.set()
    await asyncio.gather(first, comes)

    assert engine.batches == [[0], [3, 4]]
    assert batcher.waiting_rows == 0
    await batcher.close()


async def test_a_batch_is_reported_once() -> None:
    """However many callers share it; and a batch that failed is not."""
    reports: list[int] = []

    def compute(rows: Rows) -> Results:
        if 9 in rows:
            raise RuntimeError("broken")
        return double(rows)

    engine = GatedEngine(compute)
    batcher = Batcher(
        engine,
        max_batch_rows=3,
        max_queue_rows=8,
        on_batch=lambda rows, _seconds: reports.append(rows),
    )
    first = await start_first(batcher, engine)
    others = [await start(batcher, value) for value in (1, 2, 3, 9)]
    engine.gate.set()
    answers = await asyncio.gather(first, *others, return_exceptions=True)

    assert reports == [1, 3]
    assert isinstance(answers[-1], EngineFailure)
    await batcher.close()


async def test_engine_error_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    """Callers are told nothing of it, so the log must."""

    def compute(_rows: Rows) -> Results:
        raise RuntimeError("the cause")

    batcher = Batcher(compute, max_batch_rows=8, max_queue_rows=8)
    with pytest.raises(EngineFailure) as failure:
        await batcher.submit(make_rows(1))

    assert "the cause" not in str(failure.value)
    assert "the cause" in caplog.text
    await batcher.close()


async def test_expired_rows_are_not_computed() -> None:
    """A deadline that passed in the queue is an error of that caller alone."""
    engine = GatedEngine()
    batcher = Batcher(engine, max_batch_rows=8, max_queue_rows=8)
    first = await start_first(batcher, engine)
    late = await start(batcher, 1, deadline=time.monotonic() - 1)
    timely = await start(batcher, 2, deadline=time.monotonic() + 60)
    engine.gate.set()
    await asyncio.gather(first, timely)

    with pytest.raises(DeadlineExceeded):
        await late
    assert engine.batches == [[0], [2]]
    await batcher.close()


async def test_engine_error_reaches_its_batch_only() -> None:
    """The batch that broke fails, the next one is computed."""

    def compute(rows: Rows) -> Results:
        if 1 in rows:
            raise RuntimeError("broken")
        return double(rows)

    engine = GatedEngine(compute)
    batcher = Batcher(engine, max_batch_rows=1, max_queue_rows=8)
    first = await start_first(batcher, engine)
    bad, good = await start(batcher, 1), await start(batcher, 2)
    engine.gate.set()
    await asyncio.gather(first, good)

    with pytest.raises(EngineFailure):
        await bad
    await batcher.close()


@pytest.mark.parametrize(
    "broken",
    [
        lambda rows: [[math.nan]] * len(rows),
        lambda rows: [[1.0, -math.inf, math.inf]] * len(rows),
        lambda rows: double(rows)[:-1],
    ],
    ids=["not-a-number", "infinite", "too-few-rows"],
)
async def test_results_that_are_none_are_refused(broken: Callable[[Rows], Results]) -> None:
    """An engine that answers nonsense is an error, never an answer."""
    batcher = Batcher(broken, max_batch_rows=8, max_queue_rows=8)

    with pytest.raises(EngineFailure):
        await batcher.submit(make_rows(1, 2))
    await batcher.close()


async def test_close_finishes_what_was_accepted() -> None:
    """Draining answers the queue and refuses what comes after."""
    engine = GatedEngine()
    batcher = Batcher(engine, max_batch_rows=1, max_queue_rows=8)
    first = await start_first(batcher, engine)
    second = await start(batcher, 1)
    closing = asyncio.create_task(batcher.close())
    await asyncio.sleep(0)
    with pytest.raises(Draining):
        await batcher.submit(make_rows(2))
    engine.gate.set()
    await closing

    assert [task.result().results for task in (first, second)] == [[[0]], [[2]]]  # type: ignore[attr-defined]


submissions = st.lists(
    st.tuples(
        st.lists(st.integers(0, 250), min_size=1, max_size=5),
        st.sampled_from(["stays", "leaves", "is-late"]),
        st.booleans(),  # whether the event loop turns once before the next arrival
    ),
    min_size=1,
    max_size=12,
)


@given(submissions=submissions, poison=st.integers(0, 250), max_batch_rows=st.integers(1, 6))
@settings(max_examples=150, deadline=None)
def test_any_interleaving_gives_each_its_own(
    submissions: list[tuple[list[int], str, bool]], poison: int, max_batch_rows: int
) -> None:
    """Arrivals, departures, deadlines and failures: its own rows, or its own error, or no room."""

    def compute(rows: Rows) -> Results:
        if poison in rows:
            raise RuntimeError("poisoned")
        return double(rows)

    async def play() -> None:
        batcher = Batcher(compute, max_batch_rows=max_batch_rows, max_queue_rows=12)
        tasks = []
        for values, fate, turns in submissions:
            deadline = time.monotonic() + (-1 if fate == "is-late" else 60)
            task = asyncio.create_task(batcher.submit(make_rows(*values), deadline=deadline))
            if turns or fate == "leaves":
                await asyncio.sleep(0)
            if fate == "leaves":
                task.cancel()
            tasks.append(task)
        answers = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)
        for (values, fate, _), answer in zip(submissions, answers, strict=True):
            if isinstance(answer, asyncio.CancelledError):
                assert fate == "leaves"
            elif isinstance(answer, BaseException):
                assert isinstance(answer, ServiceError)
                assert not isinstance(answer, DeadlineExceeded) or fate == "is-late"
            else:
                assert answer.results == [[2.0 * value] for value in values]
        await asyncio.wait_for(batcher.close(), 30)
        assert batcher.waiting_rows == 0

    asyncio.run(play())


async def test_many_batches_of_one_row_are_no_calls_within_each_other() -> None:
    """A lone row is computed on the loop; of a thousand behind it none is one call deeper."""
    batcher = Batcher(double, max_batch_rows=1, max_queue_rows=3000)
    await batcher.submit(make_rows(1))
    rows = np.ones((2000, 1), np.uint8)
    outcome = await asyncio.wait_for(batcher.submit(rows), 60)
    await batcher.close()

    assert outcome.results == [[2.0]] * 2000
