"""How much is taken in at once, how slowly it may come, and how long an answer may take."""

import asyncio
import math
import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.deadlines import deadline
from app.errors import DeadlineExceeded, MalformedHeader, Overloaded, SlowRequest
from app.guards import is_metrics, is_probe

TIMEOUT_HEADER = b"x-request-timeout"

SMOOTHING = 0.1
"""Weight of the newest request in the running mean of seconds an answer."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Beyond which a request is refused.

    Attributes:
        requests: that came whole and are not answered yet.
        buffered_bytes: of the bodies of all requests.
        body_seconds: for a body to come. What comes of it adds a second for every
            `body_bytes_per_second`, but never more than lie ahead at first: a fast start does not
            pay for a pause.
        body_bytes_per_second: that a slow body must keep up.
        answer_seconds: from the last byte of a request to its answer.
    """

    requests: int
    buffered_bytes: int
    body_seconds: float
    body_bytes_per_second: int
    answer_seconds: float

    def prolong(self, until: float, size: int, now: float) -> float:
        """When a body must have gone on, or be whole, now that so much of it has come."""
        return min(until + size / self.body_bytes_per_second, now + self.body_seconds)


class Places:
    """How many requests and bytes are here; all of one process, and its event loop's own."""

    def __init__(self, bounds: Bounds) -> None:
        """Start with none."""
        self.bounds = bounds
        self._requests = 0
        self._coming = 0
        self._bytes = 0
        self._bodies: set[_Visit] = set()
        self._mean_seconds = 0.0

    @property
    def are_taken(self) -> bool:
        """Whether there are as many requests as can be."""
        return self._requests >= self.bounds.requests

    def expect(self) -> bool:
        """Whether a request whose headers are here may come on.

        Those that may in the same turn of the event loop take their places at its end at the
        earliest: until then they are counted here, so that no more are begun than have a place.
        """
        if self._requests + self._coming >= self.bounds.requests:
            return False
        if not self._coming:
            asyncio.get_running_loop().call_soon(self._forget_coming)
        self._coming += 1
        return True

    def refusal(self) -> Overloaded:
        """What a request is told for which there is none."""
        # All who are here are answered in about the time that one takes; whole seconds, so that
        # what is told many callers is the same.
        return Overloaded(
            f"{self.bounds.requests} requests are being answered already.",
            retry_after_seconds=math.ceil(self._mean_seconds),
        )

    def take(self) -> float:
        """Count one more request that came whole; gives the time.

        Raises:
            Overloaded: there are as many as can be.
        """
        if self.are_taken:
            raise self.refusal()
        self._requests += 1
        return time.monotonic()

    def give_back(self, since: float) -> None:
        """Count one less, and learn how long it took."""
        self._requests -= 1
        self._mean_seconds += SMOOTHING * (time.monotonic() - since - self._mean_seconds)

    def hold(self, size: int, *, of: "_Visit") -> None:
        """Count bytes in memory; where there is no room, the largest body on its way makes it.

        Raises:
            Overloaded: none that is larger is on its way.
        """
        while self._bytes + size > self.bounds.buffered_bytes:
            largest = max(self._bodies, key=lambda each: each.size, default=of)
            if largest.size <= of.size + size:
                raise self.no_room()
            largest.make_room()
        self._bytes += size

    def no_room(self) -> Overloaded:
        """What a request is told whose body there is no room for."""
        return Overloaded(
            "Too many bytes are on their way.", retry_after_seconds=self._mean_seconds
        )

    def let_go(self, size: int) -> None:
        """Count bytes that are in memory no more."""
        self._bytes -= size

    def expect_more(self, visit: "_Visit") -> None:
        """Know a body that is on its way."""
        self._bodies.add(visit)

    def expect_no_more(self, visit: "_Visit") -> None:
        """Know it no more: it is whole, or will never be."""
        self._bodies.discard(visit)

    def _forget_coming(self) -> None:
        self._coming = 0


class Admission:
    """Refuses what is too much, too slow or too late; health and metrics pass.

    A request counts once it came whole: slow senders take no place from those who are ready.
    """

    def __init__(self, app: ASGIApp, places: Places) -> None:
        """Wrap an application."""
        self._app = app
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or raise why not."""
        if scope["type"] != "http" or is_probe(scope["path"]) or is_metrics(scope["path"]):
            await self._app(scope, receive, send)
            return
        if self._places.are_taken:
            raise self._places.refusal()
        has_body, expires = _read_headers(scope)
        visit = _Visit(self._places, receive, expires)
        token = deadline.set(math.inf)
        try:
            async with visit.timeout:
                if has_body:
                    visit.rearm()
                else:
                    visit.take_place()
                await self._app(scope, visit.receive, send)
        except TimeoutError:
            if not visit.timeout.expired():
                raise
            raise visit.reproach() from None
        finally:
            deadline.reset(token)
            visit.leave()


class _Visit:
    """One request on its way through; its size is that of what has come of its body."""

    def __init__(self, places: Places, receive: Receive, expires: float) -> None:
        self.timeout = asyncio.timeout(None)
        self._places = places
        self._receive = receive
        self._expires = expires
        self._body_until = time.monotonic() + places.bounds.body_seconds
        self.size = 0
        self._place_since: float | None = None
        self._is_slow = False
        self._has_made_room = False
        self._is_over = False
        self._due = math.inf
        self._alarm: asyncio.TimerHandle | None = None

    def take_place(self) -> None:
        self._places.expect_no_more(self)
        self._place_since = self._places.take()
        self.rearm()

    def make_room(self) -> None:
        """Give back the bytes at once, and the request as soon as it can be told."""
        self._places.let_go(self.size)
        self.size = 0
        self._has_made_room = True
        self._end()

    def leave(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._places.expect_no_more(self)
        self._places.let_go(self.size)
        if self._place_since is not None:
            self._places.give_back(self._place_since)

    def rearm(self) -> None:
        """The server's time to answer starts with the last byte, the caller's with the first.

        One timer for the body and the answer: there is time for both with every request.
        """
        now = time.monotonic()
        is_coming = self._place_since is None
        until = self._body_until if is_coming else now + self._places.bounds.answer_seconds
        due = min(self._expires, until)
        if not is_coming:
            deadline.set(due)
        self._is_slow = is_coming and due < self._expires
        is_earlier = due < self._due
        self._due = due
        # Later is what it mostly becomes: then the timer that there is looks again when it rings.
        if is_earlier:
            self._set_alarm(due - now)

    def _set_alarm(self, seconds: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        left = self._due - time.monotonic()
        if left > 0:
            self._set_alarm(left)
        else:
            self._end()

    def _end(self) -> None:
        self._is_over = True
        self._places.expect_no_more(self)
        self.timeout.reschedule(asyncio.get_running_loop().time())

    def reproach(self) -> Overloaded | SlowRequest | DeadlineExceeded:
        """What to say when the time is up."""
        if self._has_made_room:
            return self._places.no_room()
        if self._is_slow:
            return SlowRequest("The body came too slowly.")
        return DeadlineExceeded("The answer was not there in time.")

    async def receive(self) -> Message:
        if self._place_since is not None:
            # The body is here: what still comes is only that the caller has gone.
            return await self._receive()
        message = await self._receive()
        size = len(message.get("body", b""))
        self._places.hold(size, of=self)
        self.size += size
        if message["type"] == "http.request" and not message.get("more_body", False):
            self.take_place()
        else:
            bounds = self._places.bounds
            self._body_until = bounds.prolong(self._body_until, size, time.monotonic())
            if not self._is_over:  # it is only once that a request can be ended
                self._places.expect_more(self)
            self.rearm()
        return message


def _read_headers(scope: Scope) -> tuple[bool, float]:
    """Whether there is a body, and when the caller does not want the answer any more.

    Raises:
        MalformedHeader: it says so in a way that is no number of seconds.
    """
    has_body, expires = False, math.inf
    for name, value in scope["headers"]:
        if name == b"content-length":
            has_body = has_body or value.strip() != b"0"
        elif name == b"transfer-encoding":
            has_body = True
        elif name == TIMEOUT_HEADER and expires == math.inf:
            expires = time.monotonic() + _seconds(value)
    return has_body, expires


def _seconds(value: bytes) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise MalformedHeader("X-Request-Timeout is a number of seconds above 0.")
    return seconds
