"""Log lines are JSON, one an event."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from app.logs import JsonFormatter, TurnHandler, request_id


class Pages(io.StringIO):
    """Keeps what is written apart."""

    def __init__(self) -> None:
        """Empty."""
        super().__init__()
        self.written: list[str] = []

    def write(self, text: str) -> int:
        """Take one more."""
        self.written.append(text)
        return len(text)


@pytest.fixture
def pages() -> Pages:
    """Where a logger writes."""
    return Pages()


@pytest.fixture
def logger(pages: Pages) -> Iterator[logging.Logger]:
    """One of its own, whose lines are their messages."""
    made = logging.getLogger("test of app.logs")
    made.propagate = False
    made.setLevel(logging.INFO)
    made.addHandler(TurnHandler(pages))
    yield made
    made.handlers.clear()


def make_record(**extra: object) -> logging.LogRecord:
    """A record as `logger.info("hello %s", "you", extra=…)` makes it."""
    record = logging.makeLogRecord(
        {"name": "app", "levelname": "INFO", "msg": "hello %s", "args": ("you",)}
    )
    vars(record).update(extra)
    return record


def test_line_is_json_with_its_extras() -> None:
    """Message, level and what `extra` held, on one line."""
    text = JsonFormatter().format(make_record(rows=3))
    line = json.loads(text)

    assert "\n" not in text
    assert (line["message"], line["level"], line["rows"]) == ("hello you", "INFO", 3)
    assert "request_id" not in line


def test_line_knows_its_request() -> None:
    """What is logged while a request is answered carries its id."""
    token = request_id.set("abc")
    line = json.loads(JsonFormatter().format(make_record()))
    request_id.reset(token)

    assert line["request_id"] == "abc"


def test_traceback_stays_on_the_line() -> None:
    """An exception is one event, whatever its length."""
    try:
        int("broken")
    except ValueError:
        text = JsonFormatter().format(make_record(exc_info=sys.exc_info()))

    assert "\n" not in text
    assert "ValueError: invalid literal" in json.loads(text)["exception"]


@pytest.mark.anyio
async def test_lines_of_a_turn_are_written_together(pages: Pages, logger: logging.Logger) -> None:
    """In order, when the event loop comes to it."""
    for number in range(3):
        logger.info("line %d", number)
    assert pages.written == []

    await asyncio.sleep(0)
    logger.info("the next turn's")
    await asyncio.sleep(0)

    assert pages.written == ["line 0\nline 1\nline 2\n", "the next turn's\n"]


@pytest.mark.anyio
async def test_a_warning_does_not_wait(pages: Pages, logger: logging.Logger) -> None:
    """And what was held back goes before it."""
    logger.info("before")
    logger.warning("something is wrong")

    assert pages.written == ["before\nsomething is wrong\n"]


@pytest.mark.anyio
async def test_threads_do_not_wait(pages: Pages, logger: logging.Logger) -> None:
    """They have no event loop that would come to it."""
    await asyncio.to_thread(logger.info, "from a thread")

    assert pages.written == ["from a thread\n"]


def test_lines_outside_of_an_event_loop_are_written_at_once(
    pages: Pages, logger: logging.Logger
) -> None:
    """As while the service starts."""
    logger.info("one")
    logger.info("two")

    assert pages.written == ["one\n", "two\n"]


def test_the_last_turn_is_written_too(pages: Pages, logger: logging.Logger) -> None:
    """An event loop that ends leaves nothing behind."""

    async def log() -> None:
        logger.info("last words")

    asyncio.run(log())

    assert pages.written == ["last words\n"]


@pytest.mark.parametrize("error", [BrokenPipeError, ValueError])
def test_a_reader_that_left_is_no_failure(logger: logging.Logger, error: type[Exception]) -> None:
    """The service answers on when its log goes nowhere, broken or closed."""

    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise error(text)

    logger.handlers[:] = [TurnHandler(Broken())]

    logger.info("to nobody")
    logger.handlers[0].flush()
