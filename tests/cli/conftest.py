"""The command, run in this process, and a folder of pictures to run it on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner, Result

from app.cli.commands import app
from tests.pictures import encode


@pytest.fixture
def alexnet() -> Callable[..., Result]:
    """What types a command, word by word."""
    return lambda *words, **options: CliRunner().invoke(
        app, [str(word) for word in words], **options
    )


@pytest.fixture
def pictures(tmp_path: Path, golden: dict[str, NDArray[np.uint8]]) -> Path:
    """A folder with a seven, a two in a folder of its own, a broken file, and no picture."""
    for name, digit in {"b/two.PNG": 2, "seven.png": 7}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode(golden["images"][golden["labels"] == digit][0]))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("not a picture either")
    return tmp_path
