"""The READMEs' table of speed is what was measured."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from docs.__main__ import write_speed
from docs.results import NotMeasured
from docs.speed import HEADS, SHOWN, describe_speed
from tests.processes import ROOT

ROUND = {
    "closed": {
        "1": {"requests": 3900, "p50_ms": 0.51234},
        "32": {"requests": 5041, "per_second": 2520.6, "p50_ms": 12.44, "p99_ms": 1400.0},
    }
}


@pytest.fixture
def results() -> dict[str, Any]:
    """One round of each."""
    machine = {"processor": "an abacus", "cores": "2"}
    return {"machine": machine, "rounds": {name: [ROUND] for name in SHOWN}}


@pytest.mark.parametrize("name", HEADS)
def test_readme_has_what_was_measured(name: str, tmp_path: Path) -> None:
    """`make docs` was called after `make bench`."""
    for each in HEADS:
        shutil.copy(ROOT / each, tmp_path)
    write_speed(tmp_path)

    assert (tmp_path / name).read_text() == (ROOT / name).read_text()


def test_rows_by_hand(results: dict[str, Any]) -> None:
    """Three figures are enough for milliseconds."""
    lines = describe_speed(results, HEADS["README.md"]).splitlines()

    assert lines[0] == "| an abacus × 2 | alone, p50 | 32 callers, p50 | p99 | requests/s |"
    assert lines[3] == "| **this service**, 1 worker | 0.512 ms | 12.4 ms | 1,400 ms | 2,521 |"
    assert len(lines) == 2 + len(SHOWN)


def test_times_of_the_first_few_are_not_shown(results: dict[str, Any]) -> None:
    """Of 32 callers that had 36 answers most still wait."""
    slow = {"requests": 36, "per_second": 18.0, "p50_ms": 276.0, "p99_ms": 1920.0}
    alone = {"requests": 10, "p50_ms": 53.9}
    results["rounds"]["keras"] = [{"closed": {"1": alone, "32": slow}}]
    (row,) = [
        line
        for line in describe_speed(results, HEADS["README.md"]).splitlines()
        if "keras." in line
    ]

    assert row.endswith("| 53.9 ms | – | – | 18 |")


def test_a_contender_that_did_not_come_up_has_no_row(results: dict[str, Any]) -> None:
    """The others have."""
    del results["rounds"]["twin"]
    table = describe_speed({**results, "missing": {"twin": "it ended"}}, HEADS["README.md"])

    assert len(table.splitlines()) == 2 + len(SHOWN) - 1


def test_a_contender_that_was_not_measured_is_missed(results: dict[str, Any]) -> None:
    """A short benchmark writes no table."""
    del results["rounds"]["twin"]

    with pytest.raises(NotMeasured, match=r"rounds\.twin"):
        describe_speed(results, HEADS["README.md"])
