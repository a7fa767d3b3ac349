"""The story of a prediction: bytes → digit → batch → Prediction."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from app import occlusion, timing
from app.batching import Batcher
from app.deadlines import deadline
from app.errors import DeadlineExceeded, QueueFull, ServiceError
from app.imaging import (
    Normalised,
    Picture,
    Reading,
    View,
    decode,
    decode_picture,
    is_small,
    keep_framed,
    normalise,
    normalise_row,
)
from app.metrics import Metrics
from app.numbers import Located, choose
from app.predictions import Notice, Prediction, Reason
from app.scores import ENERGY, LOGITS, PROBABILITIES, Scores

IMAGES_PER_PIECE = 16
"""Of one request, decoded in one go: the engine has the first while the next are decoded."""

SMOOTHING = 0.2
"""Weight of the newest decoding in the running mean of seconds a piece."""

ROWS_PER_PIECE = 32
PIECES_AHEAD = 2
"""Of one tensor, in the queue at once: a large one leaves room for the others, and the engine finds
the next piece there when it is done with one."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Below which a reading is not accepted; chosen on validation digits, kept in the manifest.

    Attributes:
        min_energy: of log Σ exp(logits), which is low for what is no digit (Liu et al. 2020).
        min_confidence: of the largest probability.
    """

    min_energy: float
    min_confidence: float


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Which model reads, and what it accepts.

    Attributes:
        name: of the model.
        version: a whole number, as its folder is named.
        engine: what runs it.
        sha256: of its manifest, which holds the digest of every other file.
        thresholds: below which a reading is not accepted.
    """

    name: str
    version: str
    engine: Literal["litert", "tensorflow"]
    sha256: str
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class Limits:
    """What uploads may cost.

    Attributes:
        max_pixels: of one.
        decode_threads: of which one request keeps no more busy than there are.
        max_waiting_decodes: pieces of work that may wait for a decoding thread, each of them
            uploads kept in memory.
    """

    max_pixels: int
    decode_threads: int
    max_waiting_decodes: int


class Classifier:
    """Reads uploads with one version of the model.

    Attributes:
        model: which one.
    """

    def __init__(
        self,
        batcher: Batcher,
        model: ModelFacts,
        decoders: ThreadPoolExecutor,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        """Keep what is needed; the batcher is the classifier's own, the rest the caller's."""
        self._batcher = batcher
        self.model = model
        self._decoders = decoders
        self._limits = limits
        self._metrics = metrics
        self._decodes = 0
        self._decode_seconds = 0.0
        self._threads = asyncio.Semaphore(limits.decode_threads)

    @property
    def is_backlogged(self) -> bool:
        """Whether an answer takes so long that it is worth knowing if its caller has gone."""
        return self._batcher.is_backlogged or self._decodes > 0

    async def close(self) -> None:
        """Refuse what comes, finish what was accepted."""
        await self._batcher.close()

    async def classify(self, upload: bytes) -> Prediction:
        """Read one upload.

        Raises:
            ImageError: it cannot be turned into a digit.
            Unavailable: there is no room or no time for it.
            EngineFailure: the engine broke on it.
        """
        return (await self._predict([await self._see(upload)]))[0]

    async def classify_in_view(self, upload: bytes) -> tuple[Prediction, View]:
        """As `classify`, with what was seen of the upload.

        Raises:
            ImageError: it cannot be turned into a digit.
            Unavailable: there is no room or no time for it.
            EngineFailure: the engine broke on it.
        """
        found = await self.run_aside(lambda: self._view(upload))
        return (await self._predict([found.seen]))[0], found

    async def read(self, upload: bytes) -> list[Located]:
        """Read every digit of one upload, line by line and from left to right.

        Raises:
            ImageError: there is no ink in it, or it is no picture.
            Unavailable: there is no room or no time for it.
            EngineFailure: the engine broke on it.
        """
        picture, readings = await self.run_aside(lambda: self._decode_row(upload))
        tries = [each for reading in readings for each in reading.list_all()]
        seen = np.stack([each.digit for each in tries])
        predictions = iter(self._interpret(await self._infer(seen), seen))
        digits = [
            Located(digit.prediction, picture.in_upload(digit.box))
            for reading in readings
            for digit in choose(reading, predictions)
        ]
        self._count([digit.prediction for digit in digits])
        return digits

    async def explain(self, prediction: Prediction) -> NDArray[np.float32]:
        """How much each pixel of what the model saw speaks for its reading.

        Costs as much as up to 65 digits more, which wait for the engine as any others do.

        Returns:
            float32 [28, 28], in nats; see `app.occlusion`.

        Raises:
            Unavailable: there is no room or no time for it.
            EngineFailure: the engine broke on it.
        """
        started = time.perf_counter()
        image = prediction.image
        spots = occlusion.list_spots(image)
        erased = occlusion.erase(image, spots)
        outcome = await self._batcher.submit(erased, deadline=deadline.get())
        logits = _logits(outcome.results)
        heat = occlusion.attribute(logits, prediction.digit, spots, image.shape)
        timing.add("explain", time.perf_counter() - started)
        return heat

    async def classify_many(
        self, uploads: Sequence[bytes | ServiceError]
    ) -> list[Prediction | ServiceError]:
        """Read many uploads; a bad one yields its error, in its place.

        Args:
            uploads: whole files; an error stands for one that is not to be had, and stays.

        Raises:
            Unavailable: there is no room or no time for them all.
            EngineFailure: the engine broke on them.
        """
        places = _cut(len(uploads), IMAGES_PER_PIECE)
        room = self._make_room(uploads)
        answers = await _do_all([self._classify_piece(uploads[place], room) for place in places])
        return [answer for piece in answers for answer in piece]

    async def score(self, digits: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits [n, 10] of digits uint8 [n, 28, 28], n at least 1.

        Raises:
            Unavailable: there is no room or no time for them all.
            EngineFailure: the engine broke on them.
        """
        fits = self._batcher.max_queue_rows >= ROWS_PER_PIECE
        room = asyncio.Semaphore(PIECES_AHEAD if fits else 1)

        async def score_piece(piece: NDArray[np.uint8]) -> NDArray[np.float32]:
            async with room:
                scores = await self._infer(piece)
            self._count(self._interpret(scores, piece))
            return _logits(scores)

        pieces = [score_piece(digits[place]) for place in _cut(len(digits), ROWS_PER_PIECE)]
        return np.concatenate(await _do_all(pieces)) if len(pieces) > 1 else await pieces[0]

    async def score_many(self, uploads: Sequence[bytes]) -> NDArray[np.float32]:
        """Logits [n, 10] of n uploads, n at least 1: of all of them or of none.

        Raises:
            ImageError: one of them cannot be turned into a digit; the message says which.
            Unavailable: there is no room or no time for them all.
            EngineFailure: the engine broke on them.
        """
        places = _cut(len(uploads), IMAGES_PER_PIECE)
        room = self._make_room(uploads)
        pieces = [self._score_piece(uploads[place], place.start, room) for place in places]
        return np.concatenate(await _do_all(pieces))

    async def _classify_piece(
        self, uploads: Sequence[bytes | ServiceError], room: asyncio.Semaphore
    ) -> list[Prediction | ServiceError]:
        async with room:
            found = await self.run_aside(lambda: [self._read_or_error(each) for each in uploads])
        seen = [each for each in found if not isinstance(each, ServiceError)]
        read = iter(await self._predict(seen) if seen else ())
        return [each if isinstance(each, ServiceError) else next(read) for each in found]

    async def _score_piece(
        self, uploads: Sequence[bytes], first: int, room: asyncio.Semaphore
    ) -> NDArray[np.float32]:
        def read() -> NDArray[np.uint8]:
            return np.stack([self._read_named(*each).digit for each in enumerate(uploads, first)])

        async with room:
            digits = await self.run_aside(read)
        return await self.score(digits)

    def _make_room(self, uploads: Sequence[bytes | ServiceError]) -> asyncio.Semaphore:
        """For the pieces of one request that may be decoded at once: others come in between.

        Small pictures hold the interpreter's lock nearly all the time: of two threads at them
        neither is the sooner done, and the engine's waits for both.
        """
        is_light = all(is_small(each) for each in uploads if isinstance(each, bytes))
        return asyncio.Semaphore(1 if is_light else self._limits.decode_threads)

    async def run_aside(self, work: Callable[[], Result]) -> Result:
        """Do work that would hold the event loop in a decoding thread.

        Raises:
            QueueFull: too much waits for one.
            DeadlineExceeded: none was free in time.
        """
        if self._decodes >= self._limits.max_waiting_decodes + self._limits.decode_threads:
            raise QueueFull(
                "Too many images wait to be decoded.",
                retry_after_seconds=self._decodes * self._decode_seconds,
            )
        expires = deadline.get()

        def work_in_time() -> tuple[Result, float]:
            started = time.monotonic()
            if started > expires:
                raise DeadlineExceeded("No thread was free in time.")
            return work(), time.monotonic() - started

        self._decodes += 1
        try:
            # Not in the pool's own queue: there it would outlive its caller, upload and all.
            await self._threads.acquire()
            result, seconds = await self._begin(work_in_time)
        finally:
            self._decodes -= 1
        self._decode_seconds += SMOOTHING * (seconds - self._decode_seconds)
        return result

    def _begin(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        """Hand work to a thread that is free.

        Nobody keeps its future: an error holds the frames that it came by, and whichever of them
        held the error too would stay, upload and all, until the collector looks.
        """
        doing = self._decoders.submit(copy_context().run, work)
        doing.add_done_callback(partial(self._free_thread, asyncio.get_running_loop()))
        return asyncio.wrap_future(doing)

    def _free_thread(self, loop: asyncio.AbstractEventLoop, _done: Future[Any]) -> None:
        """In that thread, when it is done: a caller may go before."""
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._threads.release)

    async def _see(self, upload: bytes) -> Normalised:
        """The digit of an upload, on the event loop where that takes microseconds."""
        if not is_small(upload):
            return await self.run_aside(lambda: self._decode_and_normalise(upload))
        started = time.perf_counter()
        grey = decode(upload, max_pixels=self._limits.max_pixels)
        decoded = time.perf_counter()
        seen = keep_framed(grey)
        if seen is None:
            return await self.run_aside(lambda: self._normalise(grey, decoded - started))
        _note(decoded - started, time.perf_counter() - decoded)
        return seen

    def _read_or_error(self, upload: bytes | ServiceError) -> Normalised | ServiceError:
        if isinstance(upload, ServiceError):
            return upload
        try:
            return self._decode_and_normalise(upload)
        except ServiceError as error:
            return error

    def _decode_row(self, upload: bytes) -> tuple[Picture, list[Reading]]:
        started = time.perf_counter()
        picture = decode_picture(upload, max_pixels=self._limits.max_pixels)
        decoded = time.perf_counter()
        readings = normalise_row(picture.grey)
        _note(decoded - started, time.perf_counter() - decoded)
        return picture, readings

    def _view(self, upload: bytes) -> View:
        started = time.perf_counter()
        picture = decode_picture(upload, max_pixels=self._limits.max_pixels)
        return View(picture, self._normalise(picture.grey, time.perf_counter() - started))

    def _read_named(self, place: int, upload: bytes) -> Normalised:
        try:
            return self._decode_and_normalise(upload)
        except ServiceError as error:
            raise type(error)(f"Picture {place}: {error}") from error

    def _decode_and_normalise(self, upload: bytes) -> Normalised:
        started = time.perf_counter()
        grey = decode(upload, max_pixels=self._limits.max_pixels)
        return self._normalise(grey, time.perf_counter() - started)

    def _normalise(self, grey: NDArray[np.uint8], decode_seconds: float) -> Normalised:
        decoded = time.perf_counter()
        seen = normalise(grey)
        _note(decode_seconds, time.perf_counter() - decoded)
        return seen

    async def _predict(self, seen: Sequence[Normalised]) -> list[Prediction]:
        """Predictions of what each upload shows, with what was noticed of it."""
        # One is looked at as a batch; to stack it would copy it by way of ten functions.
        digits = seen[0].digit[None] if len(seen) == 1 else np.stack([each.digit for each in seen])
        predictions = [
            _warn(prediction, each.warnings) if each.warnings else prediction
            for prediction, each in zip(
                self._interpret(await self._infer(digits), digits), seen, strict=True
            )
        ]
        # Before the answer: of a worker that is killed, what was answered was counted.
        self._count(predictions)
        return predictions

    async def _infer(self, digits: NDArray[np.uint8]) -> Scores:
        outcome = await self._batcher.submit(digits, deadline=deadline.get())
        timing.add("queue", outcome.queue_seconds, ago_seconds=outcome.compute_seconds)
        timing.add("inference", outcome.compute_seconds)
        return outcome.results

    def _count(self, predictions: Sequence[Prediction]) -> None:
        for prediction in predictions:
            self._metrics.observe_prediction(
                prediction.digit, prediction.confidence, prediction.reason or "accepted"
            )

    def _interpret(self, scores: Scores, images: NDArray[np.uint8]) -> list[Prediction]:
        return [self._judge(row, image) for row, image in zip(scores, images, strict=True)]

    def _judge(self, row: list[float], image: NDArray[np.uint8]) -> Prediction:
        # Of the logits, as two probabilities may be alike once they are rounded.
        logits = row[LOGITS]
        digit = logits.index(max(logits))
        probabilities = row[PROBABILITIES]
        confidence = probabilities[digit]
        reason: Reason | None = None
        if row[ENERGY] < self.model.thresholds.min_energy:
            reason = "not_a_digit"
        elif confidence < self.model.thresholds.min_confidence:
            reason = "unsure"
        return Prediction(digit, confidence, probabilities, reason is None, reason, image)


def _note(decode_seconds: float, normalise_seconds: float) -> None:
    timing.add("decode", decode_seconds, ago_seconds=normalise_seconds)
    timing.add("normalise", normalise_seconds)


def _cut(count: int, size: int) -> list[slice]:
    """The places of pieces of so many each, the last perhaps of fewer."""
    return [slice(start, start + size) for start in range(0, count, size)]


async def _do_all(pieces: Sequence[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Each piece's answer; where one fails, the others work for nobody, and are dropped."""
    under_way = [asyncio.ensure_future(piece) for piece in pieces]
    try:
        return await asyncio.gather(*under_way)
    finally:
        while under_way:  # none is kept, for the same reason as in `Classifier._begin`
            under_way.pop().cancel()


def _warn(prediction: Prediction, warnings: tuple[Notice, ...]) -> Prediction:
    """A prediction with its upload's warnings; several digits are not accepted as one."""
    if "several_digits" in warnings:
        return replace(prediction, accepted=False, reason="several_digits", warnings=warnings)
    return replace(prediction, warnings=warnings)


def _logits(scores: Scores) -> NDArray[np.float32]:
    """The engine's own: float32 [n, 10]."""
    return np.array([row[LOGITS] for row in scores], np.float32)
