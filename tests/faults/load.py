"""Callers: each asks for a digit, checks the answer, and asks again, until told to stop."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import numpy as np

from tests.pictures import encode

ANSWER_SECONDS = 60
"""An answer that takes longer counts as lost."""


@dataclass(frozen=True, slots=True)
class Golden:
    """Uploads and what they are."""

    uploads: list[bytes]
    digits: list[int]

    @classmethod
    def of(cls, arrays: dict[str, Any]) -> "Golden":
        """Of the arrays in a version folder."""
        digits = arrays["probabilities"].argmax(axis=1).tolist()
        return cls([encode(image) for image in arrays["images"]], digits)


@dataclass(slots=True)
class Answer:
    """One answer over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Tally:
    """What became of every request.

    Attributes:
        outcomes: right, wrong, a status other than 200, `reset` once it was sent, or `refused`
            where no connection could be made.
        seconds: when each right answer was there, and how long it took.
        versions: that answered.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: list[tuple[float, float]] = field(default_factory=list)
    versions: Counter[str] = field(default_factory=Counter)

    def p99(self, since: float = 0.0, until: float = float("inf")) -> float:
        """Of the right answers in a span of time, in seconds."""
        return float(np.percentile([s for at, s in self.seconds if since <= at < until], 99))

    def __str__(self) -> str:
        """The figure."""
        return ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(self.outcomes.items()))


class Connection:
    """A connection that is kept open as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        """Of a port of this machine."""
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: bytes, **headers: str) -> Answer:
        """Send an image.

        Raises:
            ConnectionRefusedError: nobody listens.
            ConnectionError: the connection broke, before or after the request was sent.
        """
        lines = [f"POST {path} HTTP/1.1", "Host: test", "Content-Type: image/png"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines.append(f"Content-Length: {len(body)}")
        if self._writer is None or self._reader is None or self._reader.at_eof():
            self.close()
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            answer = await read_answer(self._reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            raise ConnectionError from error
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Let go of it."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The next answer on a connection.

    Raises:
        IncompleteReadError: the connection ended before it.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(head[0].split()[1]), headers, body)


@asynccontextmanager
async def callers(
    count: int, choose_port: Callable[[], int | None], golden: Golden
) -> AsyncIterator[Tally]:
    """Callers for as long as the block lasts; when it ends, each still gets its last answer.

    Args:
        count: of callers, each with one connection.
        choose_port: of a server, for each request; None while there is none to be asked.
        golden: what they send.
    """
    tally, is_over = Tally(), asyncio.Event()
    tasks = [
        asyncio.create_task(_call(choose_port, golden, place, tally, is_over))
        for place in range(count)
    ]
    try:
        yield tally
    finally:
        is_over.set()
        await asyncio.gather(*tasks)


async def _call(
    choose_port: Callable[[], int | None],
    golden: Golden,
    place: int,
    tally: Tally,
    is_over: asyncio.Event,
) -> None:
    connections: dict[int, Connection] = {}
    digits = cycle(zip(golden.uploads, golden.digits, strict=True))
    for _ in range(place):  # not all the same digit at once
        next(digits)
    while not is_over.is_set():
        port = choose_port()
        if port is None:
            await asyncio.sleep(0.01)
            continue
        upload, digit = next(digits)
        connection = connections.setdefault(port, Connection(port))
        tally.outcomes[await _ask(connection, upload, digit, tally)] += 1
    for connection in connections.values():
        connection.close()


async def _ask(connection: Connection, upload: bytes, digit: int, tally: Tally) -> str:
    started = time.monotonic()
    try:
        answer = await asyncio.wait_for(connection.post("/predict", upload), ANSWER_SECONDS)
    except ConnectionRefusedError:
        await asyncio.sleep(0.02)
        return "refused"
    except ConnectionError:
        return "reset"
    except TimeoutError:
        connection.close()
        return "unanswered"
    if answer.status == 503:
        await asyncio.sleep(float(answer.headers["retry-after"]))
    if answer.status != 200:
        return str(answer.status)
    content = json.loads(answer.body)
    tally.versions[content["model"]["version"]] += 1
    if content["digit"] != digit:
        return "wrong"
    now = time.monotonic()
    tally.seconds.append((now, now - started))
    return "right"
