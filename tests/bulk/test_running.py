"""alexnet predict --engine ray: what is planned, refused, and done by a second run."""

import os
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from app.bulk.places import find_place
from app.bulk.results import list_images, make_row, note_source, write_part
from app.bulk.running import NothingToScore, prepare
from app.errors import BlankImage
from tests.bulk.cluster import SCORE
from tests.processes import DEADLINE_SECONDS, ROOT

SEVEN = ROOT / "samples" / "seven.png"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with a picture."""
    path = tmp_path / "src"
    path.mkdir()
    shutil.copy(SEVEN, path)
    return path


def write_rows(source: Path, destination: Path) -> None:
    """What a run leaves behind that scored the one picture."""
    rows = find_place(str(destination))
    note_source(rows, find_place(str(source)))
    write_part(rows, "part-0.parquet", [make_row(SEVEN.name, BlankImage("No ink."), "1")])


def plan(source: Path, destination: Path) -> list[str]:
    """The files that would be scored."""
    parts = prepare(str(source), str(destination)).parts
    return [path for part in parts for path in part.paths]


def score(source: Path, destination: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command on this machine, with Ray named by the environment."""
    words = [*(each for each in SCORE if each not in ("--engine", "ray")), *options]
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    return subprocess.run(
        [*words, source, destination],
        cwd=ROOT,
        env={**environment, "ENGINE": "ray"},
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("content", [None, "notes.txt"], ids=["missing", "other files"])
def test_empty_source_is_refused(source: Path, tmp_path: Path, content: str | None) -> None:
    """Also where the destination has rows: nothing left to do is not nothing there."""
    write_rows(source, tmp_path / "rows")
    wrong = tmp_path / "srcc"
    if content is not None:
        wrong.mkdir()
        (wrong / content).touch()

    assert plan(source, tmp_path / "rows") == []
    with pytest.raises(NothingToScore, match="srcc"):
        prepare(str(wrong), str(tmp_path / "rows"))


def test_rows_in_the_source_are_not_scored(source: Path) -> None:
    """What lies beside them is, whatever its name begins with."""
    write_rows(source, source / "digits")
    (source / "digits2").mkdir()
    (source / "digits2" / "new.png").touch()

    assert plan(source, source / "digits") == ["digits2/new.png"]


def test_source_among_the_rows_is_refused(source: Path) -> None:
    """Its tables would be taken for rows."""
    for place in (source, source / SEVEN.name):
        for destination in (source, source.parent):
            with pytest.raises(ValueError, match="folder of their own"):
                prepare(str(place), str(destination))


def test_rows_of_another_source_are_refused(source: Path, tmp_path: Path) -> None:
    """Names are relative: one's seven.png is not the other's. Without the note nobody knows."""
    rows = tmp_path / "rows"
    write_rows(source, rows)
    other = shutil.copytree(source, tmp_path / "src2")

    with pytest.raises(ValueError, match=r"src, not of .*src2"):
        prepare(str(other), str(rows))
    assert plan(source / SEVEN.name, rows) == []
    (rows / ".source").unlink()
    assert plan(other, rows) == []


def test_repaired_table_is_scored_by_the_next_run(source: Path, tmp_path: Path) -> None:
    """A file cut short is one error; replaced by the whole one, every row of it is read."""
    table, rows = source / "scans.parquet", tmp_path / "rows"
    parquet.write_table(pa.table({"image": [SEVEN.read_bytes()] * 10}), table, row_group_size=4)
    whole = table.read_bytes()
    table.write_bytes(whole[:100])
    first = score(source, rows)
    table.write_bytes(whole)
    second = score(source, rows)
    found = {row["image"]: row for row in parquet.read_table(rows).to_pylist()}

    assert first.returncode == 1, first.stderr
    assert "2 images scored, 1 errors" in first.stderr
    assert second.returncode == 0, second.stderr
    assert "10 images scored, 0 errors" in second.stderr
    assert found.pop(table.name)["error"] == "unreadable_file"
    assert {image: row["digit"] for image, row in found.items()} == dict.fromkeys(
        [SEVEN.name, *(f"scans.parquet#{row}" for row in range(10))], 7
    )
    assert len(list_images(find_place(str(rows)))) == 12
    assert (rows / ".source").read_text() == f"local://{source}"


def test_damaged_version_is_told_in_a_line(source: Path, tmp_path: Path) -> None:
    """Before there is a cluster, and without a trace."""
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models" / "alexnet", models / "alexnet")
    network = next(models.glob("alexnet/*/saved_model.pb"))
    network.write_bytes(network.read_bytes()[:-1])

    finished = score(source, tmp_path / "rows", "--models", str(models))

    assert finished.returncode == 3
    assert "saved_model.pb is not what the manifest says" in finished.stderr
    assert "Traceback" not in finished.stderr
