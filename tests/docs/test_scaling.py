"""The page on scaling is what was measured, and its arithmetic right."""

import copy
from pathlib import Path
from typing import Any

import pytest

from docs.__main__ import FOLDER, write_scaling
from docs.results import NotMeasured, read_results
from docs.scaling import (
    count_balancers,
    count_core_hours,
    count_cores,
    count_megabits,
    count_replicas,
    describe_scaling,
    mix,
)

ROUND = {
    "closed": {"32": {"per_second": 1500.0, "p50_ms": 20.0}},
    "cpu_ms": {"32": 0.6},
    "idle_mib": 100.0,
    "loaded_mib": 200.0,
}
LOOP = {
    "sent_per_second": 750.0,
    "answered_per_second": 750.0,
    "refused_per_second": 0.0,
    "p50_ms": 2.0,
    "p99_ms": 9.0,
}
RESULTS: dict[str, Any] = {
    "machine": {"processor": "an abacus", "cores": "2"},
    "rounds": {"ours": [ROUND | {"cpu_ms": {"32": 0.5}}], "ours-2": [ROUND]},
    "offered": {"ours": {"0.75": LOOP, "3.0": LOOP}},
    "growth": {
        "engine_ms": {"1": 0.5, "16": 1.6},
        "image_ms": {"784": 1.0, "12000000": 25.0},
    },
    "stress": [{"many_per_second": {"PNGs": rate}} for rate in (3900.0, 4000.0, 5000.0)],
}


def test_page_is_what_was_measured(tmp_path: Path) -> None:
    """`make docs` was called after `make bench`."""
    write_scaling(tmp_path)

    assert (tmp_path / "scaling.md").read_text() == (FOLDER / "scaling.md").read_text()


def test_arithmetic_by_hand() -> None:
    """A thousand requests of 0.6 ms keep one core busy at 60 %; a million of 3.6 ms an hour."""
    assert count_cores(1000, 0.6) == pytest.approx(1)
    assert [count_replicas(cores, 2) for cores in (0.1, 2.0, 2.1)] == [4, 4, 5]
    assert count_replicas(8.5, 4) == 6
    assert count_balancers(90_000, 50_000) == 4
    assert mix(1.0, 20.0) == pytest.approx(2)
    assert count_core_hours(3.6) == pytest.approx(1)
    assert count_megabits(1000, 500) == pytest.approx(4)


@pytest.mark.parametrize(
    "told",
    [
        "an abacus",
        "| 1 worker | 0.500 | 1000 ÷ 0.500 = 2,000 | 1,500 |",
        "| 2 workers | 0.600 | 1000 ÷ 0.600 = 1,667 | 1,500 |",
        "| 256 in a request: PNGs | 4,000 | measured |",
        "| the engine alone, 16 at a time | 10,000 | 1000 × 16 ÷ 1.600 ms |",
        "| 10,000 | 10,000 × 0.600 ÷ 1000 ÷ 0.6 | 10 |",
        "| 1,000,000 | 1,000,000 × 0.600 ÷ 1000 ÷ 0.6 | 1,000 |",
        "| 1,000,000 | 4 | ⌈1,000 ÷ 4⌉ + 3 = 253 | 253 × 4 × 100 MiB = 98.8 GiB |",
        "| 0.75 | 750 | 750 | 0 | 2.0 | 9.0 |",
        "| 10,000 | 10,000 × 1.800 ÷ 1000 ÷ 0.6 | 30 | 10 |",
        "1,000,000 × 0.0200 s",
        "= 20,000, on all balancers",
        "| one a request | 0.600 | 600 | 0.167 | 0.167 ÷ 0.6 × 0.04 = 0.0111 |",
        "| 256 a request: PNGs | 1000 × 2 ÷ 4,000 = 0.500 | 500 | 0.139 |",
        "| in bulk: the engine | 1.600 ÷ 16 = 0.100 | 100 | 0.028 |",
    ],
)
def test_page_says_what_follows(told: str) -> None:
    """Each number, worked out by hand, beside its formula."""
    assert told in describe_scaling(RESULTS)


@pytest.mark.parametrize(("refused", "is_explained"), [(0.0, False), (400.0, True)])
def test_refusals_below_capacity_are_explained(refused: float, *, is_explained: bool) -> None:
    """They are shown, and what the open loop does not tell is said."""
    results = copy.deepcopy(RESULTS)
    results["offered"]["ours"]["0.75"]["refused_per_second"] = refused

    page = describe_scaling(results)

    assert f"| 0.75 | 750 | 750 | {refused:.0f} |" in page
    assert ("It refused requests below its capacity:" in page) is is_explained


@pytest.mark.parametrize(
    "place",
    [
        ("rounds", "ours"),
        ("rounds", "ours-2"),
        ("growth", "engine_ms"),
        ("growth", "image_ms"),
        ("stress",),
    ],
)
def test_what_was_not_measured_is_missed(place: tuple[str, ...]) -> None:
    """A short benchmark leaves out what the page needs, and no page is written without."""
    results = copy.deepcopy(RESULTS)
    parent = results
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = {}

    with pytest.raises(NotMeasured, match=".".join(place)):
        describe_scaling(results)


def test_no_results_at_all(tmp_path: Path) -> None:
    """It says which file is missing, and what writes it."""
    with pytest.raises(NotMeasured, match=r"RESULTS\.json is not there; `make bench`"):
        read_results(tmp_path / "RESULTS.json")
