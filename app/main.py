"""The only wiring: settings in, application out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from app import VERSION
from app.early import EarlyRefusal
from app.errors import ServiceError
from app.guards.admission import Admission, Bounds, Places
from app.guards.headers import SecurityHeaders
from app.guards.inflation import Inflation
from app.guards.keys import KeyGuard, Keys, describe_keys
from app.leniency import Leniency
from app.lifecycle import Lifecycle
from app.metrics import Metrics
from app.middleware import Observation
from app.protocols.open_inference import HEADER_LENGTH
from app.refusals import refuse, refuse_http
from app.routes import health, models, monitoring, page, predict, v1, v2
from app.settings import Settings
from app.shortcut import Shortcut
from app.telemetry import Telemetry, make_telemetry


def create_app(
    settings: Settings, metrics: Metrics | None = None, telemetry: Telemetry | None = None
) -> FastAPI:
    """Make the application; its lifespan loads the model and drains it.

    Args:
        settings: everything that can be set.
        metrics: to count with, where several processes count together.
        telemetry: where traces go; None asks OpenTelemetry's variables.

    Returns:
        The application; `app.state.lifecycle` is what a server tells that it is stopping,
        `app.state.metrics` what it counts with, `app.state.turn_away` refuses what there is no
        room for, if that may be done before the application is called.

    Raises:
        KeysUnreadable: keys are asked for, and there is no file of them.
    """
    metrics = metrics or Metrics(CollectorRegistry())
    telemetry = telemetry or make_telemetry()
    lifecycle = Lifecycle(settings, metrics)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        lifecycle.start()
        if settings.workers > 1:
            # The others answer: this one takes no request before it can.
            await lifecycle.wait_until_loaded()
            if lifecycle.failure is not None:
                raise lifecycle.failure
        yield
        await lifecycle.stop()
        if telemetry is not None:
            await asyncio.to_thread(telemetry.close)

    app = FastAPI(
        title="AlexNet digits",
        version=VERSION,
        summary="Post a picture of a handwritten digit, get the digit back.",
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own page comes from a CDN; ours is in app/web/
        redoc_url=None,
        redirect_slashes=False,  # see app/leniency.py
        # Ours are in app/telemetry.py: FastAPI would look for its own with every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.lifecycle = lifecycle
    app.state.metrics = metrics
    reading = predict.make_router(settings, lifecycle)
    app.include_router(reading)
    app.include_router(health.make_router(lifecycle))
    app.include_router(models.make_router(lifecycle.registry))
    app.include_router(monitoring.make_router(metrics))
    app.include_router(v1.make_router(settings, lifecycle))
    app.include_router(v2.make_router(settings, lifecycle))
    app.include_router(page.make_router())
    app.add_exception_handler(ServiceError, _answer_service_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RequestValidationError, _answer_validation_error)
    app.add_middleware(Leniency)
    app.add_middleware(Shortcut, routes=reading.routes)
    places = _guard(app, settings)
    app.add_middleware(Observation, metrics=metrics, telemetry=telemetry)
    _tell_browsers(app, settings)
    # Where a layer further out has something to add to a refusal, none is made before it.
    is_plain = telemetry is None and not settings.cors_origins
    app.state.turn_away = EarlyRefusal(places, metrics) if is_plain else None
    return app


def _guard(app: FastAPI, settings: Settings) -> Places:
    """Put in front of every route what refuses; the last that is added comes first."""
    places = Places(
        Bounds(
            requests=settings.max_requests,
            buffered_bytes=settings.max_buffered_bytes,
            body_seconds=settings.body_timeout_seconds,
            body_bytes_per_second=settings.min_body_bytes_per_second,
            answer_seconds=settings.request_timeout_seconds,
        )
    )
    app.add_middleware(Admission, places=places)
    app.add_middleware(Inflation)
    if settings.api_keys_file is not None:
        keys = Keys(settings.api_keys_file)
        need = settings.metrics_need_key
        app.add_middleware(KeyGuard, keys=keys, metrics_need_key=need)
        describe = app.openapi
        app.openapi = lambda: describe_keys(describe(), metrics_need_key=need)  # type: ignore[method-assign] # FastAPI's own way
    return places


def _tell_browsers(app: FastAPI, settings: Settings) -> None:
    origins = [each.strip() for each in settings.cors_origins.split(",") if each.strip()]
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["Retry-After", "Server-Timing", "X-Request-Id", HEADER_LENGTH],
        )
    app.add_middleware(SecurityHeaders)


async def _answer_service_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ServiceError):
        raise error
    return refuse(error, request.url.path)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    return refuse_http(error.status_code, headers, request.url.path, request.method)


# No route has FastAPI read a parameter by now; one that had would answer as the others do.
async def _answer_validation_error(request: Request, _error: Exception) -> Response:
    return refuse_http(422, None, request.url.path, request.method)
