"""alexnet models: list and verify."""

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from tests.conftest import MODELS

Alexnet = Callable[..., Result]


def test_versions_are_listed(alexnet: Alexnet, version_folder: Path) -> None:
    """With number, size and accuracy; as JSON for programs."""
    plain = alexnet("models", "list", "--models", MODELS)
    described = json.loads(
        alexnet("models", "list", "--json", "--models", MODELS).stdout.splitlines()[0]
    )

    assert plain.exit_code == 0
    assert "% of the test digits" in plain.stdout
    assert described["version"] == version_folder.name
    assert described["test_accuracy"] > 0.99


def test_no_versions_is_told(alexnet: Alexnet, tmp_path: Path) -> None:
    """An empty folder is not a success."""
    assert alexnet("models", "list", "--models", tmp_path).exit_code == 1
    assert alexnet("models", "verify", "--models", tmp_path).exit_code == 1


def test_good_version_is_verified(alexnet: Alexnet, version_folder: Path) -> None:
    """Digests and golden digits hold for the committed one."""
    result = alexnet("models", "verify", "--version", version_folder.name, "--models", MODELS)

    assert (result.exit_code, result.stdout) == (
        0,
        f"{version_folder.name}  good, run by litert\n",
    )


def test_altered_version_is_found_out(alexnet: Alexnet, copied: Path) -> None:
    """One byte more in the twin, and the version is named with what is wrong."""
    with (copied / "assets.extra" / "alexnet.int8.tflite").open("ab") as file:
        file.write(b"x")
    result = alexnet("models", "verify", "--models", copied.parent.parent)

    assert result.exit_code == 1
    assert "model_damaged" in result.stdout


def test_manifest_without_a_figure_is_told(alexnet: Alexnet, copied: Path) -> None:
    """The other versions are listed all the same."""
    manifest = copied / "assets.extra" / "manifest.json"
    said = json.loads(manifest.read_text())
    said["metrics"]["test"]["twin"]["accuracy"] = None
    manifest.write_text(json.dumps(said))
    result = alexnet("models", "list", "--models", copied.parent.parent)

    assert result.exit_code == 0
    assert "The manifest cannot be read." in result.stdout
