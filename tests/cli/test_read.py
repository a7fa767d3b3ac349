"""alexnet read: a number in each picture."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import Result

from tests.conftest import MODELS
from tests.pictures import encode

Alexnet = Callable[..., Result]


@pytest.fixture
def number(tmp_path: Path, golden: dict[str, NDArray[np.uint8]]) -> Path:
    """A picture of 2, 7 and 1 beside each other."""
    digits = [golden["images"][golden["labels"] == digit][0] for digit in (2, 7, 1)]
    path = tmp_path / "number.png"
    path.write_bytes(encode(np.pad(np.concatenate(digits, axis=1), 10)))
    return path


def test_number_is_read(alexnet: Alexnet, number: Path) -> None:
    """All digits from left to right, for people."""
    result = alexnet("read", number, "--models", MODELS)

    assert (result.exit_code, result.stdout) == (0, f"{number}  271\n")


def test_number_is_read_for_programs(alexnet: Alexnet, number: Path) -> None:
    """As the service answers, and as a table; what cannot be read has its place in both."""
    number.with_name("broken.png").write_bytes(b"no picture")
    words = ["read", number, number.with_name("broken.png"), "--models", MODELS]
    lines = [json.loads(line) for line in alexnet(*words, "--json").stdout.splitlines()]
    result = alexnet(*words, "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))

    assert lines[0]["text"] == "271"
    assert [digit["digit"] for digit in lines[0]["digits"]] == [2, 7, 1]
    assert lines[1]["error"]["code"] == "not_an_image"
    assert result.exit_code == 1
    assert [(row["text"], row["accepted"], row["error"]) for row in rows] == [
        ("271", "true", ""),
        ("", "", "not_an_image"),
    ]
