"""OpenTelemetry traces, if its packages are installed and an exporter is configured.

Neither SDK nor exporter is imported otherwise. The variables that configure it:
https://opentelemetry.io/docs/specs/otel/.
"""

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import VERSION, tracing
from app.timing import Stage

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

logger = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
NANOSECONDS = 1_000_000_000
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Trace:
    """The span of one request, which begins now.

    Attributes:
        span: its ids, for the log.
    """

    span: tracing.Span
    _tracer: "Tracer"
    _open: "Span"
    _started: float
    _started_ns: int

    def end(self, method: str, route: str, status: int, stages: Sequence[Stage]) -> None:
        """End it, and tell each stage as a span under it."""
        from opentelemetry import trace  # noqa: PLC0415 # late: it need not be installed

        under = trace.set_span_in_context(self._open)
        for stage in stages:
            began = self._at(stage.ended - stage.seconds)
            child = self._tracer.start_span(stage.name, under, start_time=began)
            child.end(self._at(stage.ended))
        self._open.update_name(f"{method} {route}")
        self._open.set_attributes(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
            }
        )
        if status >= SERVER_ERROR:
            self._open.set_status(trace.StatusCode.ERROR)
        self._open.end()

    def _at(self, moment: float) -> int:
        """Nanoseconds of the epoch, of a moment on the clock of stages."""
        return self._started_ns + int((moment - self._started) * NANOSECONDS)


class Telemetry:
    """Makes a span of each request and hands it to an exporter."""

    def __init__(self, provider: "TracerProvider") -> None:
        """Keep where spans go."""
        self._provider = provider
        self._tracer = provider.get_tracer("app", VERSION)

    def begin(self, caller: tracing.Span | None) -> Trace:
        """Begin a request's span, under its caller's where it has one."""
        from opentelemetry import trace  # noqa: PLC0415 # late: it need not be installed

        context = None
        if caller is not None and caller.parent_id is not None:
            flags = trace.TraceFlags(trace.TraceFlags.SAMPLED if caller.is_sampled else 0)
            parent = trace.SpanContext(
                int(caller.trace_id, 16),
                int(caller.parent_id, 16),
                is_remote=True,
                trace_flags=flags,
            )
            context = trace.set_span_in_context(trace.NonRecordingSpan(parent))
        started, started_ns = time.perf_counter(), time.time_ns()
        span = self._tracer.start_span(
            "request", context, trace.SpanKind.SERVER, start_time=started_ns
        )
        ids = span.get_span_context()
        known = tracing.Span(
            trace.format_trace_id(ids.trace_id),
            trace.format_span_id(ids.span_id),
            caller.parent_id if caller else None,
            is_sampled=ids.trace_flags.sampled,
        )
        return Trace(known, self._tracer, span, started, started_ns)

    def close(self) -> None:
        """Send what is still here."""
        self._provider.shutdown()


def make_telemetry() -> Telemetry | None:
    """Where its variables say; None where they name no endpoint, or it is not installed."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 # late
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        logger.warning("traces are asked for, and OpenTelemetry is not installed")
        return None
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "alexnet-digits"}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Telemetry(provider)
