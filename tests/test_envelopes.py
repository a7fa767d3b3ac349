"""An answer in one piece, however it is written."""

import asyncio

import pytest

from app.envelopes import MIN_TAKEN_BYTES, Envelope

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"

UNREAD_TIMEOUT_SECONDS = 0.01
PATIENCE_SECONDS = 30
"""Of a test, for what has to happen."""


class Wire(asyncio.Transport):
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        super().__init__({"peername": "someone"})
        self.said: list[bytes] = []
        self.waiting = 0
        self.is_cut = asyncio.Event()

    def write(self, data: bytes) -> None:  # type: ignore[override] # bytes are all that comes
        """Keep the bytes."""
        self.said.append(data)

    def write_eof(self) -> None:
        """Keep that nothing follows."""
        self.said.append(b"eof")

    def close(self) -> None:
        """Keep that it was closed."""
        self.said.append(b"close")

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return b"close" in self.said

    def get_write_buffer_size(self) -> int:
        """What the other end has not taken yet."""
        return self.waiting

    def abort(self) -> None:
        """Keep that it was cut."""
        self.is_cut.set()


@pytest.fixture
def wire() -> Wire:
    """What lies below."""
    return Wire()


@pytest.fixture
async def envelope(wire: Wire) -> Envelope:
    """Around it."""
    return Envelope(wire, asyncio.get_running_loop(), UNREAD_TIMEOUT_SECONDS)


async def test_head_and_body_leave_together(wire: Wire, envelope: Envelope) -> None:
    """And what follows them leaves as it comes."""
    envelope.write(HEAD)
    assert wire.said == []
    envelope.write(b"body")
    envelope.write(b"more")

    assert wire.said == [HEAD + b"body", b"more"]


async def test_a_head_waits_for_no_body_that_is_not_there(wire: Wire, envelope: Envelope) -> None:
    """After one turn of the loop it is sent, and only once."""
    envelope.write(HEAD)
    await asyncio.sleep(0)
    assert wire.said == [HEAD]
    envelope.write(b"late")
    await asyncio.sleep(0)

    assert wire.said == [HEAD, b"late"]


@pytest.mark.parametrize("end", ["close", "write_eof"])
async def test_nothing_is_lost_at_the_end(wire: Wire, envelope: Envelope, end: str) -> None:
    """A head without a body is sent before the end."""
    envelope.write(HEAD)
    getattr(envelope, end)()
    await asyncio.sleep(0)

    assert wire.said == [HEAD, end.removeprefix("write_").encode()]


async def test_all_else_is_the_transports(envelope: Envelope) -> None:
    """Such as who is at the other end."""
    assert envelope.get_extra_info("peername") == "someone"


@pytest.mark.parametrize("begin", ["watch", "close"])
async def test_who_takes_nothing_is_cut(wire: Wire, envelope: Envelope, begin: str) -> None:
    """Even after the end: a connection closes only once all was taken."""
    wire.waiting = 100
    getattr(envelope, begin)()

    await asyncio.wait_for(wire.is_cut.wait(), PATIENCE_SECONDS)


async def test_who_takes_some_time_and_again_is_not_cut(wire: Wire, envelope: Envelope) -> None:
    """As often as it is looked at; once he stops, he is."""
    looks = 5
    sizes = iter([MIN_TAKEN_BYTES * left for left in range(looks, 0, -1)])
    seen: list[int] = []

    def shrink() -> int:
        seen.append(next(sizes, MIN_TAKEN_BYTES))
        return seen[-1]

    wire.get_write_buffer_size = shrink  # type: ignore[method-assign]
    envelope.watch()
    await asyncio.wait_for(wire.is_cut.wait(), PATIENCE_SECONDS)

    assert len(seen) > looks


@pytest.mark.parametrize("stop", ["unwatch", "end"])
async def test_who_took_all_is_looked_at_no_more(wire: Wire, envelope: Envelope, stop: str) -> None:
    """Nor who is gone."""
    wire.waiting = 100
    envelope.watch()
    getattr(envelope, stop)()
    await asyncio.sleep(3 * UNREAD_TIMEOUT_SECONDS)

    assert not wire.is_cut.is_set()


async def test_nothing_is_written_to_who_is_gone(wire: Wire, envelope: Envelope) -> None:
    """The loop's transport would raise, and uvicorn goes on answering."""
    envelope.write(HEAD)
    envelope.end()
    envelope.write(b"body")
    envelope.write(HEAD)
    await asyncio.sleep(0)

    assert wire.said == []
