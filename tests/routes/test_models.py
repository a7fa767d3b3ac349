"""GET /models: which versions there are, and what became of each."""

from pathlib import Path

import httpx
import pytest

from app.schemas import ModelVersions
from app.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(settings: Settings, copied: Path) -> Settings:
    """The committed version, and a higher one that was never finished."""
    (copied.parent / "999").mkdir()
    return settings.model_copy(update={"models_dir": copied.parent.parent})


async def test_versions_and_states_are_listed(
    client: httpx.AsyncClient, version_folder: Path
) -> None:
    """What is served says by what, what failed says why."""
    response = await client.get("/models")
    failed, available = ModelVersions.model_validate(response.json()).versions

    assert response.status_code == 200
    assert (failed.version, failed.state, failed.served) == ("999", "failed", False)
    assert failed.reason == "The manifest is missing."
    assert (available.version, available.state) == (version_folder.name, "available")
    assert (available.served, available.engine, available.reason) == (True, "litert", None)


async def test_refusals_are_counted(client: httpx.AsyncClient) -> None:
    """A scrape says how many versions were refused, and why."""
    text = (await client.get("/metrics")).text

    assert 'digits_model_loads_total{outcome="model_damaged"} 1.0' in text
    assert 'digits_model_loads_total{outcome="available"} 1.0' in text
    # What has not happened is there too: an alert is of an increase, and none is from nothing to 1.
    assert 'digits_model_loads_total{outcome="self_test_failed"} 0.0' in text
