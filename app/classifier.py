"""The story of a prediction: bytes → digit → batch → Prediction."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app import occlusion, timing
from app.batching import Batcher, Outcome
from app.errors import QueueFull, ServiceError
from app.imaging import (
    Normalised,
    Picture,
    Reading,
    decode,
    decode_picture,
    is_framed,
    normalise,
    normalise_row,
    peek_pixels,
)
from app.metrics import Metrics
from app.numbers import Located, choose
from app.predictions import Prediction, Reason

INLINE_PIXELS = 1 << 10
"""Up to 32×32 is decoded on the event loop, where a hop to a thread would cost more."""

IMAGES_PER_PIECE = 32
"""Of one request, decoded in one go: the engine has the first while the next are decoded."""

MAX_WAITING_DECODES = 64
"""Pieces of work that may wait for a decoding thread, each of them an upload kept in memory."""

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
    """Which model reads, and what it accepts."""

    name: str
    version: str
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class Explained:
    """A prediction and what led to it.

    Attributes:
        prediction: the same as without an explanation.
        image: what the model saw, uint8 [28, 28], white ink on black.
        heatmap: how much each of its pixels speaks for the digit, float32 [28, 28] in nats, see
            `app.occlusion`; None where it was not asked for.
    """

    prediction: Prediction
    image: NDArray[np.uint8]
    heatmap: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one upload may cost."""

    max_pixels: int
    timeout_seconds: float


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
        """Keep what is needed; all of it is made, and closed, by the caller."""
        self._batcher = batcher
        self.model = model
        self._decoders = decoders
        self._limits = limits
        self._metrics = metrics
        self._decodes = 0

    @property
    def is_backlogged(self) -> bool:
        """Whether an answer takes so long that it is worth knowing if its caller has gone."""
        return self._batcher.is_backlogged or self._decodes > 0

    async def classify(self, upload: bytes) -> Prediction:
        """Read one upload.

        Raises:
            ImageError: it cannot be turned into a digit.
            Unavailable: there is no room or no time for it.
            EngineFailure: the engine broke on it.
        """
        deadline = time.monotonic() + self._limits.timeout_seconds
        return (await self._predict([await self._see(upload)], deadline))[0]

    async def read(self, upload: bytes) -> list[Located]:
        """Read every digit of one upload, line by line and from left to right.

        Raises:
            ImageError: there is no ink in it, or it is no picture.
            Unavailable: there is no room or no time for it.
            EngineFailure: the engine broke on it.
        """
        deadline = time.monotonic() + self._limits.timeout_seconds
        picture, readings = await self._decode_aside(lambda: self._decode_row(upload))
        tries = [seen for reading in readings for seen in reading.list_all()]
        predictions = iter(await self._infer(np.stack([seen.digit for seen in tries]), deadline))
        digits = [
            Located(digit.prediction, picture.in_upload(digit.box))
            for reading in readings
            for digit in choose(reading, predictions)
        ]
        self._count([digit.prediction for digit in digits])
        return digits

    async def explain(self, upload: bytes, *, with_heatmap: bool) -> Explained:
        """Read one upload, and tell what the model saw and why it read it so.

        A heatmap costs as much as up to 65 digits more, which wait for the engine as others do.

        Raises:
            ImageError: it cannot be turned into a digit.
            Unavailable: there is no room or no time for it.
            EngineFailure: the engine broke on it.
        """
        deadline = time.monotonic() + self._limits.timeout_seconds
        seen = await self._see(upload)
        prediction = (await self._predict([seen], deadline))[0]
        heatmap = None
        if with_heatmap:
            heatmap = await self._attribute(seen.digit, prediction.digit, deadline)
        return Explained(prediction, seen.digit, heatmap)

    async def _attribute(
        self, image: NDArray[np.uint8], digit: int, deadline: float
    ) -> NDArray[np.float32]:
        started = time.perf_counter()
        spots = occlusion.list_spots(image)
        erased = occlusion.erase(image, spots)
        outcome = await self._batcher.submit(erased, deadline=deadline)
        heatmap = occlusion.attribute(outcome.results, digit, spots, image.shape)
        timing.add("explain", time.perf_counter() - started)
        return heatmap

    async def classify_many(self, uploads: Sequence[bytes]) -> list[Prediction | ServiceError]:
        """Read many uploads; a bad one yields its error, in its place.

        Raises:
            Unavailable: there is no room or no time for them all.
            EngineFailure: the engine broke on them.
        """
        deadline = time.monotonic() + self._limits.timeout_seconds
        pieces = [
            asyncio.ensure_future(
                self._classify_piece(uploads[start : start + IMAGES_PER_PIECE], deadline)
            )
            for start in range(0, len(uploads), IMAGES_PER_PIECE)
        ]
        try:
            answers = await asyncio.gather(*pieces)
        finally:
            for piece in pieces:  # where one failed, the others work for nobody
                piece.cancel()
        return [answer for piece in answers for answer in piece]

    async def _classify_piece(
        self, uploads: Sequence[bytes], deadline: float
    ) -> list[Prediction | ServiceError]:
        found = await self._decode_aside(lambda: [self._read_or_error(each) for each in uploads])
        seen = [each for each in found if not isinstance(each, ServiceError)]
        read = iter(await self._predict(seen, deadline) if seen else ())
        return [each if isinstance(each, ServiceError) else next(read) for each in found]

    async def _decode_aside(self, work: Callable[[], Result]) -> Result:
        """Run work in a decoding thread, unless too much waits for one."""
        if self._decodes >= MAX_WAITING_DECODES:
            raise QueueFull("Too many images wait to be decoded.")
        self._decodes += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._decoders, copy_context().run, work
            )
        finally:
            self._decodes -= 1

    async def _see(self, upload: bytes) -> Normalised:
        seen = self._read_if_tiny(upload)
        if seen is None:
            seen = await self._decode_aside(lambda: self._decode_and_normalise(upload))
        return seen

    def _read_if_tiny(self, upload: bytes) -> Normalised | None:
        """The digit, if that takes microseconds: to find ink in a picture takes milliseconds."""
        pixels = peek_pixels(upload)
        if pixels is None or pixels > INLINE_PIXELS:
            return None
        started = time.perf_counter()
        grey = decode(upload, max_pixels=self._limits.max_pixels)
        if not is_framed(grey) and not is_framed(~grey):
            return None
        return self._normalise(grey, started)

    def _read_or_error(self, upload: bytes) -> Normalised | ServiceError:
        try:
            return self._decode_and_normalise(upload)
        except ServiceError as error:
            return error

    def _decode_row(self, upload: bytes) -> tuple[Picture, list[Reading]]:
        started = time.perf_counter()
        picture = decode_picture(upload, max_pixels=self._limits.max_pixels)
        decoded = time.perf_counter()
        readings = normalise_row(picture.grey)
        self._note(decoded - started, time.perf_counter() - decoded)
        return picture, readings

    def _decode_and_normalise(self, upload: bytes) -> Normalised:
        started = time.perf_counter()
        return self._normalise(decode(upload, max_pixels=self._limits.max_pixels), started)

    def _normalise(self, grey: NDArray[np.uint8], started: float) -> Normalised:
        decoded = time.perf_counter()
        seen = normalise(grey)
        self._note(decoded - started, time.perf_counter() - decoded)
        return seen

    def _note(self, decode_seconds: float, normalise_seconds: float) -> None:
        self._metrics.decode_seconds.observe(decode_seconds)
        self._metrics.normalise_seconds.observe(normalise_seconds)
        timing.add("decode", decode_seconds)
        timing.add("normalise", normalise_seconds)

    async def _predict(self, seen: Sequence[Normalised], deadline: float) -> list[Prediction]:
        """Predictions of what each upload shows, with what was noticed of it."""
        inferred = await self._infer(np.stack([each.digit for each in seen]), deadline)
        predictions = [
            _warn(prediction, each.warnings) if each.warnings else prediction
            for prediction, each in zip(inferred, seen, strict=True)
        ]
        self._count(predictions)
        return predictions

    async def _infer(self, digits: NDArray[np.uint8], deadline: float) -> list[Prediction]:
        outcome = await self._batcher.submit(digits, deadline=deadline)
        self._metrics.observe_wait(outcome.queue_seconds)
        timing.add("queue", outcome.queue_seconds)
        timing.add("inference", outcome.compute_seconds)
        return self._interpret(outcome)

    def _count(self, predictions: Sequence[Prediction]) -> None:
        for prediction in predictions:
            self._metrics.observe_prediction(
                prediction.digit, prediction.confidence, prediction.reason or "accepted"
            )

    def _interpret(self, outcome: Outcome) -> list[Prediction]:
        logits = outcome.results
        probabilities = softmax(logits)
        digits = probabilities.argmax(axis=1).tolist()
        energies = energy(logits).tolist()
        # Six decimals are finer than the int8 engine tells apart, and half the bytes.
        rows = np.round(probabilities.astype(np.float64), 6).tolist()
        return [
            self._judge(digit, row, score)
            for digit, row, score in zip(digits, rows, energies, strict=True)
        ]

    def _judge(self, digit: int, probabilities: list[float], score: float) -> Prediction:
        confidence = probabilities[digit]
        reason: Reason | None = None
        if score < self.model.thresholds.min_energy:
            reason = "not_a_digit"
        elif confidence < self.model.thresholds.min_confidence:
            reason = "unsure"
        return Prediction(digit, confidence, probabilities, reason is None, reason)


def _warn(prediction: Prediction, warnings: tuple[str, ...]) -> Prediction:
    """A prediction with its upload's warnings; several digits are not accepted as one."""
    if "several_digits" in warnings:
        return replace(prediction, accepted=False, reason="several_digits", warnings=warnings)
    return replace(prediction, warnings=warnings)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities [n, 10] of logits [n, 10]."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = weights / weights.sum(axis=1, keepdims=True)
    return probabilities


def energy(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log of the summed exponentials [n] of logits [n, 10]."""
    peak = logits.max(axis=1)
    score: NDArray[np.float32] = peak + np.log(np.exp(logits - peak[:, None]).sum(axis=1))
    return score
