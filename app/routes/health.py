"""GET /health, /health/live and /health/ready."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from app.lifecycle import Lifecycle
from app.schemas import Health, Liveness, ServedModel

NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"model": Health, "description": "Starting or draining."}
}


def make_router(lifecycle: Lifecycle) -> APIRouter:
    """The routes that orchestrators ask."""
    router = APIRouter(prefix="/health", tags=["Health"])

    @router.get("", responses=NOT_READY)
    @router.get("/ready", responses=NOT_READY)
    async def health(response: Response) -> Health:
        """Whether predictions are to be had: 200 once the model passed its self-test, or 503."""
        if lifecycle.status != "ready":
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(
            status=lifecycle.status,
            model=_describe_model(lifecycle),
            uptime_seconds=round(lifecycle.uptime_seconds, 3),
        )

    @router.get("/live")
    async def live() -> Liveness:
        """Whether the process answers, whatever the model does."""
        return Liveness()

    return router


def _describe_model(lifecycle: Lifecycle) -> ServedModel | None:
    facts = lifecycle.registry.served
    if facts is None:
        return None
    return ServedModel(
        name=facts.name, version=facts.version, engine=facts.engine, sha256=facts.sha256
    )
