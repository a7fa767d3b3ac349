"""Versions and labels in the paths of both protocols, with two versions loaded."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from app.settings import Settings
from tests.conftest import connect, ready

pytestmark = pytest.mark.anyio

DIGIT = {"instances": np.zeros((1, 28, 28), np.uint8).tolist()}
TENSOR = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28], "data": [0] * 784}


@pytest.fixture(scope="module")
def models_dir(version_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed version as 1, 2 and 5, and a 4 that cannot be served."""
    home = tmp_path_factory.mktemp("models") / "alexnet"
    for number in (1, 2, 4, 5):
        folder = home / str(number)
        shutil.copytree(version_folder, folder, copy_function=os.link)
        manifest = folder / "assets.extra" / "manifest.json"
        changed = {**json.loads(manifest.read_text()), "version": number if number != 4 else 999}
        manifest.unlink()  # another name of the committed file
        manifest.write_text(json.dumps(changed))
    return home.parent


@pytest.fixture(scope="module")
async def client(models_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that loaded 1, 2 and 5, and calls 1 stable."""
    settings = Settings(
        models_dir=models_dir,
        model_versions="1,2,4,5",
        version_labels={"stable": 1, "oldest": 1, "gone": 7},
        engine_threads=1,
        request_timeout_seconds=120,
    )
    async with ready(settings) as app, connect(app) as http:
        yield http


@pytest.mark.parametrize(
    ("rest", "version"),
    [("", "5"), ("/versions/1", "1"), ("/versions/2", "2"), ("/versions/5", "5")],
)
async def test_versions_are_reached_by_number(
    client: httpx.AsyncClient, rest: str, version: str
) -> None:
    """Each that is loaded; the highest where none is named."""
    answer = await client.post(f"/v2/models/alexnet{rest}/infer", json={"inputs": [TENSOR]})
    metadata = await client.get(f"/v1/models/alexnet{rest}/metadata")
    predicted = await client.post(f"/v1/models/alexnet{rest}:predict", json=DIGIT)

    assert answer.json()["model_version"] == version
    assert metadata.json()["model_spec"]["version"] == version
    assert predicted.status_code == 200


@pytest.mark.parametrize(("label", "version"), [("stable", "1"), ("oldest", "1"), ("canary", "5")])
async def test_versions_are_reached_by_label(
    client: httpx.AsyncClient, label: str, version: str
) -> None:
    """As the setting has them; `canary`, of which it says nothing, is what is served."""
    answer = await client.post(
        f"/v2/models/alexnet/versions/{label}/infer", json={"inputs": [TENSOR]}
    )
    metadata = await client.get(f"/v1/models/alexnet/labels/{label}/metadata")
    predicted = await client.post(f"/v1/models/alexnet/labels/{label}:predict", json=DIGIT)

    assert answer.json()["model_version"] == version
    assert metadata.json()["model_spec"]["version"] == version
    assert predicted.status_code == 200


@pytest.mark.parametrize("name", ["3", "4", "7", "gone", "nope", "1.0", "-1"])
async def test_what_is_not_loaded_is_404(client: httpx.AsyncClient, name: str) -> None:
    """Missing, failed, a label of a missing one, and what is no version at all."""
    path = f"/v2/models/alexnet/versions/{name}"
    answers = [
        await client.get(path),
        await client.get(f"{path}/ready"),
        await client.post(f"{path}/infer", json={"inputs": [TENSOR]}),
    ]

    assert [(each.status_code, set(each.json())) for each in answers] == [(404, {"error"})] * 3


async def test_metadata_lists_what_can_be_asked(client: httpx.AsyncClient) -> None:
    """The versions that are loaded, highest first."""
    assert (await client.get("/v2/models/alexnet")).json()["versions"] == ["5", "2", "1"]


async def test_status_lists_what_became_of_each(client: httpx.AsyncClient) -> None:
    """The one that failed too, and why."""
    states = (await client.get("/v1/models/alexnet")).json()["model_version_status"]
    failed = (await client.get("/v1/models/alexnet/versions/4")).json()["model_version_status"]

    assert [(each["version"], each["state"]) for each in states] == [
        ("5", "AVAILABLE"),
        ("4", "END"),
        ("2", "AVAILABLE"),
        ("1", "AVAILABLE"),
    ]
    assert failed[0]["status"]["error_code"] == "INTERNAL"
    assert "999" in failed[0]["status"]["error_message"]


async def test_label_is_no_number(client: httpx.AsyncClient) -> None:
    """TensorFlow Serving keeps the two apart."""
    response = await client.get("/v1/models/alexnet/labels/1")

    assert response.status_code == 400
    assert response.json() == {"error": "Unrecognized servable version label: 1"}


@pytest.mark.parametrize("path", ["/v1/models/alexnet/versions/", "/v2/models/alexnet/versions/"])
async def test_number_beyond_all_numbers_is_no_version(
    client: httpx.AsyncClient, path: str
) -> None:
    """Python itself refuses to read so many digits."""
    response = await client.get(path + "1" * 5000)

    assert response.status_code == 404
