"""One evaluation from a version folder to its figures and plots, on a network of two layers."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.contract import TWIN
from app.scores import energy, softmax
from training import evaluation, versions
from training.answers import SEED
from training.corruptions import KINDS, corrupt
from training.dataset import Digits
from training.export import write_manifest
from training.figures import auroc
from training.strangers import Strangers
from training.versions import Version, VersionError

PLOTS = {
    "confusion.png",
    "corruptions.png",
    "mistakes.png",
    "reliability.png",
    "scores.png",
    "strangers.png",
}


@pytest.fixture(scope="module")
def two_hundred(mnist: tuple[Digits, Digits]) -> Digits:
    """Two hundred test digits."""
    return mnist[1].take(np.arange(200))


@pytest.fixture(scope="module")
def strangers() -> dict[str, Strangers]:
    """Small sets under the names that count; two kinds in each."""
    rng = np.random.default_rng(8)
    kinds = np.repeat(["one", "other"], 20)
    return {
        name: Strangers(rng.integers(0, 256, (40, 28, 28), dtype=np.uint8), kinds, f"of {name}")
        for name in ("fashion", "letters", "textures", "look-alikes")
    }


@pytest.fixture(scope="module")
def version(tiny_version: Path) -> Version:
    """The tiny version."""
    return versions.read(tiny_version)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the evaluation is written."""
    return tmp_path_factory.mktemp("evaluation") / "deep" / "out"


@pytest.fixture(scope="module")
def metrics(
    version: Version, two_hundred: Digits, strangers: dict[str, Strangers], out: Path
) -> dict[str, Any]:
    """The twin's figures."""
    return evaluation.measure_version(version, "twin", two_hundred, strangers, out)


def test_figures_are_written(metrics: dict[str, Any], out: Path) -> None:
    """The file holds what was returned, beside the plots and nothing else."""
    assert json.loads((out / "metrics.json").read_text()) == metrics
    assert {path.name for path in out.iterdir()} == PLOTS | {"metrics.json"}


def test_figures_say_of_what(metrics: dict[str, Any], version: Version) -> None:
    """Version, engine and thresholds are named, so that a figure can be traced."""
    assert (metrics["version"], metrics["engine"]) == (1, "twin")
    assert metrics["manifest_sha256"] == version.sha256
    assert metrics["thresholds"]["min_energy"] == version.thresholds.min_energy
    assert metrics["test"]["digits"] == 200


def test_errors_are_those_of_spoiled_digits(
    metrics: dict[str, Any], version: Version, two_hundred: Digits
) -> None:
    """Each kind's error is what the network does on digits spoiled so; the mean is theirs."""
    score = versions.load(version, "twin")
    errors = metrics["corruptions"]["error"]

    assert list(errors) == list(KINDS)
    assert metrics["corruptions"]["mean_error"] == pytest.approx(np.mean(list(errors.values())))
    for kind in ("translate", "stripe"):
        logits = score(corrupt(two_hundred.images, kind, SEED))
        assert errors[kind] == pytest.approx(np.mean(logits.argmax(axis=1) != two_hundred.labels))


def test_acceptance_follows_the_thresholds(
    metrics: dict[str, Any], version: Version, two_hundred: Digits
) -> None:
    """Accepted are those at or above both thresholds; their accuracy is of them alone."""
    logits = versions.load(version, "twin")(two_hundred.images)
    thresholds = version.thresholds
    is_accepted = (energy(logits) >= thresholds.min_energy) & (
        softmax(logits).max(axis=1) >= thresholds.min_confidence
    )
    is_right = logits.argmax(axis=1) == two_hundred.labels

    assert 0 < is_accepted.mean() < 1
    assert metrics["accepted"]["share"] == pytest.approx(is_accepted.mean())
    assert metrics["accepted"]["accuracy"] == pytest.approx(is_right[is_accepted].mean())


def test_strangers_are_judged_by_set_and_kind(
    metrics: dict[str, Any],
    version: Version,
    two_hundred: Digits,
    strangers: dict[str, Strangers],
) -> None:
    """Each set has its AUROC against the clean digits, and what is accepted of each kind."""
    score = versions.load(version, "twin")
    fashion = score(strangers["fashion"].images)
    figures = metrics["strangers"]["fashion"]

    known = energy(score(two_hundred.images))
    assert figures["pictures"] == 40
    assert figures["auroc"] == pytest.approx(auroc(known, energy(fashion)))
    assert figures["accepted"] == pytest.approx(np.mean(version.thresholds.accept(fashion)))
    assert np.mean(list(figures["accepted_by_kind"].values())) == pytest.approx(figures["accepted"])
    assert figures["source"] == "of fashion"


def test_look_alikes_do_not_count(metrics: dict[str, Any]) -> None:
    """They stand apart: in all letters, and not in all that is no digit."""
    judged = metrics["strangers"]

    assert judged["all letters"]["pictures"] == 80
    assert judged["all three"]["pictures"] == 120


def test_engines_agree(
    metrics: dict[str, Any],
    version: Version,
    two_hundred: Digits,
    strangers: dict[str, Strangers],
    tmp_path: Path,
) -> None:
    """The SavedModel's figures are its own, and agreement is the same from either side."""
    other = evaluation.measure_version(version, "saved_model", two_hundred, strangers, tmp_path)

    assert other["engine"] == "saved_model"
    assert other["agreement"] == metrics["agreement"]
    assert metrics["agreement"] > 0.95
    assert other["test"]["accuracy"] == pytest.approx(metrics["test"]["accuracy"], abs=0.03)


def test_version_without_twin_agrees_with_nobody(
    tiny_version: Path, two_hundred: Digits, strangers: dict[str, Strangers], tmp_path: Path
) -> None:
    """Where there is one engine only, the rest is measured, and no agreement is made up."""
    folder = Path(shutil.copytree(tiny_version, tmp_path / "1"))
    reject = json.loads((folder / "assets.extra/manifest.json").read_text())["reject"]
    (folder / TWIN).unlink()
    (folder / "assets.extra/manifest.json").unlink()
    write_manifest(folder, 1, {"reject": reject})
    version = versions.read(folder)
    metrics = evaluation.measure_version(
        version, "saved_model", two_hundred, strangers, tmp_path / "out"
    )

    assert metrics["agreement"] is None
    assert "- agree" in evaluation.describe(metrics)


def test_packed_size_is_gits(version: Version, tmp_path: Path) -> None:
    """What git packs the folder to differs by little."""
    shutil.copytree(version.folder, tmp_path / "1")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["gc", "-q"]):
        subprocess.run([*git, *command], check=True)
    packed = sum(path.stat().st_size for path in tmp_path.glob(".git/objects/pack/*.pack"))

    assert evaluation.packed_bytes(version) == pytest.approx(packed, rel=0.05)


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_plot_is_a_picture(metrics: dict[str, Any], out: Path, name: str) -> None:
    """Each plot is a whole PNG with something drawn on it."""
    assert metrics
    with Image.open(out / name) as picture:
        pixels = np.asarray(picture.convert("L"))

        assert picture.format == "PNG"
        assert min(pixels.shape) >= 300
        assert len(np.unique(pixels)) > 10


def test_table_has_every_figure(metrics: dict[str, Any]) -> None:
    """What is read on a terminal is what was measured."""
    printed = evaluation.describe(metrics)

    assert f"accuracy            {metrics['test']['accuracy']:.2%}" in printed
    assert f"{metrics['agreement']:.2%} agree" in printed
    assert all(kind in printed for kind in KINDS)
    assert all(name in printed for name in metrics["strangers"])
    assert f"mean {metrics['corruptions']['mean_error']:17.2%}" in printed


@pytest.mark.parametrize("inside", [".", "assets.extra", "assets.extra/new"])
def test_version_folder_stays_as_it_is(
    version: Version, two_hundred: Digits, strangers: dict[str, Strangers], inside: str
) -> None:
    """Nothing is written where the manifest pins every file."""
    before = sorted(version.folder.rglob("*"))
    with pytest.raises(VersionError, match="must stay as it is"):
        evaluation.measure_version(version, "twin", two_hundred, strangers, version.folder / inside)

    assert sorted(version.folder.rglob("*")) == before
