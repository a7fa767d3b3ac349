"""Log lines are JSON, one an event."""

import json
import logging
import sys

from app.logs import JsonFormatter, request_id


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
