"""Which version is served: the highest that is whole and passes its self-test, and no other."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.errors import ModelDamaged, ModelNotFound, SelfTestFailed
from app.registry import MANIFEST, load_newest, load_version, verify

Damage = Callable[[Path], None]


@pytest.fixture
def copied(version_folder: Path, tmp_path: Path) -> Path:
    """A copy of the committed version that a test may damage."""
    folder = tmp_path / "alexnet" / version_folder.name
    shutil.copytree(version_folder, folder)
    return folder


def edit_manifest(folder: Path, **changes: object) -> None:
    """Change members of the manifest."""
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def sign(folder: Path, name: str) -> None:
    """Make the manifest agree with a file that was changed."""
    files = json.loads((folder / MANIFEST).read_text())["files"]
    files[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    edit_manifest(folder, files=files)


def strike_twin(folder: Path) -> None:
    """Make the version one that ships no twin."""
    files = json.loads((folder / MANIFEST).read_text())["files"]
    del files["assets.extra/alexnet.int8.tflite"]
    edit_manifest(folder, files=files)


def flip_byte(path: Path, place: int) -> None:
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)


def test_committed_version_loads(version_folder: Path) -> None:
    """What is in git verifies, loads and passes its self-test with the twin."""
    version = load_version(version_folder, "auto", threads=1)

    assert version.engine_name == "litert"
    assert str(version.number) == version_folder.name
    assert len(version.sha256) == 64


@pytest.mark.parametrize(
    "name",
    [
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
        "assets.extra/alexnet.int8.tflite",
        "assets.extra/golden.npz",
        "assets.extra/report/curves.png",
    ],
)
@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: flip_byte(path, 0),
        lambda path: flip_byte(path, -1),
    ],
    ids=["missing", "emptied", "truncated", "first-byte", "last-byte"],
)
def test_damaged_file_is_named(copied: Path, name: str, damage: Damage) -> None:
    """Any file that is not what the manifest says is refused before it is parsed."""
    damage(copied / name)

    with pytest.raises(ModelDamaged, match=name):
        verify(copied)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"name": "lenet"},
        {"version": 999},
        {"version": "one"},
        {"files": {}},
        {"files": {"../../secret": "0" * 64}},
        {"reject": {"min_energy": float("nan"), "min_confidence": 0.5}},
        {"reject": {}},
    ],
    ids=str,
)
def test_wrong_manifest_is_refused(copied: Path, changes: dict[str, object]) -> None:
    """A manifest of another schema, or about something else, is no manifest."""
    edit_manifest(copied, **changes)

    with pytest.raises(ModelDamaged):
        verify(copied)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff\xfe"])
def test_unreadable_manifest_is_refused(copied: Path, content: bytes | None) -> None:
    """A manifest that is missing or no JSON is an error of ours."""
    path = copied / MANIFEST
    path.unlink() if content is None else path.write_bytes(content)

    with pytest.raises(ModelDamaged):
        verify(copied)


def test_golden_digits_decide(copied: Path) -> None:
    """A version whose digits come out otherwise than when it was made is not served."""
    path = copied / "assets.extra" / "golden.npz"
    with np.load(path) as golden:
        arrays = dict(golden)
    np.savez_compressed(path, **{**arrays, "probabilities": arrays["probabilities"][::-1]})
    sign(copied, "assets.extra/golden.npz")

    with pytest.raises(SelfTestFailed):
        load_version(copied, "litert", threads=1)


def test_twin_that_is_none_is_refused(copied: Path) -> None:
    """A file that verifies and is no network is an error of ours."""
    (copied / "assets.extra" / "alexnet.int8.tflite").write_bytes(b"TFL3 is not here")
    sign(copied, "assets.extra/alexnet.int8.tflite")

    with pytest.raises(ModelDamaged):
        load_version(copied, "litert", threads=1)


def test_next_lower_version_serves_where_the_highest_is_damaged(
    copied: Path, version_folder: Path
) -> None:
    """A bad new version does not take the good old one with it."""
    shutil.copytree(copied, copied.with_name("999"))

    version = load_newest(copied.parent.parent, "litert", threads=1)

    assert str(version.number) == version_folder.name


def test_highest_is_by_number(copied: Path) -> None:
    """Version 10 is higher than version 9."""
    for number in (9, 10):
        folder = copied.with_name(str(number))
        shutil.copytree(copied, folder)
        edit_manifest(folder, version=number)

    assert load_newest(copied.parent.parent, "litert", threads=1).number == 10


def test_no_version_is_an_error(tmp_path: Path) -> None:
    """An empty folder of models cannot be served."""
    with pytest.raises(ModelNotFound):
        load_newest(tmp_path, "auto", threads=1)


def test_version_without_twin_is_not_for_litert(copied: Path) -> None:
    """The engine that is asked for must have what it runs."""
    strike_twin(copied)

    with pytest.raises(ModelNotFound):
        load_version(copied, "litert", threads=1)


def test_version_without_twin_falls_to_tensorflow(copied: Path) -> None:
    """`auto` takes TensorFlow where a version ships no twin."""
    strike_twin(copied)

    assert load_version(copied, "auto", threads=1).engine_name == "tensorflow"
