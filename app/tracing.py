"""The trace a request belongs to: W3C Trace Context, honoured and logged.

https://www.w3.org/TR/trace-context/ (Recommendation, 2021), section 3.2.
"""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-"
    r"(?P<flags>[0-9a-f]{2})(?P<rest>-.*)?"
)

_LAST_VERSION = "ff"
"""Forbidden, so that it can never mean one."""


@dataclass(frozen=True, slots=True)
class Span:
    """This service's part of a trace.

    Attributes:
        trace_id: 32 hexadecimal digits, the caller's.
        span_id: 16, this request's.
        parent_id: 16, the caller's own; None where the trace begins here.
        is_sampled: whether the trace is recorded.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    is_sampled: bool = False


span: ContextVar[Span | None] = ContextVar("span", default=None)
"""Of the request that is being answered; None where its caller traces nothing."""


def begin_span(traceparent: str) -> Span | None:
    """A span under the caller's; None where the header is none, which is then passed over."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or found["version"] == _LAST_VERSION:
        return None
    # Version 00 ends there; a later one may go on, and is read as far as it is known.
    if found["version"] == "00" and found["rest"] is not None:
        return None
    if not int(found["trace"], 16) or not int(found["parent"], 16):
        return None
    is_sampled = bool(int(found["flags"], 16) & 1)
    return Span(found["trace"], secrets.token_hex(8), found["parent"], is_sampled=is_sampled)
