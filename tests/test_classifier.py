"""Bytes to prediction, with an engine whose logits the test decides."""

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from app.batching import Batcher
from app.classifier import (
    IMAGES_PER_PIECE,
    ROWS_PER_PIECE,
    Classifier,
    Limits,
    ModelFacts,
    Prediction,
    Thresholds,
)
from app.deadlines import deadline
from app.errors import BlankImage, DeadlineExceeded, QueueFull, ServiceError
from app.metrics import Metrics
from app.scores import scoring
from tests.garbage import counting_garbage
from tests.pictures import encode

pytestmark = pytest.mark.anyio

LIMITS = Limits(max_pixels=10_000_000, decode_threads=2, max_waiting_decodes=64)


class Engine:
    """Answers the logits it was given, to any image."""

    def __init__(self) -> None:
        """A plain, certain 3."""
        self.logits = np.full(10, -10, np.float32)
        self.logits[3] = 10

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The same row for each image."""
        return np.tile(self.logits, (len(images), 1))


@pytest.fixture
def engine() -> Engine:
    """An engine of the test's own."""
    return Engine()


@pytest.fixture
def decoders() -> Iterator[ThreadPoolExecutor]:
    """A pool as the service has one."""
    with ThreadPoolExecutor(LIMITS.decode_threads) as pool:
        yield pool


@pytest.fixture
async def classifier(engine: Engine, decoders: ThreadPoolExecutor) -> AsyncIterator[Classifier]:
    """A classifier in front of that engine."""
    batcher = Batcher(scoring(engine), max_batch_rows=8, max_queue_rows=64)
    facts = ModelFacts(
        "alexnet", "1", "litert", "digest", Thresholds(min_energy=5.0, min_confidence=0.6)
    )
    yield Classifier(batcher, facts, decoders, LIMITS, Metrics(CollectorRegistry()))
    await batcher.close()


async def test_certain_digit_is_accepted(classifier: Classifier, seven: bytes) -> None:
    """High energy and high confidence: nothing to object to."""
    prediction = await classifier.classify(seven)

    assert (prediction.digit, prediction.accepted, prediction.reason) == (3, True, None)
    assert prediction.confidence == pytest.approx(1.0)


async def test_low_energy_is_no_digit(classifier: Classifier, engine: Engine, seven: bytes) -> None:
    """Logits that are all small are those of something else, however sure the softmax."""
    engine.logits -= 8
    prediction = await classifier.classify(seven)

    assert (prediction.accepted, prediction.reason) == (False, "not_a_digit")
    assert prediction.confidence > 0.99


async def test_two_candidates_are_unsure(
    classifier: Classifier, engine: Engine, seven: bytes
) -> None:
    """Two digits as likely as each other: none is accepted."""
    engine.logits[8] = 10
    prediction = await classifier.classify(seven)

    assert (prediction.accepted, prediction.reason) == (False, "unsure")
    assert prediction.confidence == pytest.approx(0.5)


async def test_large_picture_does_not_hold_the_loop(classifier: Classifier) -> None:
    """While a large picture is decoded, the loop goes on turning."""
    picture = np.full((2000, 2000), 255, np.uint8)
    picture[400:1600, 900:1100] = 0
    task = asyncio.create_task(classifier.classify(encode(picture, "JPEG")))
    turns = 0
    while not task.done():
        turns += 1
        await asyncio.sleep(0)
    await task

    assert turns > 10


async def test_small_picture_that_must_be_searched_does_not_hold_the_loop(
    classifier: Classifier,
) -> None:
    """To find the ink takes milliseconds, however few pixels there are."""
    picture = np.full((28, 28), 230, np.uint8)
    picture[3:16, 4:6] = 20
    task = asyncio.create_task(classifier.classify(encode(picture)))
    await asyncio.sleep(0)
    is_elsewhere = classifier.is_backlogged
    await task

    assert is_elsewhere


async def test_decodes_that_wait_are_bounded(classifier: Classifier) -> None:
    """Beyond the bound the refusal comes at once; what a thread has already does not wait."""
    upload = encode(np.full((40, 40), 255, np.uint8))
    most = LIMITS.decode_threads + LIMITS.max_waiting_decodes
    callers = [classifier.classify(upload) for _ in range(most + 1)]
    answers = await asyncio.gather(*callers, return_exceptions=True)

    assert [type(answer) for answer in answers] == [BlankImage] * most + [QueueFull]


async def test_picture_whose_time_is_up_is_not_decoded(classifier: Classifier) -> None:
    """What waited too long for a thread is dropped before it is looked at."""
    token = deadline.set(0.0)
    try:
        with pytest.raises(DeadlineExceeded):
            await classifier.classify(encode(np.full((40, 40), 255, np.uint8)))
    finally:
        deadline.reset(token)


async def test_nothing_is_kept_for_who_has_gone(classifier: Classifier) -> None:
    """An upload that waits for a thread is let go with its caller."""
    gate = threading.Event()
    held = [
        asyncio.create_task(classifier.run_aside(gate.wait)) for _ in range(LIMITS.decode_threads)
    ]
    await asyncio.sleep(0)
    upload = np.zeros(1)
    kept = weakref.ref(upload)
    caller = asyncio.create_task(classifier.run_aside(upload.sum))
    await asyncio.sleep(0)
    del upload
    caller.cancel()
    await asyncio.wait([caller])
    del caller
    gc.collect()
    is_kept = kept() is not None
    gate.set()
    await asyncio.gather(*held)

    assert not is_kept


async def test_nothing_is_kept_of_many_where_one_is_refused(
    classifier: Classifier, seven: bytes
) -> None:
    """They go with the error, and need no collector."""
    uploads = [seven] * IMAGES_PER_PIECE + [b"x"]
    all_threads = threading.Barrier(LIMITS.decode_threads)
    with counting_garbage() as left:
        with suppress(ServiceError):
            await classifier.score_many(uploads)
        # The other piece is dropped as soon as its thread is done with it: then all are free.
        await asyncio.gather(
            *(classifier.run_aside(all_threads.wait) for _ in range(LIMITS.decode_threads))
        )

    assert left.count == 0


async def test_more_than_a_piece_keep_their_places(classifier: Classifier, seven: bytes) -> None:
    """Where pieces meet, nothing is lost or swapped."""
    uploads = [b"x" if place % 7 == 0 else seven for place in range(IMAGES_PER_PIECE + 20)]
    answers = await classifier.classify_many(uploads)

    assert [isinstance(answer, ServiceError) for answer in answers] == [
        upload == b"x" for upload in uploads
    ]


@pytest.mark.parametrize(
    ("side", "at_once"), [(28, 1), (40, LIMITS.decode_threads)], ids=["small", "large"]
)
async def test_one_request_leaves_room_for_others(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch, side: int, at_once: int
) -> None:
    """Its pieces are not all in the queue, and of the small ones one is decoded at a time."""
    most = under_way = 0
    run_aside = classifier.run_aside

    async def watch(work: Callable[[], object]) -> object:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        try:
            return await run_aside(work)
        finally:
            under_way -= 1

    monkeypatch.setattr(classifier, "run_aside", watch)
    upload = encode(np.full((side, side), 255, np.uint8))
    await classifier.classify_many([upload] * 5 * IMAGES_PER_PIECE)

    assert most == at_once


async def test_many_keep_their_places(classifier: Classifier, seven: bytes) -> None:
    """Errors stand where their uploads stood."""
    blank = encode(np.full((50, 50), 255, np.uint8))
    answers = await classifier.classify_many([blank, seven, b"x", seven])

    assert isinstance(answers[0], BlankImage)
    assert [type(answer) is Prediction for answer in answers] == [False, True, False, True]
    assert isinstance(answers[2], ServiceError)


async def test_digits_are_scored(classifier: Classifier, engine: Engine) -> None:
    """Tensors skip the pictures: their rows come back as the engine's logits, all counted."""
    logits = await classifier.score(np.zeros((20, 28, 28), np.uint8))

    np.testing.assert_array_equal(logits, np.tile(engine.logits, (20, 1)))


@pytest.mark.parametrize("max_queue_rows", [1, ROWS_PER_PIECE])
async def test_many_digits_are_scored_in_their_order(
    decoders: ThreadPoolExecutor, max_queue_rows: int
) -> None:
    """However small the queue is, and never with more of them in it than it holds."""
    waiting: list[int] = []

    def tell(digits: NDArray[np.uint8]) -> NDArray[np.float32]:
        waiting.append(batcher.waiting_rows)
        return digits[:, 0, :10].astype(np.float32)

    batcher = Batcher(scoring(tell), max_batch_rows=64, max_queue_rows=max_queue_rows)
    facts = ModelFacts("alexnet", "1", "litert", "digest", Thresholds(0, 0))
    classifier = Classifier(batcher, facts, decoders, LIMITS, Metrics(CollectorRegistry()))
    digits = np.arange(200, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    logits = await classifier.score(digits)
    await batcher.close()

    np.testing.assert_array_equal(logits, digits[:, 0, :10])
    assert max(waiting) <= max_queue_rows


async def test_uploads_are_scored(classifier: Classifier, engine: Engine, seven: bytes) -> None:
    """More than a piece of them, one row each."""
    logits = await classifier.score_many([seven] * (IMAGES_PER_PIECE + 3))

    np.testing.assert_array_equal(logits, np.tile(engine.logits, (IMAGES_PER_PIECE + 3, 1)))


async def test_bad_upload_fails_all_and_is_named(classifier: Classifier, seven: bytes) -> None:
    """There is no answer to a part, so the error says which one it was."""
    blank = encode(np.full((50, 50), 255, np.uint8))
    uploads = [seven] * IMAGES_PER_PIECE + [blank]

    with pytest.raises(BlankImage, match=f"Picture {IMAGES_PER_PIECE}: "):
        await classifier.score_many(uploads)


async def test_many_bad_ones_need_no_engine(classifier: Classifier) -> None:
    """Where nothing can be read, nothing is computed."""
    answers = await classifier.classify_many([b"x", b"y"])

    assert all(isinstance(answer, ServiceError) for answer in answers)
