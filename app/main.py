"""The only wiring: settings in, application out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from app import VERSION
from app.errors import ServiceError
from app.lifecycle import Lifecycle
from app.metrics import Metrics
from app.middleware import Observation
from app.refusals import refuse, refuse_http
from app.routes import health, models, monitoring, predict, v1, v2
from app.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Make the application; its lifespan loads the model and drains it.

    Args:
        settings: everything that can be set.

    Returns:
        The application; `app.state.lifecycle` is what a server tells that it is stopping.
    """
    metrics = Metrics(CollectorRegistry())
    lifecycle = Lifecycle(settings, metrics)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        lifecycle.start()
        yield
        await lifecycle.stop()

    app = FastAPI(
        title="AlexNet digits",
        version=VERSION,
        summary="Post a picture of a handwritten digit, get the digit back.",
        lifespan=lifespan,
    )
    app.state.lifecycle = lifecycle
    app.include_router(predict.make_router(settings, lifecycle))
    app.include_router(health.make_router(lifecycle))
    app.include_router(models.make_router(lifecycle.registry))
    app.include_router(monitoring.make_router(metrics))
    app.include_router(v1.make_router(settings, lifecycle))
    app.include_router(v2.make_router(settings, lifecycle))
    app.add_exception_handler(ServiceError, _answer_service_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RequestValidationError, _answer_validation_error)
    app.add_middleware(Observation, metrics=metrics)
    return app


async def _answer_service_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ServiceError):
        raise error
    return refuse(error, request.url.path)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return refuse_http(error.status_code, dict(error.headers or {}), request.url.path)


async def _answer_validation_error(request: Request, _error: Exception) -> Response:
    return refuse_http(422, None, request.url.path)
