"""What is too much, too slow or too late is refused, whatever route it was meant for."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.deadlines import deadline
from app.errors import DeadlineExceeded, MalformedHeader, Overloaded, SlowRequest
from app.guards.admission import Admission, Bounds, Places

pytestmark = pytest.mark.anyio

BOUNDS = Bounds(
    requests=2,
    buffered_bytes=100,
    body_seconds=30,
    body_bytes_per_second=1000,
    answer_seconds=30,
)


def guard(route: ASGIApp, **bounds: float) -> Admission:
    """A route behind the guard, with some of its bounds otherwise."""
    return Admission(route, Places(replace(BOUNDS, **bounds)))


def make_scope(path: str = "/predict", **headers: str) -> Scope:
    """A request with a body."""
    pairs = {"content-length": "10", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
    }


@dataclass
class Caller:
    """Sends chunks, the last of which may never come."""

    chunks: list[bytes] = field(default_factory=lambda: [b"0123456789"])
    is_complete: bool = True

    async def receive(self) -> Message:
        """The next message."""
        if not self.chunks:
            await asyncio.Event().wait()
        body = self.chunks.pop(0)
        return {
            "type": "http.request",
            "body": body,
            "more_body": bool(self.chunks) or not self.is_complete,
        }


async def send(_message: Message) -> None:
    """Take an answer."""


async def read(receive: Receive) -> int:
    """The size of a body."""
    size = 0
    while True:
        message = await receive()
        size += len(message["body"])
        if not message["more_body"]:
            return size


@dataclass
class Route:
    """Reads the body, then waits to be let on."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0
    sizes: list[int] = field(default_factory=list)
    deadlines: list[float] = field(default_factory=list)

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        """Answer one request."""
        self.sizes.append(await read(receive))
        self.deadlines.append(deadline.get())
        self.inside += 1
        await self.gate.wait()
        self.inside -= 1


async def until(is_true: Callable[[], bool]) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(30):
        while not is_true():  # noqa: ASYNC110 # what is waited for says nothing of itself
            await asyncio.sleep(0)


def ask(
    admission: Admission, caller: Caller | None = None, scope: Scope | None = None
) -> asyncio.Task[None]:
    """Begin a request."""
    work: Awaitable[None] = admission(scope or make_scope(), (caller or Caller()).receive, send)
    return asyncio.ensure_future(work)  # type: ignore[return-value] # it is a coroutine


async def test_more_requests_than_allowed_are_refused_at_once() -> None:
    """The refusal says when to come back; a place that was given back is taken again."""
    route = Route()
    admission = guard(route)
    first, second = ask(admission), ask(admission)
    await until(lambda: route.inside == 2)
    with pytest.raises(Overloaded) as refusal:
        await ask(admission)
    route.gate.set()
    await asyncio.gather(first, second)
    await ask(admission)

    assert refusal.value.retry_after_seconds is not None
    assert len(route.sizes) == 3


async def test_retry_after_is_what_an_answer_takes() -> None:
    """After slow answers it is longer than after none."""
    places = Places(replace(BOUNDS, requests=1))
    since = places.take()
    places.give_back(since - 100)
    places.take()
    with pytest.raises(Overloaded) as refusal:
        await ask(Admission(Route(), places))

    assert refusal.value.retry_after_seconds == pytest.approx(10, abs=1)


@pytest.mark.parametrize("chunks", [[], [b"12345"]], ids=["nothing", "half"])
async def test_body_that_stalls_is_its_senders_fault(chunks: list[bytes]) -> None:
    """However much of it came before: 408, and not that the answer took too long."""
    admission = guard(Route(), body_seconds=0.01, answer_seconds=0.005)

    with pytest.raises(SlowRequest):
        await ask(admission, Caller(list(chunks), is_complete=False))


async def test_slow_senders_take_no_place() -> None:
    """Whoever is not ready yet keeps nobody out who is."""
    route = Route()
    admission = guard(route)
    slow = [ask(admission, Caller([b"x"], is_complete=False)) for _ in range(10)]
    await asyncio.sleep(0)
    quick = ask(admission)
    await until(lambda: route.inside == 1)
    route.gate.set()
    await quick
    for each in slow:
        each.cancel()
    await asyncio.gather(*slow, return_exceptions=True)

    assert route.sizes == [10]


async def test_bytes_of_all_together_are_bounded() -> None:
    """Who would exceed it and is the largest is refused; who has gone gives their room back."""
    route = Route()
    route.gate.set()
    admission = guard(route)
    slow = [ask(admission, Caller([b"x" * 45], is_complete=False)) for _ in range(2)]
    await until(lambda: all(not each.done() for each in slow))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await ask(admission, Caller([b"x" * 45]))
    for each in slow:
        each.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    await ask(admission, Caller([b"x" * 100]))

    assert route.sizes == [100]


async def test_largest_on_its_way_makes_room() -> None:
    """Bodies that do not end lock nobody out who sends less; what is whole stays."""
    route = Route()
    admission = guard(route, requests=3)
    whole = ask(admission, Caller([b"x" * 10]))
    await until(lambda: route.inside == 1)
    large, small = (ask(admission, Caller([b"x" * size], is_complete=False)) for size in (60, 30))
    await until(lambda: not large.done() and not small.done())
    await asyncio.sleep(0)
    quick = ask(admission, Caller([b"x" * 20]))
    with pytest.raises(Overloaded) as refusal:
        await large
    await until(lambda: route.inside == 2)
    route.gate.set()
    await asyncio.gather(whole, quick)

    assert refusal.value.retry_after_seconds is not None
    assert not small.done()
    assert route.sizes == [10, 20]
    small.cancel()
    await asyncio.gather(small, return_exceptions=True)
    await ask(admission, Caller([b"x" * 100]))


async def test_body_that_trickles_is_cut_off() -> None:
    """It is told so, and takes neither a place nor room any more."""
    route = Route()
    admission = guard(route, body_seconds=0.01)
    with pytest.raises(SlowRequest):
        await ask(admission, Caller([b"x"], is_complete=False))
    route.gate.set()
    await ask(admission)

    assert route.sizes == [10]


def test_body_that_keeps_up_may_take_its_time() -> None:
    """Bytes earn seconds: a large upload over a slow line is not cut off, only one that pauses."""
    until = 30.0  # of a body that began at 0
    for now in range(1, 100):
        until = BOUNDS.prolong(until, 1000, now)
        assert until == now + 30

    assert BOUNDS.prolong(130.0, 500, 110.0) == 130.5
    assert BOUNDS.prolong(130.0, 0, 110.0) == 130


async def test_fast_start_does_not_pay_for_a_pause() -> None:
    """Who sends a minute's worth of bytes and then nothing holds their room no longer than that."""
    admission = guard(Route(), body_seconds=0.01, body_bytes_per_second=1)
    with pytest.raises(SlowRequest):
        await ask(admission, Caller([b"x" * 60], is_complete=False))


async def test_time_to_answer_begins_when_all_is_here() -> None:
    """A pause in the body is none of the server's, however little time that takes for itself."""
    route = Route()
    admission = guard(route, answer_seconds=1e-3)

    class Pausing(Caller):
        async def receive(self) -> Message:
            if len(self.chunks) == 1:
                await asyncio.sleep(0.01)
            return await super().receive()

    with pytest.raises(DeadlineExceeded):
        await ask(admission, Pausing([b"x", b"y"]))

    assert route.sizes == [2]


async def test_answer_that_takes_too_long_is_given_up() -> None:
    """The route is cancelled, and its place is free."""
    route = Route()
    admission = guard(route, answer_seconds=0.01, requests=1)
    with pytest.raises(DeadlineExceeded):
        await ask(admission)
    with pytest.raises(DeadlineExceeded):
        await ask(admission)

    assert route.sizes == [10, 10]


async def test_callers_own_deadline_counts() -> None:
    """The shorter one does, and what computes the answer can read it."""
    route = Route()
    route.gate.set()
    admission = guard(route)
    await ask(admission)
    await ask(admission, scope=make_scope(x_request_timeout="2.5"))
    await ask(admission, scope=make_scope(x_request_timeout="1000"))
    usual, own, long = route.deadlines

    assert own < usual - 20
    assert long == pytest.approx(usual, abs=5)
    route.gate.clear()
    with pytest.raises(DeadlineExceeded):
        await ask(admission, scope=make_scope(x_request_timeout="0.001"))


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf", "1e999", ""])
async def test_timeout_that_is_no_number_is_told(value: str) -> None:
    """It is not taken for something else."""
    with pytest.raises(MalformedHeader):
        await ask(guard(Route()), scope=make_scope(x_request_timeout=value))


@pytest.mark.parametrize(
    "path", ["/health", "/health/ready", "/v2/health/live", "/metrics", "/metrics/"]
)
async def test_probes_pass_when_nothing_else_does(path: str) -> None:
    """Whoever restarts or scales the service must learn the truth under load."""
    route = Route()
    admission = guard(route, requests=1)
    busy = ask(admission)
    await until(lambda: route.inside == 1)
    route.gate.set()
    await ask(admission, scope=make_scope(path))
    await busy

    assert len(route.sizes) == 2


async def test_error_of_the_route_passes_through() -> None:
    """A timeout that is not ours is not taken for a deadline."""

    async def route(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise TimeoutError("of something else")

    with pytest.raises(TimeoutError, match="something else"):
        await ask(guard(route))


async def test_what_is_no_request_passes() -> None:
    """The lifespan is nobody's request."""
    seen: list[str] = []

    async def route(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    await guard(route)({"type": "lifespan"}, Caller().receive, send)

    assert seen == ["lifespan"]
