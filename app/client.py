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
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from app.schemas import BatchAnswer, BatchItemError, NumberAnswer, PredictionAnswer, Problem

Answer = PredictionAnswer | Problem
Understood = TypeVar("Understood", bound=BaseModel)
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)

BATCH_FILES = 64
BATCH_BYTES = 32 << 20
"""Of one request: enough for a few runs of the engine, half of the bytes a service takes."""

PORTS = range(1 << 16)
NOT_UNDERSTOOD = "not_understood"
"""The code of a refusal that this client makes of an answer that is none of the service's."""

PASSING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
BUSY_WAIT_SECONDS = 0.25
LOST_WAIT_SECONDS = 1.0
"""The first pauses, each twice as long as the one before: a service that is busy is soon free, one
that is started again takes seconds."""
LONGEST_WAIT_SECONDS = 10.0


class Refused(Exception):
    """The service answered, and it was no, or nothing that can be understood.

    Attributes:
        problem: what it said; its code is `not_understood` where that is no word of the service.
    """

    def __init__(self, problem: Problem) -> None:
        """Keep what it said."""
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem


class Unreachable(Exception):
    """The service cannot be asked, or did not answer in time, as often as it was asked."""


class Client:
    """Asks, and waits for the answer."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout_seconds: float = 30.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: of the service, such as `http://127.0.0.1:8000`.
            key: for a service that asks for one.
            timeout_seconds: of each try.
            retries: how often to ask again after what may pass: no connection, 429, 502, 503, 504.
            transport: for tests.

        Raises:
            Unreachable: the address or the key is none, or a proxy of the environment's is of no
                kind that can be used.
        """
        self._http = _connect(httpx.Client, url, key, timeout_seconds, transport)
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
        return _understand(self._post("/predict", [("file", image)]), PredictionAnswer)

    def read(self, image: bytes) -> NumberAnswer:
        """Read a number of several digits.

        Raises:
            Refused: it cannot be read, or not by this service.
            Unreachable: there is no service.
        """
        return _understand(self._post("/read", [("file", image)]), NumberAnswer)

    def predict_many(self, images: Sequence[bytes]) -> list[Answer]:
        """Read many pictures, answered in their order; a bad one is a `Problem` in its place.

        Raises:
            Refused: a whole request was refused, and not for its size.
            Unreachable: there is no service.
        """
        return [answer for batch in _split(images) for answer in self._predict_batch(batch)]

    def _predict_batch(self, batch: list[bytes]) -> list[Answer]:
        response = self._post("/predict/batch", [("files", each) for each in batch])
        if not _is_too_large(response, batch):
            return _join(response, len(batch))
        middle = len(batch) // 2
        return [*self._predict_batch(batch[:middle]), *self._predict_batch(batch[middle:])]

    def _post(self, path: str, files: list[tuple[str, bytes]]) -> httpx.Response:
        form = [(field, ("image", content)) for field, content in files]
        for attempt in range(self._retries + 1):
            try:
                response = self._http.post(path, files=form)
            except httpx.RequestError as error:
                pause = _pause_after(error, attempt, self._retries)
            else:
                if not _is_passing(response, attempt, self._retries):
                    return response
                pause = _pause_before(response, attempt)
            time.sleep(pause)
        raise AssertionError  # the last attempt answers or raises


class AsyncClient:
    """The same for an event loop."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout_seconds: float = 30.0,
        retries: int = 3,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Connect to nothing yet; see `Client`."""
        self._http = _connect(httpx.AsyncClient, url, key, timeout_seconds, transport)
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
        return _understand(await self._post("/predict", [("file", image)]), PredictionAnswer)

    async def read(self, image: bytes) -> NumberAnswer:
        """Read a number of several digits; see `Client.read`."""
        return _understand(await self._post("/read", [("file", image)]), NumberAnswer)

    async def predict_many(self, images: Sequence[bytes]) -> list[Answer]:
        """Read many pictures; see `Client.predict_many`."""
        return [answer for batch in _split(images) for answer in await self._predict_batch(batch)]

    async def _predict_batch(self, batch: list[bytes]) -> list[Answer]:
        response = await self._post("/predict/batch", [("files", each) for each in batch])
        if not _is_too_large(response, batch):
            return _join(response, len(batch))
        middle = len(batch) // 2
        return [
            *await self._predict_batch(batch[:middle]),
            *await self._predict_batch(batch[middle:]),
        ]

    async def _post(self, path: str, files: list[tuple[str, bytes]]) -> httpx.Response:
        form = [(field, ("image", content)) for field, content in files]
        for attempt in range(self._retries + 1):
            try:
                response = await self._http.post(path, files=form)
            except httpx.RequestError as error:
                pause = _pause_after(error, attempt, self._retries)
            else:
                if not _is_passing(response, attempt, self._retries):
                    return response
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


def _connect(
    make: Callable[..., Http],
    url: str,
    key: str | None,
    timeout_seconds: float,
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None,
) -> Http:
    """Make what asks; it connects to nothing yet."""
    address, headers = _parse(url), _present(key)
    try:
        return make(base_url=address, headers=headers, timeout=timeout_seconds, transport=transport)
    except (ImportError, ValueError) as error:
        raise Unreachable(f"The environment's proxy cannot be used: {error}") from error


def _parse(url: str) -> httpx.URL:
    """An address that can be asked: what is wrong with it would be told too late and in any way."""
    try:
        parsed = httpx.URL(url)
        parsed.raw_host.decode("ascii").encode("idna")  # as the resolver of names will do
    except (httpx.InvalidURL, UnicodeError) as error:
        raise Unreachable(f"This is no address of a service: {error}.") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise Unreachable("This is no address of a service: http://host:port is one.")
    if parsed.port is not None and parsed.port not in PORTS:
        raise Unreachable(f"This is no address of a service: {parsed.port} is no port.")
    return parsed


def _present(key: str | None) -> dict[str, str]:
    if key is None:
        return {}
    if not (key.isascii() and key.isprintable()):
        raise Unreachable("The key cannot be sent: it holds what is not printable ASCII.")
    return {"X-API-Key": key}


def _is_too_large(response: httpx.Response, batch: list[bytes]) -> bool:
    """Whether fewer pictures at once may do; of one alone the answer tells what is wrong."""
    return response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(batch) > 1


def _join(response: httpx.Response, count: int) -> list[Answer]:
    """An answer for each of so many pictures; one that is too large stands for itself."""
    try:
        predictions = _understand(response, BatchAnswer).predictions
    except Refused as error:
        if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return [error.problem]
        raise
    if len(predictions) != count:
        raise Refused(_describe_stranger(response.status_code))
    return [each.error if isinstance(each, BatchItemError) else each for each in predictions]


def _is_passing(response: httpx.Response, attempt: int, retries: int) -> bool:
    return response.status_code in PASSING and attempt < retries


def _pause_before(response: httpx.Response, attempt: int) -> float:
    """As long as the service says, else longer each time; never for ever."""
    asked = response.headers.get("retry-after", "")
    seconds = float(asked) if asked.isdecimal() else BUSY_WAIT_SECONDS * 2**attempt
    return min(seconds, LONGEST_WAIT_SECONDS)


def _pause_after(error: httpx.RequestError, attempt: int, retries: int) -> float:
    """Longer each time.

    Raises:
        Refused: what was answered is no answer.
        Unreachable: nothing was, as often as it was asked.
    """
    if isinstance(error, httpx.DecodingError):
        raise Refused(_describe_stranger()) from error
    if attempt == retries:
        raise Unreachable(f"The service does not answer: {error!r}.") from error
    return min(LOST_WAIT_SECONDS * 2.0**attempt, LONGEST_WAIT_SECONDS)


def _understand(response: httpx.Response, kind: type[Understood]) -> Understood:
    """What is answered, as the kind it must be; the only place where it is believed.

    Raises:
        Refused: it is no, or nothing that this service says.
    """
    try:
        if response.is_success:
            return kind.model_validate_json(response.content)
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        problem = _describe_stranger(response.status_code)
    raise Refused(problem)


def _describe_stranger(status: int = 0) -> Problem:
    """A problem for what is no answer; 0 where not even the status is known."""
    return Problem(
        type="about:blank",
        title="Not understood",
        status=status,
        detail="What answers there is not this service.",
        code=NOT_UNDERSTOOD,
    )
