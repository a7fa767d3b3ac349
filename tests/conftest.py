"""What every test may ask for: pictures, the committed model, the application."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray

from app.main import create_app
from app.settings import Settings
from tests.pictures import encode

ROOT = Path(__file__).parent.parent
MODELS = ROOT / "models"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The loop that uvicorn runs on is asyncio's."""
    return "asyncio"


@pytest.fixture(scope="session")
def version_folder() -> Path:
    """The committed version of the model."""
    return max((MODELS / "alexnet").iterdir(), key=lambda path: int(path.name))


@pytest.fixture
def copied(version_folder: Path, tmp_path: Path) -> Path:
    """A copy of the committed version that a test may damage."""
    folder = tmp_path / "alexnet" / version_folder.name
    shutil.copytree(version_folder, folder)
    return folder


@pytest.fixture(scope="session")
def golden(version_folder: Path) -> dict[str, NDArray[np.uint8]]:
    """A few real digits of each class: images uint8 [n, 28, 28], labels and probabilities."""
    with np.load(version_folder / "assets.extra" / "golden.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def seven(golden: dict[str, NDArray[np.uint8]]) -> bytes:
    """A real 7 as a PNG."""
    return encode(golden["images"][golden["labels"] == 7][0])


@pytest.fixture(scope="session")
def two(golden: dict[str, NDArray[np.uint8]]) -> bytes:
    """A real 2 as a PNG."""
    return encode(golden["images"][golden["labels"] == 2][0])


@pytest.fixture
def settings() -> Settings:
    """The defaults, on the committed model."""
    return Settings(models_dir=MODELS, engine_threads=1)


@asynccontextmanager
async def ready(settings: Settings) -> AsyncIterator[FastAPI]:
    """An application whose model is loaded."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        await app.state.lifecycle.wait_until_loaded()
        yield app


def connect(application: FastAPI) -> httpx.AsyncClient:
    """A client of an application, without a network between them."""
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@pytest.fixture
async def application(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, ready."""
    async with ready(settings) as app:
        yield app


@pytest.fixture
async def client(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    async with connect(application) as http:
        yield http


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[httpx.AsyncClient]:
    """A client of one application for many tests, none of which changes it."""
    # A busy machine is no failure of ours: none of these tests is about deadlines.
    settings = Settings(models_dir=MODELS, engine_threads=1, request_timeout_seconds=120)
    async with ready(settings) as app, connect(app) as http:
        yield http
