"""An answer in one piece, however it is written."""

import asyncio

import pytest

from app.envelopes import Envelope

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Wire(asyncio.Transport):
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        super().__init__({"peername": "someone"})
        self.said: list[bytes] = []

    def write(self, data: bytes) -> None:  # type: ignore[override] # bytes are all that comes
        """Keep the bytes."""
        self.said.append(data)

    def write_eof(self) -> None:
        """Keep that nothing follows."""
        self.said.append(b"eof")

    def close(self) -> None:
        """Keep that it was closed."""
        self.said.append(b"close")


@pytest.fixture
def wire() -> Wire:
    """What lies below."""
    return Wire()


@pytest.fixture
async def envelope(wire: Wire) -> Envelope:
    """Around it."""
    return Envelope(wire, asyncio.get_running_loop())


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
