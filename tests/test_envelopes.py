"""An answer in one piece, however it is written."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.envelopes import CLOSE, MIN_TAKEN_BYTES, Cycle, Envelope

pytestmark = pytest.mark.anyio

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
    envelope.write(b"head")
    envelope.end()
    envelope.write(b"body")

    assert wire.said == [b"head"]


DATE = (b"date", b"today")
HEAD = b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 4\r\n\r\n"
LENGTH = (b"content-length", b"4")


def begin_answer(wire: Wire, method: str = "GET", **attributes: object) -> Cycle:
    """The server's end of one request."""
    logger = logging.getLogger(__name__)
    made = RequestResponseCycle(
        scope={"type": "http", "method": method},  # type: ignore[typeddict-item] # all that is asked for
        transport=wire,
        flow=FlowControl(wire),
        logger=logger,
        access_logger=logger,
        access_log=False,
        default_headers=[DATE],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=True,
        on_response=lambda: wire.said.append(b"answered"),
    )
    made.__class__ = Cycle
    for name, value in attributes.items():
        setattr(made, name, value)
    return cast("Cycle", made)


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    """The message that an answer begins with."""
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(content: bytes, *, more_body: bool = False) -> dict[str, Any]:
    """The message that brings a body, or some of it."""
    return {"type": "http.response.body", "body": content, "more_body": more_body}


async def test_head_and_body_leave_together(wire: Wire) -> None:
    """Not before there is a body."""
    cycle = begin_answer(wire)
    await cycle.send(start(LENGTH))
    assert wire.said == []
    await cycle.send(body(b"four"))

    assert wire.said == [HEAD + b"four", b"answered"]
    assert cycle.response_complete
    assert await cycle.receive() == {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("keep_alive", "headers"), [(False, []), (True, [CLOSE]), (False, [CLOSE])]
)
async def test_the_last_answer_says_so(
    wire: Wire, *, keep_alive: bool, headers: list[tuple[bytes, bytes]]
) -> None:
    """Once, whoever wants the connection to end."""
    cycle = begin_answer(wire, keep_alive=keep_alive)
    await cycle.send(start(LENGTH, *headers))
    await cycle.send(body(b"four"))

    assert wire.said == [HEAD[:-2] + b"connection: close\r\n\r\nfour", b"close", b"answered"]


async def test_the_head_alone_is_sent_without_a_body(wire: Wire) -> None:
    """Though it tells the length of one."""
    cycle = begin_answer(wire, "HEAD")
    await cycle.send(start(LENGTH))
    await cycle.send(body(b""))

    assert wire.said == [HEAD, b"answered"]


async def test_who_is_gone_is_sent_nothing(wire: Wire) -> None:
    """And it is no error."""
    cycle = begin_answer(wire, disconnected=True)
    await cycle.send(start(LENGTH))
    await cycle.send(body(b"four"))

    assert wire.said == []


@pytest.mark.parametrize("content", [b"", b"fou", b"fours"])
async def test_a_body_of_another_length_is_refused(wire: Wire, content: bytes) -> None:
    """By uvicorn: the caller would take the rest for the next answer."""
    cycle = begin_answer(wire)
    await cycle.send(start(LENGTH))

    with pytest.raises(RuntimeError, match="than Content-Length"):
        await cycle.send(body(content))


@pytest.mark.parametrize("headers", [[], [LENGTH, (b"transfer-encoding", b"chunked")]])
async def test_what_has_no_length_is_sent_in_chunks(
    wire: Wire, headers: list[tuple[bytes, bytes]]
) -> None:
    """As HTTP has it."""
    cycle = begin_answer(wire)
    await cycle.send(start(*headers))
    await cycle.send(body(b"four"))

    head, *rest = wire.said
    assert head.endswith(b"transfer-encoding: chunked\r\n\r\n")
    assert rest == [b"4\r\nfour\r\n0\r\n\r\n", b"answered"]


async def test_a_body_in_pieces_leaves_piece_by_piece(wire: Wire) -> None:
    """Its head with none of them."""
    cycle = begin_answer(wire)
    await cycle.send(start(LENGTH))
    await cycle.send(body(b"fo", more_body=True))
    await cycle.send(body(b"ur"))

    assert wire.said == [HEAD, b"fo", b"ur", b"answered"]


async def test_a_slow_reader_is_waited_for(wire: Wire) -> None:
    """Before any of the answer is written."""
    cycle = begin_answer(wire)
    cycle.flow.pause_writing()
    await cycle.send(start(LENGTH))
    sending = asyncio.create_task(cycle.send(body(b"four")))
    await asyncio.sleep(0)
    assert wire.said == []
    cycle.flow.resume_writing()
    await asyncio.wait_for(sending, PATIENCE_SECONDS)

    assert wire.said == [HEAD, b"four", b"answered"]


async def test_what_fails_before_its_body_is_answered_otherwise(wire: Wire) -> None:
    """Of the first answer nothing was sent."""
    cycle = begin_answer(wire)

    async def fail(_scope: object, _receive: object, send: Callable[..., Awaitable[None]]) -> None:
        await send(start(LENGTH))
        raise RuntimeError("broken")

    await cycle.run_asgi(fail)

    answer, *rest = wire.said
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert rest == [b"close", b"answered"]


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\0"])
async def test_a_header_cannot_bring_another(wire: Wire, value: bytes) -> None:
    """Whatever its value was made of."""
    cycle = begin_answer(wire)
    await cycle.send(start(LENGTH, (b"x-request-id", value)))

    with pytest.raises(RuntimeError, match="header value"):
        await cycle.send(body(b"four"))
    assert wire.said == []
