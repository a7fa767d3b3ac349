"""Read many pictures with the model here or on a server, and write what they show."""

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from io import TextIOWrapper
from pathlib import Path

from app import logs
from app.cli.local import Local
from app.cli.progress import make_progress
from app.cli.sources import Source
from app.cli.writing import Entry, Found, Writer, make_writer
from app.errors import UnreadableFile, explain
from app.offline import NoModel, open_classifier
from app.problems import describe
from app.schemas import Problem

PIECE = 64
"""Pictures that are read together: enough for a few runs of the engine, which takes 16."""

PIECES_UNDER_WAY = 3
"""While one is in the engine the next is decoded and the one after it is read from the disk."""

Reader = Callable[[Sequence[bytes]], Awaitable[Sequence[Found]]]


class NoWriter(Exception):
    """What was read cannot be written down."""


class NoReader(Exception):
    """There is no model and no server to read with."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of the sources.

    Attributes:
        is_number: whether each shows a number, or one digit.
        form: text, json or csv.
        url: of a server; None reads here.
        key: for that server; None sends none.
        models_dir: holds `alexnet/<version>/`.
        engine: auto, litert or tensorflow.
    """

    is_number: bool
    form: str
    url: str | None
    key: str | None
    models_dir: Path
    engine: str


def run(sources: list[Source], wish: Wish) -> bool:
    """Read all sources and write what they show to standard output.

    Returns:
        Whether every one could be read.

    Raises:
        NoReader: there is nothing to read with.
        NoWriter: standard output takes no more.
        SettingWrong: a setting of the environment is none.
    """
    logs.configure_for_people()
    if isinstance(sys.stdout, TextIOWrapper):
        # A file's name is bytes: what is no text goes out as it came in.
        sys.stdout.reconfigure(errors="surrogateescape")
    opened = _open_local(wish) if wish.url is None else _open_remote(wish.url, wish)
    return asyncio.run(_write_all(sources, make_writer(wish.form, wish.is_number), opened))


async def _write_all(
    sources: list[Source], writer: Writer, opened: AbstractAsyncContextManager[Reader]
) -> bool:
    async with opened as read:
        with make_progress(len(sources)) as advance:
            async for source, answer in _read_in_order(sources, read):
                with _writing():
                    writer.write(Entry(source.name, answer))
                advance()
    with _writing():
        sys.stdout.flush()
    return writer.is_complete


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # who reads has had enough
    except OSError as error:
        sys.stdout = None  # else Python would try again as it ends
        raise NoWriter(f"The answers cannot be written: {error.strerror}.") from error


async def _read_in_order(
    sources: list[Source], read: Reader
) -> AsyncIterator[tuple[Source, Found]]:
    """Some pieces at a time, answered in the order of the sources."""
    under_way: deque[tuple[list[Source], asyncio.Task[list[Found]]]] = deque()
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


async def _read_piece(piece: list[Source], read: Reader) -> list[Found]:
    found = await asyncio.to_thread(lambda: [_load(source) for source in piece])
    uploads = [each for each in found if isinstance(each, bytes)]
    answers = iter(await read(uploads) if uploads else [])
    return [next(answers) if isinstance(each, bytes) else each for each in found]


def _load(source: Source) -> bytes | Problem:
    try:
        return source.read()
    except OSError as error:
        return Problem(**describe(UnreadableFile(explain(error))))


@contextlib.asynccontextmanager
async def _open_local(wish: Wish) -> AsyncIterator[Reader]:
    """The same classifier as the service's, in this process."""
    try:
        async with open_classifier(models_dir=wish.models_dir, engine=wish.engine) as classifier:
            local = Local(classifier)
            yield local.read_many if wish.is_number else local.predict_many
    except NoModel as error:
        raise NoReader(str(error)) from error


@contextlib.asynccontextmanager
async def _open_remote(url: str, wish: Wish) -> AsyncIterator[Reader]:
    from app import client as service  # noqa: PLC0415 # only with --url

    async def read_many(uploads: Sequence[bytes]) -> list[Found]:
        return [await read(upload) for upload in uploads]

    async def read(upload: bytes) -> Found:
        try:
            return await client.read(upload)
        except service.Refused as error:
            if _is_of_all(error.problem):
                raise
            return error.problem

    try:
        async with service.AsyncClient(url, key=wish.key) as client:
            yield read_many if wish.is_number else client.predict_many
    except service.Unreachable as error:
        raise NoReader(f"{url}: {error}") from error
    except service.Refused as error:
        raise NoReader(f"{url} refuses: {error}") from error


def _is_of_all(problem: Problem) -> bool:
    """Whether the next picture would be refused as well; what is too large is one picture."""
    if problem.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return False
    return problem.code in {"unauthorised", "not_understood"}
