"""A client of the service, for programs: typed answers, retries that heed `Retry-After`, batches.

One picture:

    with Client("http://127.0.0.1:8000") as digits:
        answer = digits.predict(Path("seven.png").read_bytes())
        print(answer.digit, answer.confidence, answer.accepted)

Many, in as few requests as the service takes; a bad one is a `Problem` in its place:

    with Client(url) as digits:
        for path, answer in zip(paths, digits.predict_many([p.read_bytes() for p in paths])):
            print(path, answer.detail if isinstance(answer, Problem) else answer.digit)

Without blocking an event loop:

    async with AsyncClient(url) as digits:
        answers = await asyncio.gather(*(digits.predict(each) for each in images))
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Self

import httpx
from pydantic import ValidationError

from app.schemas import BatchAnswer, BatchItemError, NumberAnswer, PredictionAnswer, Problem

Answer = PredictionAnswer | Problem

BATCH_FILES = 64
BATCH_BYTES = 32 << 20
"""Of one request: as many as one run of the engine takes, half of the bytes a service takes."""

PASSING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
LONGEST_WAIT_SECONDS = 10.0


class Refused(Exception):
    """The service answered, and it was no.

    Attributes:
        problem: what it said.
    """

    def __init__(self, problem: Problem) -> None:
        """Keep what it said."""
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem


class Unreachable(Exception):
    """The service did not answer, or not in time, as often as it was asked."""


class Client:
    """Asks, and waits for the answer."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = 30.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: of the service, such as `http://127.0.0.1:8000`.
            timeout_seconds: of each try.
            retries: how often to ask again after what may pass: no connection, 429, 502, 503, 504.
            transport: for tests.
        """
        self._http = httpx.Client(base_url=url, timeout=timeout_seconds, transport=transport)
        self._retries = retries

    def __enter__(self) -> Self:
        """Use it, and close it after."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def predict(self, image: bytes) -> PredictionAnswer:
        """Read one picture.

        Raises:
            Refused: it cannot be read, or not by this service.
            Unreachable: there is no service.
        """
        return PredictionAnswer.model_validate_json(self._post("/predict", [("file", image)]))

    def read(self, image: bytes) -> NumberAnswer:
        """Read a number of several digits.

        Raises:
            Refused: it cannot be read, or not by this service.
            Unreachable: there is no service.
        """
        return NumberAnswer.model_validate_json(self._post("/read", [("file", image)]))

    def predict_many(self, images: Sequence[bytes]) -> list[Answer]:
        """Read many pictures, answered in their order; a bad one is a `Problem` in its place.

        Raises:
            Refused: a whole request was refused.
            Unreachable: there is no service.
        """
        return [
            answer
            for batch in _split(images)
            for answer in _join(self._post("/predict/batch", [("files", each) for each in batch]))
        ]

    def _post(self, path: str, files: list[tuple[str, bytes]]) -> bytes:
        form = [(field, ("image", content)) for field, content in files]
        for attempt in range(self._retries + 1):
            try:
                response = self._http.post(path, files=form)
            except httpx.TransportError as error:
                pause = _pause_after(error, attempt, self._retries)
            else:
                if not _is_passing(response, attempt, self._retries):
                    return _content(response)
                pause = _pause_before(response, attempt)
            time.sleep(pause)
        raise AssertionError  # the last attempt answers or raises


class AsyncClient:
    """The same for an event loop."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = 30.0,
        retries: int = 3,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Connect to nothing yet; see `Client`."""
        self._http = httpx.AsyncClient(base_url=url, timeout=timeout_seconds, transport=transport)
        self._retries = retries

    async def __aenter__(self) -> Self:
        """Use it, and close it after."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def predict(self, image: bytes) -> PredictionAnswer:
        """Read one picture; see `Client.predict`."""
        return PredictionAnswer.model_validate_json(await self._post("/predict", [("file", image)]))

    async def read(self, image: bytes) -> NumberAnswer:
        """Read a number of several digits; see `Client.read`."""
        return NumberAnswer.model_validate_json(await self._post("/read", [("file", image)]))

    async def predict_many(self, images: Sequence[bytes]) -> list[Answer]:
        """Read many pictures; see `Client.predict_many`."""
        return [
            answer
            for batch in _split(images)
            for answer in _join(
                await self._post("/predict/batch", [("files", each) for each in batch])
            )
        ]

    async def _post(self, path: str, files: list[tuple[str, bytes]]) -> bytes:
        form = [(field, ("image", content)) for field, content in files]
        for attempt in range(self._retries + 1):
            try:
                response = await self._http.post(path, files=form)
            except httpx.TransportError as error:
                pause = _pause_after(error, attempt, self._retries)
            else:
                if not _is_passing(response, attempt, self._retries):
                    return _content(response)
                pause = _pause_before(response, attempt)
            await asyncio.sleep(pause)
        raise AssertionError  # the last attempt answers or raises


def _split(images: Sequence[bytes]) -> Iterator[list[bytes]]:
    """As many as fit into one request, in their order."""
    batch: list[bytes] = []
    size = 0
    for image in images:
        if batch and (len(batch) == BATCH_FILES or size + len(image) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(image)
        size += len(image)
    if batch:
        yield batch


def _join(content: bytes) -> list[Answer]:
    predictions = BatchAnswer.model_validate_json(content).predictions
    return [each.error if isinstance(each, BatchItemError) else each for each in predictions]


def _is_passing(response: httpx.Response, attempt: int, retries: int) -> bool:
    return response.status_code in PASSING and attempt < retries


def _pause_before(response: httpx.Response, attempt: int) -> float:
    """As long as the service says, else longer each time; never for ever."""
    asked = response.headers.get("retry-after", "")
    seconds = float(asked) if asked.isdecimal() else 0.25 * 2**attempt
    return min(seconds, LONGEST_WAIT_SECONDS)


def _pause_after(error: httpx.TransportError, attempt: int, retries: int) -> float:
    if attempt == retries:
        raise Unreachable(f"The service does not answer: {error!r}.") from error
    return min(0.25 * 2.0**attempt, LONGEST_WAIT_SECONDS)


def _content(response: httpx.Response) -> bytes:
    if response.is_success:
        return response.content
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        status = response.status_code
        problem = Problem(
            type="about:blank",
            title=response.reason_phrase,
            status=status,
            detail="What answers there is not this service.",
            code="not_understood",
        )
    raise Refused(problem)
