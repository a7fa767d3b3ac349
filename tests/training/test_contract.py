"""What training exports, the service serves; what answers no numbers, it refuses."""

import logging
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from app.contract import NAME
from app.errors import ModelNotFound
from app.lifecycle import Lifecycle
from app.metrics import Metrics
from app.settings import Settings
from tests.training.conftest import export_tiny
from training.dataset import Digits

pytestmark = pytest.mark.anyio


async def load(models: Path, engine: str) -> Lifecycle:
    """Start and stop a service on a folder of models."""
    settings = Settings(models_dir=models, engine=engine, engine_threads=1)
    life = Lifecycle(settings, Metrics(CollectorRegistry()))
    life.start()
    await life.wait_until_loaded()
    await life.stop()
    return life


@pytest.mark.parametrize("engine", ["litert", "tensorflow"])
async def test_what_is_exported_is_served(
    mnist: tuple[Digits, Digits], tmp_path: Path, engine: str
) -> None:
    """Manifest, golden digits and networks of an export are what the service asks for."""
    export_tiny(tmp_path / NAME / "1", mnist[0])
    life = await load(tmp_path, engine)

    assert life.failure is None


@pytest.mark.parametrize("engine", ["litert", "tensorflow"])
async def test_weights_that_are_no_numbers_are_not_served(
    mnist: tuple[Digits, Digits], tmp_path: Path, engine: str, caplog: pytest.LogCaptureFixture
) -> None:
    """NaN fails the self-test, though the golden digits expect what the twin makes of it."""
    export_tiny(tmp_path / NAME / "1", mnist[0], bias=float("nan"))
    with caplog.at_level(logging.ERROR):
        life = await load(tmp_path, engine)

    assert isinstance(life.failure, ModelNotFound)
    assert "golden digits did not come out" in caplog.text
