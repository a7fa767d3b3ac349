"""What is logged: for machines as an object of JSON a line, for who typed a command in words."""

import asyncio
import contextlib
import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from app import tracing

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request that is being answered; None outside of one."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName", "color_message"}

_ENCODER = json.JSONEncoder(default=str, ensure_ascii=False)
"""Kept: `json.dumps` makes a new one each time that it is told anything."""


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, request id, whatever `extra` held, and a traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Make the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        if (span := tracing.span.get()) is not None:
            line |= {"trace_id": span.trace_id, "span_id": span.span_id}
            if span.parent_id is not None:
                line["parent_span_id"] = span.parent_id
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _ENCODER.encode(line)


class PlainFormatter(logging.Formatter):
    """A line for people: what happened and why, and no trace of where."""

    def format(self, record: logging.LogRecord) -> str:
        """Make the line."""
        version = vars(record).get("version")
        error = record.exc_info and record.exc_info[1]
        told = (record.levelname.lower(), record.getMessage(), version, error)
        return " ".join(": ".join(str(each) for each in told if each).split())


class TurnHandler(logging.Handler):
    """Writes at once what one turn of the event loop logged.

    Every write lets go of the interpreter, and the engine's thread takes it: with one for each line
    the loop waited for its own log. From a warning on nothing waits, nor does what is logged
    outside of an event loop.
    """

    def __init__(self, stream: TextIO) -> None:
        """Hold nothing back yet."""
        super().__init__()
        self._stream = stream
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line, and write it now or when the turn is over."""
        try:
            self._lines.append(self.format(record))
            if record.levelno >= logging.WARNING or not self._is_put_off():
                self.flush()
        except Exception:  # noqa: BLE001 # as every handler of the standard library does
            self.handleError(record)

    def flush(self) -> None:
        """Write what is held back; where nobody reads it any more, it is lost."""
        with self.lock or contextlib.nullcontext():
            lines, self._lines = self._lines, []
            if lines:
                with contextlib.suppress(OSError, ValueError):  # broken, or closed
                    self._stream.write("\n".join(lines) + "\n")
                    self._stream.flush()

    def _is_put_off(self) -> bool:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if len(self._lines) == 1:
            loop.call_soon(self.flush)
        return True


def configure(level: str) -> None:
    """Send every log line of the process, uvicorn's included, to standard error as JSON."""
    handler = TurnHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # The answer and its log line say what is wrong with a body; its parser would repeat it.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)


def configure_for_people() -> None:
    """Send warnings, of a damaged version say, to standard error in plain lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainFormatter())
    logging.basicConfig(handlers=[handler])
