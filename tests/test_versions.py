"""A version folder: nothing is loaded of it unless all of it is as it was made."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.errors import ModelDamaged, ModelNotFound, SelfTestFailed
from app.versions import GOLDEN, MANIFEST, find_versions, fingerprint, load_version

Damage = Callable[[Path], None]


def edit_manifest(folder: Path, **changes: object) -> None:
    """Change members of the manifest."""
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def sign(folder: Path, name: str) -> None:
    """Make the manifest agree with a file that was changed."""
    files = json.loads((folder / MANIFEST).read_text())["files"]
    files[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    edit_manifest(folder, files=files)


def expect_other_digits(folder: Path) -> None:
    """Let the golden digits be others than the network reads."""
    with np.load(folder / GOLDEN) as golden:
        arrays = dict(golden)
    arrays["probabilities"] = arrays["probabilities"][::-1]
    np.savez_compressed(folder / GOLDEN, **arrays)


def strike_twin(folder: Path) -> None:
    """Make the version one that ships no twin."""
    files = json.loads((folder / MANIFEST).read_text())["files"]
    del files["assets.extra/alexnet.int8.tflite"]
    (folder / "assets.extra" / "alexnet.int8.tflite").unlink()
    edit_manifest(folder, files=files)


def flip_byte(path: Path, place: int) -> None:
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)


def test_committed_version_loads(version_folder: Path) -> None:
    """What is in git verifies, loads and passes its self-test with the twin."""
    version = load_version(version_folder, "auto", threads=1)

    assert version.facts.engine == "litert"
    assert version.facts.version == version_folder.name
    assert len(version.facts.sha256) == 64


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
        load_version(copied, "litert", threads=1)


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
        load_version(copied, "litert", threads=1)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff\xfe"])
def test_unreadable_manifest_is_refused(copied: Path, content: bytes | None) -> None:
    """A manifest that is missing or no JSON is an error of ours."""
    path = copied / MANIFEST
    path.unlink() if content is None else path.write_bytes(content)

    with pytest.raises(ModelDamaged):
        load_version(copied, "litert", threads=1)


def test_golden_digits_decide(copied: Path) -> None:
    """A version whose digits come out otherwise than when it was made is not served."""
    expect_other_digits(copied)
    sign(copied, GOLDEN)

    with pytest.raises(SelfTestFailed):
        load_version(copied, "litert", threads=1)


def test_twin_that_is_none_is_refused(copied: Path) -> None:
    """A file that verifies and is no network is an error of ours."""
    (copied / "assets.extra" / "alexnet.int8.tflite").write_bytes(b"TFL3 is not here")
    sign(copied, "assets.extra/alexnet.int8.tflite")

    with pytest.raises(ModelDamaged):
        load_version(copied, "litert", threads=1)


def test_unlisted_file_is_refused(copied: Path) -> None:
    """What the manifest does not vouch for has no place in a version."""
    (copied / "variables" / "extra").write_bytes(b"x")

    with pytest.raises(ModelDamaged, match=r"variables/extra is not in the manifest"):
        load_version(copied, "litert", threads=1)


@pytest.mark.parametrize("name", [MANIFEST, "saved_model.pb"])
def test_pipe_is_not_waited_for(copied: Path, name: str) -> None:
    """What is no file is refused, where reading it would never end."""
    (copied / name).unlink()
    os.mkfifo(copied / name)

    with pytest.raises(ModelDamaged):
        load_version(copied, "litert", threads=1)


def test_endless_manifest_is_not_read_whole(copied: Path) -> None:
    """A manifest of more than a mebibyte is none."""
    (copied / MANIFEST).write_bytes(b" " * (1 << 20) + b"{}")

    with pytest.raises(ModelDamaged, match="too large"):
        load_version(copied, "litert", threads=1)


@pytest.mark.parametrize(
    ("images", "probabilities"),
    [
        (np.zeros((0, 28, 28), np.uint8), np.zeros((0, 10), np.float32)),
        (np.zeros((2, 28, 28), np.float32), np.zeros((2, 10), np.float32)),
        (np.zeros((2, 28, 28), np.uint8), np.zeros((3, 10), np.float32)),
        (np.zeros((2, 28, 28), np.uint8), np.full((2, 10), np.nan, np.float32)),
    ],
    ids=["none", "floats", "too-many", "not-numbers"],
)
def test_golden_digits_that_prove_nothing_are_refused(
    copied: Path, images: NDArray[np.uint8], probabilities: NDArray[np.float32]
) -> None:
    """A self-test that could not fail is none."""
    np.savez_compressed(copied / GOLDEN, images=images, probabilities=probabilities)
    sign(copied, GOLDEN)

    with pytest.raises((ModelDamaged, SelfTestFailed)):
        load_version(copied, "litert", threads=1)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_golden_digits_that_are_no_archive_are_refused(copied: Path, content: bytes) -> None:
    """A file that verifies and holds no arrays is an error of ours."""
    (copied / GOLDEN).write_bytes(content)
    sign(copied, GOLDEN)

    with pytest.raises(ModelDamaged):
        load_version(copied, "litert", threads=1)


def test_versions_are_found_by_number(tmp_path: Path) -> None:
    """Version 10 is higher than version 9, and what is no whole number is no version."""
    for name in ("9", "10", "0", "07", ".aside-11", "²", "one"):
        (tmp_path / "alexnet" / name).mkdir(parents=True)
    (tmp_path / "alexnet" / "12").write_text("a file")

    assert list(find_versions(tmp_path)) == [10, 9]
    assert find_versions(tmp_path / "nowhere") == {}


def test_fingerprint_tells_any_change(copied: Path) -> None:
    """A file that was touched, replaced, added or removed shows from outside."""
    seen = {fingerprint(copied)}
    twin = copied / "assets.extra" / "alexnet.int8.tflite"
    os.utime(twin, (1, 1))
    seen.add(fingerprint(copied))
    (copied / "more").write_bytes(b"")
    seen.add(fingerprint(copied))
    twin.unlink()
    seen.add(fingerprint(copied))

    assert len(seen) == 4
    assert fingerprint(copied) in seen


def test_version_without_twin_is_not_for_litert(copied: Path) -> None:
    """The engine that is asked for must have what it runs."""
    strike_twin(copied)

    with pytest.raises(ModelNotFound):
        load_version(copied, "litert", threads=1)


def test_version_without_twin_falls_to_tensorflow(copied: Path) -> None:
    """`auto` takes TensorFlow where a version ships no twin."""
    strike_twin(copied)

    assert load_version(copied, "auto", threads=1).facts.engine == "tensorflow"
