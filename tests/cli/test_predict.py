"""alexnet predict: which files, in which form, with which exit code."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

from tests.conftest import MODELS
from tests.pictures import encode

Alexnet = Callable[..., Result]

BLANK = encode(np.full((40, 40), 255, np.uint8))


def test_files_are_read_in_their_order(alexnet: Alexnet, pictures: Path) -> None:
    """A line for each file, as they were named, and 0 because all were read."""
    two, seven = pictures / "b" / "two.PNG", pictures / "seven.png"
    result = alexnet("predict", seven, two, "--models", MODELS)

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[str(seven), "7"], [str(two), "2"]]
    assert lines[0].endswith("%")


def test_bad_file_stops_nothing(alexnet: Alexnet, pictures: Path) -> None:
    """A folder is searched through; what is broken in it is told apart, and the exit code is 1."""
    result = alexnet("predict", pictures, "--json", "--models", MODELS)
    found = {Path(line["file"]).name: line for line in map(json.loads, result.stdout.splitlines())}

    assert result.exit_code == 1
    assert set(found) == {"two.PNG", "broken.png", "seven.png"}
    assert (found["seven.png"]["digit"], found["two.PNG"]["digit"]) == (7, 2)
    assert found["broken.png"]["error"]["code"] == "not_an_image"


def test_table_has_a_row_for_each(alexnet: Alexnet, pictures: Path) -> None:
    """CSV with a header; a missing file is a row as well."""
    names = [str(pictures / "seven.png"), str(pictures / "gone.png")]
    result = alexnet("predict", *names, "--csv", "--models", MODELS)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))

    assert result.exit_code == 1
    assert [row["file"] for row in rows] == names
    assert (rows[0]["digit"], rows[0]["accepted"], rows[0]["error"]) == ("7", "true", "")
    assert (rows[1]["digit"], rows[1]["error"]) == ("", "unreadable_file")


def test_errors_go_to_standard_error(alexnet: Alexnet, pictures: Path) -> None:
    """What a pipe takes on are readings alone."""
    result = alexnet("predict", pictures / "broken.png", "--models", MODELS)

    assert result.stdout == ""
    assert "not_an_image" in result.stderr


def test_glob_and_pipe(alexnet: Alexnet, pictures: Path) -> None:
    """A glob that no shell has expanded, and standard input."""
    seven = (pictures / "seven.png").read_bytes()
    words = ["predict", "-", f"{pictures}/**/t*.PNG", "--json", "--models", MODELS]
    result = alexnet(*words, input=seven)
    lines = [json.loads(line) for line in result.stdout.splitlines()]

    assert result.exit_code == 0
    assert [(line["file"], line["digit"]) for line in lines] == [
        ("-", 7),
        (str(pictures / "b" / "two.PNG"), 2),
    ]


def test_many_keep_their_order(alexnet: Alexnet, pictures: Path) -> None:
    """More than fit into several pieces, every seventh of them blank: each gets its own answer."""
    seven = (pictures / "seven.png").read_bytes()
    folder = pictures / "many"
    folder.mkdir()
    for place in range(300):
        (folder / f"{place:03}.png").write_bytes(BLANK if place % 7 == 0 else seven)
    result = alexnet("predict", folder, "--csv", "--models", MODELS)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))

    assert [Path(row["file"]).stem for row in rows] == [f"{place:03}" for place in range(300)]
    assert [row["error"] for row in rows] == [
        "blank_image" if place % 7 == 0 else "" for place in range(300)
    ]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["a.png", "--json", "--csv"], 2, "exclude each other"),
        ([], 2, "Missing argument"),
        (["no-such-folder-*/"], 2, "no pictures"),
        (["a.png", "--engine", "abacus"], 2, "abacus"),
        (["a.png", "--models", "/nowhere"], 3, "No model"),
        (["README.md", "--url", "http://127.0.0.1:9"], 3, "does not answer"),
    ],
)
def test_what_cannot_be_done_has_its_own_exit_code(
    alexnet: Alexnet, words: list[str], code: int, text: str
) -> None:
    """2 for a wrong command, 3 where there is nothing to read with."""
    result = alexnet("predict", *words)

    assert result.exit_code == code
    assert text in result.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["SRC"], "SRC DEST"),
        (["SRC", "DEST", "--json"], "SRC DEST"),
        (["SRC", "DEST"], "pip install 'alexnet-digits[bulk]'"),
    ],
)
def test_cluster_needs_two_places_and_ray(
    alexnet: Alexnet, monkeypatch: pytest.MonkeyPatch, words: list[str], text: str
) -> None:
    """Where Ray is not installed, it is said how to have it."""
    monkeypatch.delitem(sys.modules, "app.bulk.running", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    result = alexnet("predict", "--engine", "ray", *words)

    assert result.exit_code == 2
    assert text in result.stderr
