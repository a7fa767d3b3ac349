"""Traces by OpenTelemetry: what is told of a request, and that nothing is loaded for nobody."""

import json
import logging
import sys

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.logs import JsonFormatter
from app.main import create_app
from app.settings import Settings
from app.telemetry import ENDPOINTS, Telemetry, make_telemetry
from tests.conftest import connect
from tests.processes import list_modules

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture
def kept() -> InMemorySpanExporter:
    """Where spans end up."""
    return InMemorySpanExporter()


async def ask(
    settings: Settings, kept: InMemorySpanExporter, upload: bytes, traceparent: str | None
) -> dict[str, ReadableSpan]:
    """Post one picture; its spans by name."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    app = create_app(settings, telemetry=Telemetry(provider))
    headers = {} if traceparent is None else {"traceparent": traceparent}
    async with app.router.lifespan_context(app), connect(app) as client:
        await app.state.lifecycle.wait_until_loaded()
        answer = await client.post("/predict", files={"file": upload}, headers=headers)
    assert answer.status_code == 200
    return {span.name: span for span in kept.get_finished_spans()}


@pytest.mark.anyio
async def test_stages_are_spans_under_the_callers(
    settings: Settings, kept: InMemorySpanExporter, seven: bytes
) -> None:
    """The request's span is the caller's child, the stages follow each other inside of it."""
    spans = await ask(settings, kept, seven, f"00-{TRACE}-{PARENT}-01")

    request = spans.pop("POST /predict")
    assert request.context.trace_id == int(TRACE, 16)
    assert request.parent is not None
    assert request.parent.span_id == int(PARENT, 16)
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 200
    assert set(spans) == {"decode", "normalise", "queue", "inference"}
    ends = [request.start_time or 0]
    for name in ("decode", "normalise", "queue", "inference"):
        span = spans[name]
        assert span.parent is not None
        assert span.parent.span_id == request.context.span_id
        assert (span.start_time or 0) >= ends[-1] - 1000  # of nanoseconds, rounded
        ends.append(span.end_time or 0)
    assert ends == sorted(ends)
    assert ends[-1] <= (request.end_time or 0) + 1000


@pytest.mark.anyio
async def test_trace_begins_here_without_a_caller(
    settings: Settings, kept: InMemorySpanExporter, seven: bytes
) -> None:
    """A request without the header has a trace of its own."""
    spans = await ask(settings, kept, seven, None)

    assert spans["POST /predict"].parent is None
    assert len(spans) == 5


@pytest.mark.anyio
async def test_what_the_caller_does_not_record_is_not_recorded(
    settings: Settings, kept: InMemorySpanExporter, seven: bytes
) -> None:
    """The sampled flag is heeded."""
    spans = await ask(settings, kept, seven, f"00-{TRACE}-{PARENT}-00")

    assert spans == {}


@pytest.mark.anyio
async def test_log_names_the_span_that_is_exported(
    settings: Settings, kept: InMemorySpanExporter, seven: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """So that a line and its trace find each other."""
    caplog.set_level(logging.INFO, "app.access")
    lines: list[dict[str, object]] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    keeper = Keeper()
    logging.getLogger("app.access").addHandler(keeper)
    try:
        spans = await ask(settings, kept, seven, None)
    finally:
        logging.getLogger("app.access").removeHandler(keeper)

    request = spans["POST /predict"]
    assert lines[0]["span_id"] == f"{request.context.span_id:016x}"
    assert lines[0]["trace_id"] == f"{request.context.trace_id:032x}"
    assert "parent_span_id" not in lines[0]


def test_nothing_is_traced_unless_an_exporter_is_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OpenTelemetry's own variables decide."""
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)

    assert make_telemetry() is None
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:9/v1/traces")
    telemetry = make_telemetry()
    assert telemetry is not None
    telemetry.close()


def test_service_starts_where_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, and traces nothing."""
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:9/v1/traces")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    assert make_telemetry() is None
    assert "not installed" in caplog.text


def test_nothing_of_it_is_loaded_for_nobody() -> None:
    """A service that exports no traces pays for no more than the API, which FastAPI imports."""
    loaded = list_modules(
        "from app.main import create_app; from app.settings import Settings; create_app(Settings())"
    )

    assert "app.main" in loaded
    assert {"opentelemetry.sdk", "opentelemetry.exporter"}.isdisjoint(loaded)


@pytest.mark.anyio
async def test_client_of_an_untraced_service(client: httpx.AsyncClient, seven: bytes) -> None:
    """Without telemetry the answer still tells its stages."""
    answer = await client.post("/predict", files={"file": seven})

    assert "inference;dur=" in answer.headers["server-timing"]
