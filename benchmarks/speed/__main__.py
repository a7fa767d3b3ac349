"""Measure every contender, print what the bars say, write the results.

python -m benchmarks.speed                                      # all of it
python -m benchmarks.speed --contenders floor,ours --rounds 5   # the short one
"""

import argparse
import json
import os
import shlex
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from app.versions import find_versions
from benchmarks.speed import environments, generators, growth, machine, plots, report, stress
from benchmarks.speed.bars import judge
from benchmarks.speed.contenders import Contender, choose
from benchmarks.speed.environments import NotInstallable
from benchmarks.speed.payloads import load_known
from benchmarks.speed.results import Results
from benchmarks.speed.rounds import Bench, Plan, run_open_loops, run_rounds
from benchmarks.speed.servers import adopt_orphans

PACKAGES = {
    "fastapi": ("fastapi", "uvicorn", "keras", "tensorflow-cpu", "ai-edge-litert"),
    "litserve": ("litserve",),
    "bentoml": ("bentoml",),
    "ray": ("ray",),
    "mlserver": ("mlserver",),
    "pytriton": ("nvidia-pytriton",),
}
"""Of each environment, those whose versions the results name."""


def main(arguments: list[str]) -> int:
    """Run the benchmark; 0 if everything that was asked for could be measured."""
    options = _parse(arguments)
    generators.require()
    adopt_orphans()
    plan = Plan(options.rounds, options.seconds, _numbers(options.connections), options.shares)
    results = Results(machine.describe())
    contenders = choose(options.contenders)
    pythons = _install(contenders, options.environments, results)
    present = [each for each in contenders if each.environment in pythons]
    with tempfile.TemporaryDirectory() as folder:
        version = options.version.resolve()
        bench = Bench(pythons, version, load_known(version), Path(folder))
        try:
            _measure(bench, present, plan, options, results)
        finally:  # what was measured before a failure or Ctrl-C is kept
            _write(options, results, arguments)
    return 1 if results.missing else 0


def _measure(
    bench: Bench,
    contenders: list[Contender],
    plan: Plan,
    options: argparse.Namespace,
    results: Results,
) -> None:
    run_rounds(bench, contenders, plan, results)
    if "ours" not in results.rounds:
        return
    run_open_loops(
        bench, [each for each in contenders if each.name in options.open_loops], plan, results
    )
    results.growth = growth.measure(bench, plan, options.workers)
    for measured in stress.measure(bench, plan, peak=results.peak("ours")):
        results.stress.append(measured)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--contenders", default="", help="names, separated by commas; all if empty")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of each load")
    parser.add_argument("--connections", default="1,8,32,128", help="of the closed loops")
    parser.add_argument(
        "--open-loops", type=_names, default=_names("floor,ours,ours-2,litserve,bentoml"),
        help="contenders that are offered more than they can do",
    )  # fmt: skip
    parser.add_argument(
        "--shares", type=_shares, default=_shares("0.5,0.75,0.9,1,1.5,2,3"), help="of the capacity"
    )
    parser.add_argument("--workers", type=_numbers, default=_workers(), help="to compare")
    newest = next(iter(find_versions(Path("models")).values()), Path("models"))
    parser.add_argument("--version", type=Path, default=newest)
    parser.add_argument("--environments", type=Path, default=Path(".venv-bench"))
    parser.add_argument("--results", type=Path, default=Path("benchmarks/RESULTS.md"))
    return parser.parse_args(arguments)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _shares(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _names(text: str) -> list[str]:
    return text.split(",")


def _workers() -> list[int]:
    """1, 2, 4 … up to a worker a core, two at least."""
    cores = max(2, len(os.sched_getaffinity(0)))
    return [1 << power for power in range(cores.bit_length()) if 1 << power <= cores]


def _install(contenders: list[Contender], folder: Path, results: Results) -> dict[str, Path]:
    """The Python of each environment that can be made; the others' contenders are noted."""
    pythons = {}
    for name in dict.fromkeys(each.environment for each in contenders):
        try:
            pythons[name] = environments.make(name, folder).absolute()
        except NotInstallable as error:
            print(f"{name} cannot be installed: {error}", file=sys.stderr)
            without = [each.name for each in contenders if each.environment == name]
            results.missing |= dict.fromkeys(without, f"not installable here: {error}")
            continue
        for package in PACKAGES.get(name, ()):
            results.versions[package] = environments.version_of(pythons[name], package)
    return pythons


def _write(options: argparse.Namespace, results: Results, arguments: list[str]) -> None:
    path: Path = options.results
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = plots.draw(path.parent / "plots", results)
    report.write(path, results, drawn, shlex.join(["python", "-m", "benchmarks.speed", *arguments]))
    path.with_suffix(".json").write_text(json.dumps(asdict(results), indent=1))
    for verdict in judge(results):
        met = "met" if verdict.is_met else "NOT MET"
        print(f"{verdict.measure}: {verdict.found} (bar {verdict.bar}) {met}")
    print(f"written: {path}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
