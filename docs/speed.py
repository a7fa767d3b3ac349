"""How fast it is, in as few rows as the README has room for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.speed.contenders import BY_NAME
from benchmarks.speed.report import NETWORKS
from benchmarks.speed.results import CROWD, tells_times
from docs.results import find, middle

SHOWN = (
    "floor", "ours", "ours-2", "twin", "litserve-twin", "bentoml-twin", "mlserver-twin",
    "saved-model", "keras",
)  # fmt: skip
"""Contenders, in the order of the rows: what bounds it, it, then others given the same network."""

LARGE = 100.0
"""Milliseconds without a fraction."""

HEADS = {
    "README.md": ("alone, p50", "32 callers, p50", "p99", "requests/s"),
    "README.zh-CN.md": ("单独一个请求，p50", "32 个客户端，p50", "p99", "每秒请求数"),
}
"""Of the columns, by the page."""


def describe_speed(results: Mapping[str, Any], heads: Sequence[str]) -> str:
    """A table of those that were measured.

    Args:
        results: of a benchmark, as JSON has them.
        heads: of the columns.

    Raises:
        NotMeasured: one that is shown was not asked for.
    """
    machine = find(results, "machine")
    rows = [
        (f"{machine['processor']} × {machine['cores']}", *heads),
        ("---",) * (1 + len(heads)),
        # One that did not come up is told of where all results are.
        *(_describe(results, name) for name in SHOWN if name not in results.get("missing", ())),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _describe(results: Mapping[str, Any], name: str) -> Iterator[str]:
    contender = BY_NAME[name]
    peers = f", {NETWORKS[contender.network]}" if contender.kind == "peer" else ""
    yield contender.title + peers
    for callers, figure in ((1, "p50_ms"), (CROWD, "p50_ms"), (CROWD, "p99_ms")):
        answers, time = (
            middle(results, name, "closed", str(callers), each) for each in ("requests", figure)
        )
        yield f"{_short(time)} ms" if tells_times(answers, callers) else "–"
    yield f"{middle(results, name, 'closed', str(CROWD), 'per_second'):,.0f}"


def _short(value: float) -> str:
    """Three figures, and none of them a power of ten."""
    return f"{value:,.0f}" if value >= LARGE else f"{value:.3g}"
