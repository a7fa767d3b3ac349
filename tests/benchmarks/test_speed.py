"""The benchmark of speed: what it posts, whom it starts and ends, how it judges."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.routes.forms import Expected, parse_form
from benchmarks.speed import environments, plots, report
from benchmarks.speed.bars import judge
from benchmarks.speed.contenders import BY_NAME, choose
from benchmarks.speed.environments import NotInstallable
from benchmarks.speed.parsing import Closed, Open
from benchmarks.speed.payloads import BOUNDARY, load_known, to_binary_tensor, to_form, to_png
from benchmarks.speed.results import Growth, Results, Round, Stress
from benchmarks.speed.servers import NotServing, serving


def measured(per_second: float, p99_ms: float, p50_ms: float = 1.0) -> Round:
    """A round in which a contender did so many requests a second, at any concurrency."""
    closed = Closed(1000, 0, per_second, p50_ms, p99_ms)
    return Round({1: closed, 32: closed}, {1: 0.5, 32: 0.5}, 0.8, 120.0, 130.0)


@pytest.fixture
def results() -> Results:
    """A whole run, in numbers that are easy to divide."""
    overload = Open(3000, 2900, 950, 1900, 0, 20, 60, 5)
    return Results(
        machine={"cores": "2"},
        rounds={
            "floor": [measured(1000, 20), measured(1100, 20)],
            "ours": [measured(950, 20), measured(990, 20)],
            "litserve": [measured(100, 100), measured(100, 100)],
            "twin": [measured(600, 90), measured(600, 90)],
        },
        offered={"ours": {0.5: overload, 3.0: overload}},
        missing={"triton": "not installable here: no wheel\nand more"},
        growth=Growth({1: 0.4, 64: 16.0}, {784: 1.0, 12_000_000: 80.0}, {1: [950], 2: [1500]}),
        stress=[
            Stress(
                ms, {"a form": rate}, overload, replace(overload, p99_ms=p99), overload, 10, hints
            )
            for ms, rate, p99, hints in (
                (16.0, 3600, 60, 10),
                (16.0, 3000, 180, 10),
                (8.0, 6600, 90, 9),
            )
        ],
    )


def test_forms_are_read_by_the_service(version_folder: Path) -> None:
    """What is posted is what the service takes apart."""
    uploads = [to_png(image) for image in load_known(version_folder).images[:3]]
    form = to_form("files", *uploads)

    found = parse_form(form, BOUNDARY.encode(), Expected("files", 3, 0))
    assert found == uploads


def test_binary_tensor_ends_with_the_pixels(version_folder: Path) -> None:
    """The JSON is as long as is said, and the pixels follow."""
    images = load_known(version_folder).images[:2]
    body, head = to_binary_tensor(images)

    np.testing.assert_array_equal(np.frombuffer(body[head:], np.uint8), images.ravel())


def test_contenders_are_chosen_by_name() -> None:
    """In the table's order; an unknown name is told."""
    assert [each.name for each in choose("ours, floor")] == ["floor", "ours"]
    assert len(choose("")) == len(BY_NAME)
    with pytest.raises(SystemExit, match="nobody"):
        choose("floor,nobody")


def test_environment_without_a_lock_file_is_told(tmp_path: Path) -> None:
    """Its contenders are left out, with the reason."""
    with pytest.raises(NotInstallable, match=r"nothing\.txt"):
        environments.make("nothing", tmp_path)


def test_contender_is_ended_with_all_it_started(version_folder: Path) -> None:
    """A server answers inside of the block, and no process of it is left after it."""
    known = load_known(version_folder)
    with serving(BY_NAME["floor"], Path(sys.executable), version_folder, known) as running:
        processes = running.processes()
        assert running.resident_mib() > 1
        assert running.cpu_seconds() > 0

    assert not any(process.is_running() for process in processes)


def test_wrong_answer_is_told(version_folder: Path) -> None:
    """A contender that answers, but not what is right, is not measured; it is ended too."""
    wrong = replace(BY_NAME["floor"], is_right=lambda _body, _image, reading: reading == 0)
    before = set(psutil.Process().children(recursive=True))
    with (
        pytest.raises(NotServing, match="is right"),
        serving(wrong, Path(sys.executable), version_folder, load_known(version_folder)),
    ):
        pass

    assert set(psutil.Process().children(recursive=True)) <= before


def test_bars_are_ratios_within_a_round(results: Results) -> None:
    """Each round of ours is held against the same round of the other."""
    verdicts = {verdict.measure: verdict for verdict in judge(results)}

    floor = verdicts["requests/s at c=32 ÷ the floor's"]
    assert (floor.found, floor.is_met) == ("0.925", True)
    peer = verdicts["requests/s at c=32 ÷ the best peer's, taking images, on the SavedModel"]
    assert (peer.found, peer.is_met) == ("9.7 (litserve)", True)
    twin = verdicts["requests/s at c=32 ÷ the best peer's, given the twin"]
    assert (twin.found, twin.is_met) == ("1.62 (twin)", False)


def test_stress_is_the_median_of_its_rounds(results: Results) -> None:
    """With how far the others are off it; of refusals none may lack its hint."""
    verdicts = {verdict.measure: verdict for verdict in judge(results)}
    found = {
        name: (verdicts[name].found, verdicts[name].is_met)
        for name in (
            "256 digits in one request, a form ÷ the engine's rate",
            "p99 of small pictures beside 12-Mpx ones ÷ alone",
            "… refusals looked at with Retry-After",
        )
    }

    assert list(found.values()) == [
        ("0.825 (0.75–0.9)", True),
        ("1.5 (1–3)", True),
        ("29 of 30", False),
    ]


def test_few_answers_tell_no_times(results: Results, tmp_path: Path) -> None:
    """Of 32 connections that had 36 answers most still wait; their rate is told all the same."""
    few = Round({32: Closed(36, 0, 18, 276.0, 1920.0)}, {32: 58.0}, 0.8, 120.0, 130.0)
    many = replace(few, closed={32: Closed(640, 0, 320, 99.9, 199.0)})
    results.rounds = {"keras": [few, few], "litserve": [many, many]}
    path = tmp_path / "RESULTS.md"
    report.write(path, results, [], "command")
    rows = {line.split(" | ")[0]: line for line in path.read_text().splitlines()}

    assert " 18 (18–18) | – | – |" in rows[f"| {BY_NAME['keras'].title}"]
    assert "| 99.9 (99.9–99.9) |" in rows[f"| {BY_NAME['litserve'].title}"]


def test_workers_are_judged_by_what_there_are_cores_for(results: Results) -> None:
    """By requests a second with five cores; with two, by what a request takes of a core."""
    twice = replace(measured(950, 20), cpu_ms={1: 0.5, 32: 0.55})
    results.rounds["ours-2"] = [twice, twice]
    by_cores = {verdict.measure: verdict for verdict in judge(results)}
    results.machine["cores"] = "5"
    by_requests = {verdict.measure: verdict for verdict in judge(results)}

    (few,) = by_cores.keys() - by_requests.keys()
    assert few.startswith("CPU seconds a request")
    assert (by_cores[few].found, by_cores[few].bar, by_cores[few].is_met) == ("1.1", "≤ 1.18", True)
    many = by_requests["requests/s, workers 1 → 2"]
    assert (many.found, many.is_met) == ("1.58", False)


def test_report_says_what_was_and_was_not_measured(results: Results, tmp_path: Path) -> None:
    """Bars, tables, plots, and who is missing and why."""
    path = tmp_path / "RESULTS.md"
    drawn = plots.draw(tmp_path / "plots", results)
    report.write(path, results, drawn, "python -m benchmarks.speed")
    text = path.read_text()

    assert "| requests/s at c=32 ÷ the floor's | 0.925 | ≥ 0.9 | yes |" in text
    assert "- triton: not installable here: no wheel\n" in text
    assert "(plots/throughput-latency.png)" in text
    assert all(plot.read_bytes().startswith(b"\x89PNG") for plot in drawn)
