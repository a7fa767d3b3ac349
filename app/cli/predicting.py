"""Read many pictures with the model here or on a server, and write what they are."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from prometheus_client import CollectorRegistry

from app.classifier import Classifier
from app.cli.progress import make_progress
from app.cli.sources import Source
from app.cli.writing import Entry, make_writer
from app.client import Answer
from app.errors import ServiceError
from app.lifecycle import Lifecycle
from app.metrics import Metrics
from app.predictions import Prediction
from app.problems import describe
from app.schemas import ModelReference, PredictionAnswer, Problem
from app.settings import Settings

PIECE = 64
"""Pictures that are read together: what one run of the engine takes."""

PIECES_UNDER_WAY = 3
"""While one is in the engine the next is decoded and the one after it is read from the disk."""

PATIENCE_SECONDS = 3600.0
"""Nobody waits at the other end of a queue: what takes long takes long."""

Reader = Callable[[Sequence[bytes]], Awaitable[list[Answer]]]


class NoReader(Exception):
    """There is no model and no server to read with."""


def run(sources: list[Source], form: str, url: str | None, models_dir: Path, engine: str) -> bool:
    """Read all sources and write what they are to standard output.

    Args:
        sources: what to read.
        form: text, json or csv.
        url: of a server; None reads here.
        models_dir: holds `alexnet/<version>/`.
        engine: auto, litert or tensorflow.

    Returns:
        Whether every one could be read.

    Raises:
        NoReader: there is nothing to read with.
    """
    opened = _open_remote(url) if url is not None else _open_local(models_dir, engine)
    return asyncio.run(_write_all(sources, form, opened))


async def _write_all(
    sources: list[Source], form: str, opened: AbstractAsyncContextManager[Reader]
) -> bool:
    writer = make_writer(form)
    async with opened as read:
        with make_progress(len(sources)) as advance:
            async for source, answer in _read_in_order(sources, read):
                writer.write(Entry(source.name, answer))
                advance()
    return writer.is_complete


async def _read_in_order(
    sources: list[Source], read: Reader
) -> AsyncIterator[tuple[Source, Answer]]:
    """Some pieces at a time, answered in the order of the sources."""
    under_way: deque[tuple[list[Source], asyncio.Task[list[Answer]]]] = deque()
    for start in range(0, len(sources), PIECE):
        piece = sources[start : start + PIECE]
        under_way.append((piece, asyncio.create_task(_read_piece(piece, read))))
        if len(under_way) == PIECES_UNDER_WAY:
            done, task = under_way.popleft()
            for pair in zip(done, await task, strict=True):
                yield pair
    for done, task in under_way:
        for pair in zip(done, await task, strict=True):
            yield pair


async def _read_piece(piece: list[Source], read: Reader) -> list[Answer]:
    found = await asyncio.to_thread(lambda: [_load(source) for source in piece])
    uploads = [each for each in found if isinstance(each, bytes)]
    answers = iter(await read(uploads) if uploads else [])
    return [next(answers) if isinstance(each, bytes) else each for each in found]


def _load(source: Source) -> bytes | Problem:
    try:
        return source.read()
    except OSError as error:
        detail = error.strerror or "It cannot be read."
        return Problem(
            type="about:blank",
            title="Unreadable file",
            status=0,
            detail=detail,
            code="unreadable_file",
        )


@contextlib.asynccontextmanager
async def _open_local(models_dir: Path, engine: str) -> AsyncIterator[Reader]:
    """The same classifier as the service's, in this process."""
    settings = Settings.model_validate(
        {
            "models_dir": models_dir,
            "engine": engine,
            "request_timeout_seconds": PATIENCE_SECONDS,
        }
    )
    lifecycle = Lifecycle(settings, Metrics(CollectorRegistry()))
    lifecycle.start()
    await lifecycle.wait_until_loaded()
    if lifecycle.failure is not None:
        raise NoReader(f"No model can be loaded from {models_dir}: {lifecycle.failure}")
    classifier = lifecycle.classifier
    try:
        yield lambda uploads: _classify(classifier, uploads)
    finally:
        await lifecycle.stop()


async def _classify(classifier: Classifier, uploads: Sequence[bytes]) -> list[Answer]:
    model = ModelReference(name=classifier.model.name, version=classifier.model.version)
    return [_tell(each, model) for each in await classifier.classify_many(uploads)]


def _tell(found: Prediction | ServiceError, model: ModelReference) -> Answer:
    if isinstance(found, ServiceError):
        return Problem(**describe(found))
    return PredictionAnswer(
        digit=found.digit,
        confidence=found.confidence,
        probabilities=found.probabilities,
        accepted=found.accepted,
        reason=found.reason,
        warnings=list(found.warnings),
        model=model,
    )


@contextlib.asynccontextmanager
async def _open_remote(url: str) -> AsyncIterator[Reader]:
    from app.client import AsyncClient, Refused, Unreachable  # noqa: PLC0415 # only with --url

    try:
        async with AsyncClient(url) as client:
            yield client.predict_many
    except Unreachable as error:
        raise NoReader(f"{url} does not answer.") from error
    except Refused as error:
        raise NoReader(f"{url} refuses: {error}") from error
