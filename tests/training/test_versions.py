"""A version is measured only if every file is what its manifest says and every answer a number."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.contract import GOLDEN, MANIFEST, TWIN
from tests.training.conftest import export_tiny
from training import versions
from training.dataset import Digits
from training.export import write_manifest
from training.scorers import NoNumbers
from training.versions import EngineName, VersionError

Damage = Callable[[Path], object]
ENGINES: tuple[EngineName, ...] = ("twin", "saved_model")


@pytest.fixture
def copied(tiny_version: Path, tmp_path: Path) -> Path:
    """A copy of the tiny version that a test may damage."""
    return Path(shutil.copytree(tiny_version, tmp_path / tiny_version.name))


def edit_manifest(folder: Path, **changes: object) -> None:
    """Change members of the manifest; None removes one."""
    path = folder / MANIFEST
    manifest = {**json.loads(path.read_text()), **changes}
    path.write_text(
        json.dumps({name: value for name, value in manifest.items() if value is not None})
    )


def sign(folder: Path) -> None:
    """Write the manifest anew over the files as they are."""
    (folder / MANIFEST).unlink()
    write_manifest(folder, 1, {"reject": {"min_energy": 0.0, "min_confidence": 0.0}})


def test_whole_version_is_read(tiny_version: Path) -> None:
    """Number, files and thresholds are those of the manifest, whose digest is its own."""
    version = versions.read(tiny_version)
    content = (tiny_version / MANIFEST).read_bytes()
    manifest = json.loads(content)

    assert (version.number, version.folder) == (1, tiny_version)
    assert version.sha256 == hashlib.sha256(content).hexdigest()
    assert version.files == set(manifest["files"])
    assert version.thresholds.min_energy == manifest["reject"]["min_energy"]


@pytest.mark.parametrize("engine", ENGINES)
def test_either_engine_answers(
    tiny_version: Path, mnist: tuple[Digits, Digits], engine: EngineName
) -> None:
    """Both read most of the test digits right, through the same tiny network."""
    test = mnist[1].take(np.arange(500))
    logits = versions.load(versions.read(tiny_version), engine)(test.images)

    assert logits.shape == (500, 10)
    assert np.mean(logits.argmax(axis=1) == test.labels) > 0.7


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index", TWIN, GOLDEN])
@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
    ],
    ids=["missing", "emptied", "altered"],
)
def test_damaged_file_is_named(copied: Path, name: str, damage: Damage) -> None:
    """Any file that is not what the manifest says is an error before it is parsed."""
    damage(copied / name)

    with pytest.raises(VersionError, match=name):
        versions.read(copied)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"schema": None},
        {"name": "lenet"},
        {"version": "one"},
        {"files": None},
        {"files": ["saved_model.pb"]},
        {"files": {}},
        {"files": {"../../secret": "0" * 64}},
        {"files": {"/etc/hostname": "0" * 64}},
        {"reject": None},
        {"reject": {"min_energy": 1.0}},
        {"reject": {"min_energy": float("nan"), "min_confidence": 0.5}},
    ],
    ids=str,
)
def test_wrong_manifest_is_refused(copied: Path, changes: dict[str, object]) -> None:
    """A manifest of another schema, or about something else, measures nothing."""
    edit_manifest(copied, **changes)

    with pytest.raises(VersionError, match="manifest"):
        versions.read(copied)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"7", b"\xff\xfe"])
def test_unreadable_manifest_is_refused(copied: Path, content: bytes | None) -> None:
    """A manifest that is missing or no JSON object is named."""
    path = copied / MANIFEST
    path.unlink() if content is None else path.write_bytes(content)

    with pytest.raises(VersionError, match="manifest"):
        versions.read(copied)


@pytest.mark.parametrize("engine", ENGINES)
def test_network_that_is_none_is_refused(copied: Path, engine: EngineName) -> None:
    """Files that are signed and hold no network end in one line."""
    name = {"twin": TWIN, "saved_model": "saved_model.pb"}[engine]
    (copied / name).write_bytes(b"no network is here")
    sign(copied)

    with pytest.raises(VersionError, match=rf"the {engine} of .* cannot be run") as caught:
        versions.load(versions.read(copied), engine)
    assert "\n" not in str(caught.value)


def test_version_without_twin(copied: Path, mnist: tuple[Digits, Digits]) -> None:
    """It can be measured as a SavedModel, and says why not as a twin."""
    (copied / TWIN).unlink()
    sign(copied)
    version = versions.read(copied)
    logits = versions.load(version, "saved_model")(mnist[1].images[:5])

    assert logits.shape == (5, 10)
    with pytest.raises(VersionError, match="ships no int8 twin"):
        versions.load(version, "twin")


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_that_are_no_numbers_are_refused(
    tmp_path: Path, mnist: tuple[Digits, Digits], engine: EngineName
) -> None:
    """NaN among the weights is found before anything is counted."""
    folder = export_tiny(tmp_path / "1", mnist[0], bias=float("nan"))

    with pytest.raises(NoNumbers, match=rf"{tmp_path}.* no numbers"):
        versions.load(versions.read(folder), engine)
