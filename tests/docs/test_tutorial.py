"""The tutorial, in both languages: it runs from top to bottom, and is kept without its outputs."""

import os

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from docs.__main__ import FOLDER
from tests.processes import ROOT

NAMES = ["tutorial.ipynb", "tutorial.zh-CN.ipynb"]
DEADLINE_SECONDS = 600


def read(name: str) -> NotebookNode:
    """One of the notebooks."""
    return nbformat.read(FOLDER / name, as_version=4)


def list_code(notebook: NotebookNode) -> list[str]:
    """What its cells of code say."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cell fails; the network learnt something, and each of the three figures is a picture."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = read(name)
    client = NotebookClient(
        notebook,
        timeout=DEADLINE_SECONDS,
        startup_timeout=DEADLINE_SECONDS,
        kernel_name="python3",
    )
    client.execute()

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [output.data for output in outputs if "data" in output]
    assert sum("image/png" in data for data in shown) == 3
    (figures,) = [data["text/plain"] for data in shown if "'accuracy'" in data["text/plain"]]
    assert float(figures.rstrip("}").rsplit(" ", 1)[1]) > 0.3
    assert any("(10, 28, 28, 1, 1), (10, 28, 28, 1)" in data["text/plain"] for data in shown)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_is_kept_without_outputs(name: str) -> None:
    """What a run answers is not in git."""
    cells = [cell for cell in read(name).cells if cell.cell_type == "code"]

    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


def test_languages_say_the_same() -> None:
    """The same code in the same places, and as many words around it."""
    one, other = (read(name) for name in NAMES)

    assert list_code(one) == list_code(other)
    assert [cell.cell_type for cell in one.cells] == [cell.cell_type for cell in other.cells]
    for cell, translated in zip(one.cells, other.cells, strict=True):
        assert cell.source.count("\n#") == translated.source.count("\n#")
