"""Curves of what was measured."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import TABLEAU_COLORS
from matplotlib.figure import Figure

from benchmarks.speed.contenders import BY_NAME
from benchmarks.speed.results import Results

WIDTH_INCHES, HEIGHT_INCHES = 9.0, 6.0
DOTS_PER_INCH = 110

APART = cycler(marker=["o", "s"]) * cycler(color=list(TABLEAU_COLORS))
"""There are more contenders than colours that are told apart."""


def draw(folder: Path, results: Results) -> list[Path]:
    """Write a PNG of each curve that there are points of."""
    mpl.use("agg")
    folder.mkdir(parents=True, exist_ok=True)
    return [_save(folder / f"{name}.png", figure) for name, figure in _figures(results)]


def _figures(results: Results) -> Iterator[tuple[str, Figure]]:
    if results.rounds:
        yield "throughput-latency", _throughput_latency(results)
    if results.offered:
        yield "open-loop", _open_loop(results)
    growth = results.growth
    if growth.engine_ms:
        figure, axes = _new("digits in a batch", "engine, ms")
        axes.plot(list(growth.engine_ms), list(growth.engine_ms.values()), marker="o")
        _logarithmic(axes)
        yield "engine-by-batch", figure
    if growth.image_ms:
        figure, axes = _new("pixels of the picture", "request, ms (p50 at c=1)")
        axes.plot(list(growth.image_ms), list(growth.image_ms.values()), marker="o")
        _logarithmic(axes)
        yield "request-by-pixels", figure
    if growth.workers:
        figure, axes = _new("workers", "requests a second at c=32")
        counts = list(growth.workers)
        axes.plot(counts, [median(rates) for rates in growth.workers.values()], marker="o")
        axes.set_ylim(bottom=0)
        axes.set_xticks(counts)
        yield "throughput-by-workers", figure


def _throughput_latency(results: Results) -> Figure:
    """A curve a contender, a point for each number of connections."""
    figure, axes = _new("requests a second", "p99, ms")
    axes.set_prop_cycle(APART)
    for name, rounds in results.rounds.items():
        points = [
            (
                median(each.closed[connections].per_second for each in rounds),
                median(each.closed[connections].p99_ms for each in rounds),
            )
            for connections in rounds[0].closed
        ]
        is_ours = BY_NAME[name].kind == "ours"
        axes.plot(
            *zip(*points, strict=True), markersize=4, label=name,
            linewidth=2.5 if is_ours else 1,
        )  # fmt: skip
    _logarithmic(axes)
    axes.legend(fontsize="small", ncols=2)
    return figure


def _open_loop(results: Results) -> Figure:
    figure, axes = _new("offered, as a share of the peak", "p99 of what was answered, ms")
    for name, loops in results.offered.items():
        times = [loop.p99_ms for loop in loops.values()]
        axes.plot(list(loops), times, marker="o", markersize=4, label=name)
    axes.set_yscale("log")
    axes.legend(fontsize="small")
    return figure


def _new(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(visible=True, which="both", alpha=0.25)
    return figure, axes


def _logarithmic(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")


def _save(path: Path, figure: Figure) -> Path:
    figure.savefig(path, dpi=DOTS_PER_INCH)
    return path
