"""GET /health: the truth about the model; /health/live: about the process."""

import json
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_ready(client: httpx.AsyncClient, version_folder: Path, path: str) -> None:
    """Once the model passed its self-test, health names it."""
    response = await client.get(path)
    health = response.json()

    assert response.status_code == 200
    assert health["status"] == "ready"
    assert health["uptime_seconds"] >= 0
    assert set(health["model"]) == {"name", "version", "engine", "sha256"}
    assert (health["model"]["version"], health["model"]["engine"]) == (
        version_folder.name,
        "litert",
    )


async def test_starting(settings: Settings, seven: bytes) -> None:
    """Before the model is there, health says so and predictions are refused."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        health = await client.get("/health")
        live = await client.get("/health/live")
        refusal = await client.post("/predict", files={"file": seven})

    assert (health.status_code, health.json()["status"]) == (503, "starting")
    assert live.status_code == 200
    assert (refusal.status_code, refusal.json()["code"]) == (503, "not_ready")
    assert int(refusal.headers["retry-after"]) >= 1


async def test_draining(application: FastAPI, client: httpx.AsyncClient, seven: bytes) -> None:
    """Once a stop was asked for, readiness says so at once, and what still comes is answered."""
    application.state.lifecycle.begin_draining()
    health = await client.get("/health")
    live = await client.get("/health/live")
    answer = await client.post("/predict", files={"file": seven})

    assert (health.status_code, health.json()["status"]) == (503, "draining")
    assert live.status_code == 200
    assert (answer.status_code, answer.json()["digit"]) == (200, 7)


async def test_no_model_is_a_failure_that_is_told(settings: Settings, tmp_path: Path) -> None:
    """Without a version to serve, whoever runs the application learns of it."""
    app = create_app(settings.model_copy(update={"models_dir": tmp_path}))
    told = []
    app.state.lifecycle.on_failure = lambda: told.append(True)
    async with app.router.lifespan_context(app):
        await app.state.lifecycle.wait_until_loaded()

    assert told == [True]
    assert app.state.lifecycle.failure.code == "model_not_found"


async def test_openapi_describes_every_path(client: httpx.AsyncClient) -> None:
    """The description is complete and is JSON."""
    paths = json.loads((await client.get("/openapi.json")).text)["paths"]
    own = {path for path in paths if not path.startswith(("/v1", "/v2"))}

    assert own == {
        "/predict",
        "/predict/batch",
        "/read",
        "/health",
        "/health/ready",
        "/health/live",
        "/models",
        "/metrics",
    }
