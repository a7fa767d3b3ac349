"""One JSON object a line, with the id of the request it belongs to."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

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


def configure(level: str) -> None:
    """Send every log line of the process, uvicorn's included, to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # The answer and its log line say what is wrong with a body; its parser would repeat it.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
