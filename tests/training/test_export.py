"""A version is there whole or not at all, and its manifest vouches for every file."""

import hashlib
import json
from pathlib import Path

import pytest

from app.contract import MANIFEST, SCHEMA
from training.export import next_version, write_manifest, written_aside


class Killed(Exception):
    """Stands for whatever ends a run."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where versions are."""
    return tmp_path / "alexnet"


def test_version_takes_its_place(tmp_path: Path, home: Path) -> None:
    """What was written aside is there under its number, and nothing else is."""
    with written_aside(tmp_path, 3) as folder:
        (folder / "weights").write_text("whole")
        seen = [path.name for path in home.iterdir() if path.name.isdecimal()]

    assert seen == []
    assert [path.name for path in home.iterdir()] == ["3"]
    assert (home / "3" / "weights").read_text() == "whole"


def write_half(models: Path) -> None:
    """Be killed while a version is being written."""
    with written_aside(models, 1) as folder:
        (folder / "weights").write_text("ha")
        raise Killed


def test_failure_leaves_nothing(tmp_path: Path, home: Path) -> None:
    """A version that could not be finished is not there, nor is half of it."""
    with pytest.raises(Killed):
        write_half(tmp_path)

    assert list(home.iterdir()) == []


def test_existing_version_is_never_replaced(tmp_path: Path, home: Path) -> None:
    """A number that is taken is refused before anything is written."""
    (home / "1").mkdir(parents=True)
    (home / "1" / "weights").write_text("first")
    with pytest.raises(FileExistsError, match="version 1 exists"), written_aside(tmp_path, 1):
        pytest.fail("gave a folder for a version that exists")

    assert [path.name for path in home.iterdir()] == ["1"]
    assert (home / "1" / "weights").read_text() == "first"


def test_remains_of_a_killed_run_are_removed(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run that could not tidy up has left does not get into the next version."""
    with monkeypatch.context() as patch:
        # The process is gone before it can tidy up.
        patch.setattr("training.export.shutil.rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            write_half(tmp_path)
    remains = [path.name for path in home.iterdir()]
    version = next_version(tmp_path)
    with written_aside(tmp_path, version) as folder:
        (folder / "other").write_text("whole")

    assert len(remains) == 1
    assert not remains[0].isdecimal()
    assert version == 1
    assert [path.name for path in home.iterdir()] == ["1"]
    assert [path.name for path in (home / "1").iterdir()] == ["other"]


@pytest.mark.parametrize(
    ("there", "following"),
    [([], 1), (["1"], 2), (["2", "10", "9"], 11), (["3", ".aside-7", "notes", "8.old"], 4)],
)
def test_next_version(tmp_path: Path, home: Path, there: list[str], following: int) -> None:
    """Numbers are compared as numbers, and what is no number is no version."""
    for name in there:
        (home / name).mkdir(parents=True)

    assert next_version(tmp_path) == following


def test_manifest_vouches_for_every_file(tmp_path: Path) -> None:
    """It has each file's SHA-256 but its own, and the facts that it was given."""
    contents = {"saved_model.pb": b"graph", "assets.extra/report/curves.png": b"\x89PNG"}
    for name, content in contents.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write_manifest(tmp_path, 5, {"recipe": "test"})

    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert manifest["files"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in contents.items()
    }
    assert (manifest["schema"], manifest["name"], manifest["version"]) == (SCHEMA, "alexnet", 5)
    assert manifest["recipe"] == "test"
