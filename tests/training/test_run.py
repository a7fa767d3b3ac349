"""The whole run, from MNIST to a version that both engines can load."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from app import contract
from app.scores import energy, softmax
from tests.training.conftest import SmokeRun, export_tiny
from training import dataset
from training.commands import main
from training.config import RECIPES
from training.dataset import Digits
from training.export import GOLDEN_PER_CLASS
from training.figures import agreement
from training.scorers import score_saved_model, score_twin

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
"""Fonts that are there wherever Matplotlib is."""

PLOTS = {"confusion.png", "curves.png", "filters.png", "mistakes.png", "weights.png"}


@pytest.fixture(scope="module")
def manifest(smoke_run: SmokeRun) -> dict[str, Any]:
    """What the version says of itself."""
    facts: dict[str, Any] = json.loads((smoke_run.folder / contract.MANIFEST).read_text())
    return facts


@pytest.fixture(scope="module")
def thousand(mnist: tuple[Digits, Digits]) -> Digits:
    """The first thousand test digits."""
    return mnist[1].take(np.arange(1000))


def test_run_succeeds_and_says_where(smoke_run: SmokeRun) -> None:
    """It ends with 0, and its last line is the version's folder."""
    assert smoke_run.status == 0
    assert smoke_run.printed.splitlines()[-1] == f"wrote {smoke_run.folder}"


def test_version_is_complete(smoke_run: SmokeRun) -> None:
    """All that the contract lists is there, and nothing that it does not."""
    files = {
        path.relative_to(smoke_run.folder).as_posix()
        for path in smoke_run.folder.rglob("*")
        if path.is_file()
    }

    assert files - {"fingerprint.pb"} == {
        "saved_model.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
        contract.TWIN,
        contract.GOLDEN,
        contract.WARMUP,
        contract.MANIFEST,
        *(f"{contract.REPORT}/{name}" for name in PLOTS),
    }
    assert [path.name for path in smoke_run.folder.parent.iterdir()] == ["1"]


def test_manifest_vouches_for_every_file(smoke_run: SmokeRun, manifest: dict[str, Any]) -> None:
    """Each digest is that of the file as it was moved into place."""
    files = [path for path in smoke_run.folder.rglob("*") if path.is_file()]
    digests = {
        path.relative_to(smoke_run.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != "manifest.json"
    }

    assert manifest["files"] == digests


def test_manifest_tells_the_run(manifest: dict[str, Any]) -> None:
    """Recipe, seed, version, temperature and every epoch's figures, wide, narrow and finishing."""
    recipe = RECIPES["smoke"]
    history = manifest["metrics"]["history"]

    assert recipe.narrowing is not None
    assert recipe.finishing is not None
    assert (manifest["version"], manifest["recipe"], manifest["seed"]) == (1, "smoke", recipe.seed)
    assert manifest["activation"] == "relu"
    assert 0.25 <= manifest["temperature"] <= 4
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(figures) for figures in history.values()} == {
        recipe.narrowing.wide_epochs + recipe.epochs + recipe.finishing.epochs
    }
    assert manifest["metrics"]["validation"]["digits"] == 5999
    assert manifest["metrics"]["test"]["twin"]["digits"] == 10000


def test_run_learnt_something(manifest: dict[str, Any]) -> None:
    """Even seconds of training read digits far better than chance, before and after int8."""
    test = manifest["metrics"]["test"]

    assert test["saved_model"]["accuracy"] > 0.4
    assert test["twin"]["accuracy"] > 0.4


def test_weights_are_stored_once(smoke_run: SmokeRun) -> None:
    """Four bytes for each of 21.6 million parameters, not eight."""
    size = sum(path.stat().st_size for path in (smoke_run.folder / "variables").iterdir())

    assert 4 * 21_604_426 <= size < 90e6


def test_saved_model_signature(smoke_run: SmokeRun, thousand: Digits) -> None:
    """Images uint8 [n, 28, 28] go in; probabilities and logits, float32 [n, 10], come out."""
    loaded = tf.saved_model.load(smoke_run.folder)
    signature = loaded.signatures[contract.SIGNATURE]
    (given,) = signature.structured_input_signature[1].values()
    answers = signature(images=tf.constant(thousand.images[:5]))

    assert (given.name, given.dtype, given.shape.as_list()) == ("images", tf.uint8, [None, 28, 28])
    assert {name: (a.dtype, a.shape.as_list()) for name, a in answers.items()} == {
        "probabilities": (tf.float32, [5, 10]),
        "logits": (tf.float32, [5, 10]),
    }
    np.testing.assert_allclose(
        answers["probabilities"], softmax(answers["logits"].numpy()), atol=1e-5
    )


@pytest.mark.parametrize("rows", [1, 7])
def test_twin_signature(smoke_run: SmokeRun, thousand: Digits, rows: int) -> None:
    """The twin takes batches of any size, and takes and gives what the SavedModel does."""
    runner = Interpreter(str(smoke_run.folder / contract.TWIN)).get_signature_runner(
        contract.SIGNATURE
    )
    inputs, outputs = runner.get_input_details(), runner.get_output_details()
    answers = runner(images=thousand.images[:rows])

    assert {name: detail["dtype"] for name, detail in inputs.items()} == {"images": np.uint8}
    assert {name: detail["dtype"] for name, detail in outputs.items()} == {
        "probabilities": np.float32,
        "logits": np.float32,
    }
    assert answers["logits"].shape == (rows, 10)


def test_twin_is_small(smoke_run: SmokeRun) -> None:
    """A byte, not four, for each of the 2.6 million weights of the units that were kept."""
    size = (smoke_run.folder / contract.TWIN).stat().st_size

    assert 2.55e6 < size < 2.75e6


def test_twin_and_saved_model_agree(smoke_run: SmokeRun, thousand: Digits) -> None:
    """Int8 changes hardly an answer, even of a network that is as unsure as this one."""
    twin = score_twin(smoke_run.folder / contract.TWIN)(thousand.images)
    saved_model = score_saved_model(smoke_run.folder)(thousand.images)

    assert agreement(twin, saved_model) >= 0.99


def test_measured_figures_are_the_versions_own(
    smoke_run: SmokeRun, manifest: dict[str, Any], mnist: tuple[Digits, Digits]
) -> None:
    """The accuracy that the manifest claims is the one that the exported twin has."""
    test = mnist[1]
    logits = score_twin(smoke_run.folder / contract.TWIN)(test.images)

    accuracy = np.mean(logits.argmax(axis=1) == test.labels)
    assert manifest["metrics"]["test"]["twin"]["accuracy"] == pytest.approx(accuracy, abs=1e-9)


def test_thresholds_pass_validation_digits(
    smoke_run: SmokeRun, manifest: dict[str, Any], mnist: tuple[Digits, Digits]
) -> None:
    """The manifest's thresholds let 99.5 % of the validation digits pass."""
    recipe = RECIPES["smoke"]
    split = dataset.split(*mnist, validation_share=recipe.validation_share, seed=recipe.seed)
    logits = score_twin(smoke_run.folder / contract.TWIN)(split.validation.images)
    is_known = energy(logits) >= manifest["reject"]["min_energy"]
    is_sure = softmax(logits).max(axis=1) >= manifest["reject"]["min_confidence"]

    assert np.mean(is_known & is_sure) >= 0.995


def test_golden_digits(smoke_run: SmokeRun) -> None:
    """A few digits of each class have the probabilities that the twin gives them again."""
    with np.load(smoke_run.folder / contract.GOLDEN) as golden:
        images, labels, expected = golden["images"], golden["labels"], golden["probabilities"]
    probabilities = softmax(score_twin(smoke_run.folder / contract.TWIN)(images))

    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [GOLDEN_PER_CLASS] * 10
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_plot_is_a_picture(smoke_run: SmokeRun, name: str) -> None:
    """Each plot of the report is a whole PNG with something drawn on it."""
    with Image.open(smoke_run.folder / contract.REPORT / name) as picture:
        pixels = np.asarray(picture.convert("L"))

        assert picture.format == "PNG"
        assert min(pixels.shape) >= 300
        assert len(np.unique(pixels)) > 10


def test_checkpoints_are_removed(smoke_run: SmokeRun) -> None:
    """A run that is done needs nothing to go on."""
    assert list(smoke_run.runs.iterdir()) == []


def test_evaluate_measures_a_version(
    tiny_version: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`evaluate` prints the figures that it writes, under the current folder if not told where."""
    monkeypatch.chdir(tmp_path)
    status = main(["evaluate", str(tiny_version), "--limit", "60", "--fonts", str(FONTS)])

    printed = capsys.readouterr().out
    out = Path("runs/evaluation-1-twin")
    metrics = json.loads((out / "metrics.json").read_text())
    assert status == 0
    assert metrics["test"]["digits"] == 60
    assert {name: sets["pictures"] for name, sets in metrics["strangers"].items()} == {
        "fashion": 60,
        "letters": 60,
        "textures": 60,
        "look-alikes": 60,
        "all letters": 120,
        "all three": 180,
    }
    assert f"accuracy            {metrics['test']['accuracy']:.2%}" in printed
    assert printed.startswith(f"wrote {out}\n")


def test_evaluate_runs_the_engine_it_is_told(tiny_version: Path, tmp_path: Path) -> None:
    """`--engine` and `--out` are heeded."""
    options = ["--engine", "saved_model", "--out", str(tmp_path / "here")]
    status = main(["evaluate", str(tiny_version), "--limit", "20", "--fonts", str(FONTS), *options])

    assert status == 0
    metrics = json.loads((tmp_path / "here" / "metrics.json").read_text())
    assert metrics["engine"] == "saved_model"


def test_fetch_writes_what_can_be_read(
    smoke_run: SmokeRun, tmp_path: Path, mnist: tuple[Digits, Digits]
) -> None:
    """`fetch` leaves a folder laid out as the cache, whose MNIST `--data` takes."""
    data = smoke_run.folder.parents[2] / "data"
    arguments = ["fetch", str(tmp_path / "copy"), "--data", str(data), "--recipe", "smoke"]
    status = main(arguments)
    training, test = dataset.load(tmp_path / "copy/mnist")

    assert status == 0
    np.testing.assert_array_equal(training.images, mnist[0].images)
    np.testing.assert_array_equal(test.labels, mnist[1].labels)


@pytest.mark.parametrize("command", [[], ["run"], ["evaluate", "1"], ["fetch", "copy"]])
def test_wrong_folder_is_a_clear_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    """A folder without MNIST ends every command with 1 and one line, and writes nothing."""
    monkeypatch.chdir(tmp_path)
    status = main([*command, "--data", str(tmp_path / "nowhere")])

    printed = capsys.readouterr()
    assert status == 1
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert str(tmp_path / "nowhere") in printed.err
    assert list(tmp_path.iterdir()) == []


def alter_twin(folder: Path) -> None:
    """Change a byte of the twin."""
    content = bytearray((folder / contract.TWIN).read_bytes())
    content[len(content) // 2] ^= 0xFF
    (folder / contract.TWIN).write_bytes(content)


def change_schema(folder: Path) -> None:
    """Give the manifest of a reader that is not written yet."""
    path = folder / contract.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 99}))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (shutil.rmtree, "manifest.json"),
        (lambda folder: (folder / "saved_model.pb").unlink(), "saved_model.pb is missing"),
        (alter_twin, f"{contract.TWIN} is not what the manifest says"),
        (change_schema, "99"),
    ],
    ids=["not there", "a file missing", "a file altered", "another schema"],
)
def test_damaged_version_is_a_clear_error(
    tiny_version: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], None],
    said: str,
) -> None:
    """`evaluate` ends with 1 and one line that says what is wrong, and writes nothing."""
    folder = Path(shutil.copytree(tiny_version, tmp_path / "models" / "1"))
    damage(folder)
    status = main(["evaluate", str(folder), "--runs", str(tmp_path / "runs")])

    printed = capsys.readouterr()
    assert status == 1
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert str(folder) in printed.err
    assert said in printed.err
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_weights_that_are_no_numbers_are_a_clear_error(
    mnist: tuple[Digits, Digits],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A network of NaN has no figures, whatever its digests."""
    folder = export_tiny(tmp_path / "1", mnist[0], bias=float("nan"))
    monkeypatch.chdir(tmp_path)
    status = main(["evaluate", str(folder), "--fonts", str(FONTS), "--limit", "20"])

    printed = capsys.readouterr()
    assert (status, printed.out) == (1, "")
    assert printed.err.endswith("answers logits that are no numbers\n")
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_no_fonts_are_a_clear_error(
    tiny_version: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A set that is not to be had is named before anything is measured."""
    status = main(["evaluate", str(tiny_version), "--fonts", str(tmp_path)])

    assert status == 1
    assert f"no font with Latin letters was found in {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["0", "-3", "some"])
def test_limit_is_a_count(
    tiny_version: Path, capsys: pytest.CaptureFixture[str], limit: str
) -> None:
    """No pictures are no measurement."""
    status = main(["evaluate", str(tiny_version), "--limit", limit])

    assert status == 2
    assert "--limit" in capsys.readouterr().err
