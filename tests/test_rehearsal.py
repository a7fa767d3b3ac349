"""A version is tried in another process, and loaded here once it passed."""

from pathlib import Path

import numpy as np
import pytest

from app import rehearsal
from app.errors import ModelDamaged, SelfTestFailed
from app.rehearsal import rehearse
from app.versions import GOLDEN, MANIFEST, load_rehearsed, load_version
from tests.test_versions import expect_other_digits, flip_byte, sign

TWIN = "assets.extra/alexnet.int8.tflite"


def test_rehearsed_version_answers_alike(version_folder: Path) -> None:
    """What passed in another process is the same version here, answers and all."""
    loaded = load_rehearsed(version_folder, "litert", rehearse(version_folder, "litert"), threads=1)
    plain = load_version(version_folder, "litert", threads=1)
    with np.load(version_folder / GOLDEN) as golden:
        images = golden["images"]

    assert loaded.facts == plain.facts
    np.testing.assert_array_equal(loaded.engine(images), plain.engine(images))


def test_bad_version_is_refused_as_if_loaded_here(copied: Path) -> None:
    """The error comes back whole: its kind and its words."""
    expect_other_digits(copied)

    with pytest.raises(ModelDamaged, match=r"golden\.npz is not what the manifest says"):
        rehearse(copied, "litert")
    sign(copied, GOLDEN)
    with pytest.raises(SelfTestFailed):
        rehearse(copied, "litert")


@pytest.mark.parametrize("name", [TWIN, MANIFEST])
def test_change_after_the_rehearsal_is_seen(copied: Path, name: str) -> None:
    """What the engine reads is verified again: the folder may have changed meanwhile."""
    sha256 = rehearse(copied, "litert")
    flip_byte(copied / name, -1 if name == TWIN else 0)

    with pytest.raises(ModelDamaged):
        load_rehearsed(copied, "litert", sha256, threads=1)


def test_other_manifest_is_tested_anew(copied: Path) -> None:
    """A whole version that is not the one of the rehearsal has to pass by itself."""
    sha256 = rehearse(copied, "litert")
    expect_other_digits(copied)
    sign(copied, GOLDEN)

    with pytest.raises(SelfTestFailed):
        load_rehearsed(copied, "litert", sha256, threads=1)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [("sh -c 'kill -11 $$'", "ends the process"), ("sleep 60", "does not end")],
)
def test_crash_and_hang_are_the_versions_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, complaint: str
) -> None:
    """The process that tries it dies, or never answers: refused, and this one lives."""
    stand_in = tmp_path / "python"
    stand_in.write_text(f"#!/bin/sh\nexec >&-\nexec {script}\n")
    stand_in.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(stand_in))
    monkeypatch.setattr(rehearsal, "TIMEOUT_SECONDS", 1)

    with pytest.raises(ModelDamaged, match=complaint):
        rehearse(tmp_path, "litert")
