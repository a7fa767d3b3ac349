"""RESULTS.md: the bars, the table, what was left out."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.speed.bars import judge
from benchmarks.speed.contenders import CONTENDERS, Contender
from benchmarks.speed.parsing import Open
from benchmarks.speed.results import CROWD, OVERLOAD, Results, Round, spread, tells_times

NETWORKS = {"saved_model": "SavedModel", "keras": "SavedModel", "twin": "int8 twin", None: "–"}


def write(path: Path, results: Results, plots: Sequence[Path], command: str) -> None:
    """Write everything."""
    sections = (
        _head(results, command),
        _bars(results),
        _table(results),
        _open_loops(results),
        _growth(results),
        _plots(path, plots),
        _missing(results),
    )
    lines = [line for section in sections for line in section]
    path.write_text("\n".join(lines).strip() + "\n")


def _head(results: Results, command: str) -> Iterator[str]:
    yield "# How fast it is"
    yield ""
    yield f"Written by `{command}`."
    yield ""
    yield from (f"- {name}: {fact}" for name, fact in results.machine.items())
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    yield f"- versions: {versions}"
    yield ""
    yield (
        "The load generator shares the cores with what it loads. Numbers are medians of the "
        "rounds, with the least and the most in brackets; compare only within one run. Where "
        "hardly a connection was answered twice there are no times: they would be those of the "
        "first."
    )


def _bars(results: Results) -> Iterator[str]:
    yield from ("", "## The bars", "", "| measure | found | bar | met |", "|---|---|---|---|")
    for verdict in judge(results):
        met = "yes" if verdict.is_met else "**no**"
        yield _row(verdict.measure, verdict.found, verdict.bar, met)


def _table(results: Results) -> Iterator[str]:
    """One line a contender."""
    measured = [each for each in CONTENDERS if each.name in results.rounds]
    if not measured:
        return
    connections = list(results.rounds[measured[0].name][0].closed)
    heads = ["server", "model", "takes"]
    heads += [f"c={each} {what}" for each in connections for what in ("req/s", "p50 ms", "p99 ms")]
    heads += ["CPU ms a request", "ready s", "idle MiB", "loaded MiB", "failures"]
    yield from ("", "## Closed loop", "", _row(*heads), "|" + "---|" * len(heads))
    for contender in measured:
        yield _row(*_describe(contender, results, connections))


def _describe(contender: Contender, results: Results, connections: list[int]) -> Iterator[str]:
    rounds = results.rounds[contender.name]
    yield contender.title
    yield NETWORKS[contender.network] if contender.kind == "peer" else "–"
    yield "images" if contender.takes_images else "tensors"
    for count in connections:
        closed = results.closed(contender.name, count)
        yield str(spread(each.per_second for each in closed))
        is_told = tells_times(median(each.requests for each in closed), count)
        yield str(spread(each.p50_ms for each in closed)) if is_told else "–"
        yield str(spread(each.p99_ms for each in closed)) if is_told else "–"
    yield f"{median(_cpu_ms(each) for each in rounds):.2f}"
    yield str(spread(each.ready_seconds for each in rounds))
    yield f"{median(each.idle_mib for each in rounds):,.0f}"
    yield f"{median(each.loaded_mib for each in rounds):,.0f}"
    yield str(sum(each.failures for one in rounds for each in one.closed.values()))


def _cpu_ms(measured: Round) -> float:
    return measured.cpu_ms[CROWD if CROWD in measured.cpu_ms else max(measured.cpu_ms)]


def _open_loops(results: Results) -> Iterator[str]:
    if not results.offered and not results.stress:
        return
    yield from ("", "## Open loop", "")
    yield _row("server", "of its peak", *_OPEN_HEADS)
    yield "|" + "---|" * (2 + len(_OPEN_HEADS))
    for name, loops in results.offered.items():
        for share, loop in loops.items():
            yield _row(name, f"{share:g}", *_describe_open(loop))
    for number, stress in enumerate(results.stress, 1):
        alone = f"ours, small pictures, round {number}"
        yield _row(alone, "–", *_describe_open(stress.small_alone))
        yield _row("… beside 5 % of 12 Mpx", "–", *_describe_open(stress.small_mixed))
        yield _row("… overloaded", f"{OVERLOAD:g}", *_describe_open(stress.overload))


_OPEN_HEADS = (
    "asked/s", "sent/s", "200/s", "503/s", "p50 ms", "p99 ms", "refused p99 ms", "failures",
)  # fmt: skip


def _describe_open(loop: Open) -> Iterator[str]:
    rates = (
        loop.asked_per_second, loop.sent_per_second, loop.answered_per_second,
        loop.refused_per_second,
    )  # fmt: skip
    yield from (f"{rate:,.0f}" for rate in rates)
    times = (loop.p50_ms, loop.p99_ms, loop.refused_p99_ms)
    yield from ("–" if math.isnan(each) else f"{each:.1f}" for each in times)
    yield str(loop.failures)


def _growth(results: Results) -> Iterator[str]:
    growth = results.growth
    if growth.engine_ms:
        yield from ("", "## How cost grows", "", "| digits in a batch | engine ms | digits/s |")
        yield "|---|---|---|"
        for rows, ms in growth.engine_ms.items():
            yield _row(str(rows), f"{ms:.2f}", f"{1000 * rows / ms:,.0f}")
    if growth.image_ms:
        yield from ("", "| pixels of the picture | p50 ms at c=1 |", "|---|---|")
        for pixels, ms in growth.image_ms.items():
            yield _row(f"{pixels:,}", f"{ms:.2f}")
    if growth.workers:
        yield from ("", "| workers | req/s at c=32 |", "|---|---|")
        for count, rates in growth.workers.items():
            yield _row(str(count), str(spread(rates)))
    if results.stress:
        yield from ("", "| 256 digits in one request | digits/s |", "|---|---|")
        for name in results.stress[0].many_per_second:
            yield _row(name, str(spread(each.many_per_second[name] for each in results.stress)))


def _plots(path: Path, plots: Sequence[Path]) -> Iterator[str]:
    for plot in plots:
        yield from ("", f"![{plot.stem}]({plot.relative_to(path.parent)})")


def _missing(results: Results) -> Iterator[str]:
    if results.missing:
        yield from ("", "## Not measured", "")
        for name, reason in results.missing.items():
            yield f"- {name}: {reason.splitlines()[0]}"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
