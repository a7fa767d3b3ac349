"""Around every request: its id, its log line, its metrics, and an answer whatever happens."""

import asyncio
import logging
import random
import re
import time

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import logs, timing, tracing
from app.errors import Draining, ServiceError
from app.metrics import Metrics
from app.refusals import refuse, refuse_unforeseen
from app.telemetry import Telemetry

logger = logging.getLogger("app.access")

REQUEST_ID_HEADER = b"x-request-id"
TIMING_HEADER = b"server-timing"
TRACE_HEADER = b"traceparent"
ACCEPTABLE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
"""What is taken over from a caller: nothing that could forge a log line or a header."""

UNMATCHED = "unmatched"

CLIENT_CLOSED_REQUEST = 499
"""What nginx logs for a caller that left before its answer; it is counted, and never sent."""


class Observation:
    """Pure ASGI, outside of all that may fail: nothing that goes wrong inside passes it."""

    def __init__(self, app: ASGIApp, metrics: Metrics, telemetry: Telemetry | None = None) -> None:
        """Wrap an application."""
        self._app = app
        self._metrics = metrics
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        current = _request_id(scope)
        token = logs.request_id.set(current)
        span = _begin_span(scope)
        trace = self._telemetry.begin(span) if self._telemetry else None
        span_token = tracing.span.set(trace.span if trace else span)
        stages: list[timing.Stage] = []
        stages_token = timing.stages.set(stages)
        started = time.perf_counter()
        status = CLIENT_CLOSED_REQUEST

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = timing.describe(stages, time.perf_counter() - started)
                message["headers"] = [
                    *message["headers"],
                    (REQUEST_ID_HEADER, current.encode()),
                    (TIMING_HEADER, told.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        except (Exception, asyncio.CancelledError) as error:
            response = _respond(error, scope["path"])
            if response is not None and status != CLIENT_CLOSED_REQUEST:
                raise  # half an answer has gone: the server cuts the connection
            if response is not None:
                await response(scope, receive, send_observed)
        finally:
            spent = time.perf_counter() - started
            record(self._metrics, _route(scope), scope["method"], status, spent)
            self._metrics.observe_stages(stages)
            if trace is not None:
                trace.end(scope["method"], _route(scope), status, stages)
            timing.stages.reset(stages_token)
            tracing.span.reset(span_token)
            logs.request_id.reset(token)


def record(metrics: Metrics, route: str, method: str, status: int, seconds: float) -> None:
    """Count an answer, and log it."""
    metrics.observe_request(route, method, status, seconds)
    if logger.isEnabledFor(logging.INFO):
        logger.info(
            "request",
            extra={
                "method": method,
                "route": route,
                "status": status,
                "seconds": round(seconds, 6),
            },
        )


def _respond(error: BaseException, path: str) -> Response | None:
    """The answer to what no route answered; None where nobody is there to be answered."""
    if isinstance(error, ClientDisconnect):
        return None
    if isinstance(error, ServiceError):
        return refuse(error, path)
    if isinstance(error, asyncio.CancelledError):
        # The server gives up on what is not finished in time when it stops.
        return refuse(Draining("The service is shutting down."), path)
    logger.error("unexpected error", exc_info=error)
    return refuse_unforeseen(path)


def _route(scope: Scope) -> str:
    """A template, not the raw path, which a caller could make up without end."""
    return str(getattr(scope.get("route"), "path", UNMATCHED))


def make_id() -> str:
    """As unique as a UUID, which would ask the kernel for each: it need not be hard to guess."""
    return random.randbytes(16).hex()  # noqa: S311 # as said


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER and ACCEPTABLE_ID.fullmatch(value):
            return str(value, "ascii")
    return make_id()


def _begin_span(scope: Scope) -> tracing.Span | None:
    """A header that came twice is as good as none, as the recommendation wants it."""
    values = [value for name, value in scope["headers"] if name == TRACE_HEADER]
    return tracing.begin_span(str(values[0], "latin-1")) if len(values) == 1 else None
