"""W3C Trace Context: what is taken over, what is passed over, what the log says."""

import json
import logging
import re

import httpx
import pytest

from app.logs import JsonFormatter
from app.tracing import begin_span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{PARENT}-01"


def test_span_continues_the_callers_trace() -> None:
    """The trace is the caller's, its span is the parent, and this one is new each time."""
    first, second = begin_span(GOOD), begin_span(GOOD)

    assert first is not None
    assert second is not None
    assert (first.trace_id, first.parent_id) == (TRACE, PARENT)
    assert len({first.span_id, second.span_id, PARENT}) == 3
    assert re.fullmatch("[0-9a-f]{16}", first.span_id)


@pytest.mark.parametrize("header", [f"cc-{TRACE}-{PARENT}-01", f"01-{TRACE}-{PARENT}-01-more"])
def test_later_version_is_read_as_far_as_it_is_known(header: str) -> None:
    """The recommendation asks for it."""
    assert begin_span(header) is not None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE}-{PARENT}-01\n",
    ],
)
def test_what_is_no_traceparent_is_passed_over(header: str) -> None:
    """A malformed header starts no trace, and harms nothing."""
    assert begin_span(header) is None


@pytest.mark.anyio
async def test_log_lines_of_a_request_name_its_trace(
    client: httpx.AsyncClient, seven: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Each line tells trace and span; without the header none does."""
    lines: list[dict[str, object]] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    keeper = Keeper()
    caplog.set_level(logging.INFO, "app.access")
    logging.getLogger("app.access").addHandler(keeper)
    try:
        await client.post("/predict", files={"file": seven}, headers={"traceparent": GOOD})
        await client.post("/predict", files={"file": seven})
    finally:
        logging.getLogger("app.access").removeHandler(keeper)

    assert (lines[0]["trace_id"], lines[0]["parent_span_id"]) == (TRACE, PARENT)
    assert lines[0]["span_id"] != PARENT
    assert "trace_id" not in lines[1]
