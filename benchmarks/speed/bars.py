"""What must be reached: ratios within one run, each with what it was held against."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.speed.contenders import BY_NAME, Contender
from benchmarks.speed.parsing import Closed
from benchmarks.speed.results import CROWD, ENGINE_ROWS, Results, spread

ENGINE_SHARE = 1.3
WORKERS_GAIN = 1.7
CORES_OF_TWO_WORKERS = 5
"""One worker keeps two busy, its event loop's and its engine's; the generator wants one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One bar.

    Attributes:
        measure: what was measured, in words.
        found: the number.
        bar: what it must be, as text.
        is_met: whether it is.
    """

    measure: str
    found: str
    bar: str
    is_met: bool


def judge(results: Results) -> list[Verdict]:
    """Every bar that was measured."""
    return [verdict for part in _PARTS for verdict in part(results)]


def _at_least(measure: str, value: float, least: float, note: str = "") -> Verdict:
    return Verdict(measure, f"{value:.3g}{note}", f"≥ {least:g}", value >= least)


def _at_most(measure: str, value: float, most: float, note: str = "") -> Verdict:
    return Verdict(measure, f"{value:.3g}{note}", f"≤ {most:g}", value <= most)


def _typically_at_least(measure: str, values: Iterable[float], least: float) -> Verdict:
    found = spread(values)
    return Verdict(measure, str(found), f"≥ {least:g}", found.middle >= least)


def _typically_at_most(measure: str, values: Iterable[float], most: float) -> Verdict:
    found = spread(values)
    return Verdict(measure, str(found), f"≤ {most:g}", found.middle <= most)


def _ratio(results: Results, name: str, other: str, of: Callable[[Closed], float]) -> float | None:
    """The median of the rounds' own ratios at the crowd, where both were measured."""
    ours, theirs = results.closed(name, CROWD), results.closed(other, CROWD)
    pairs = list(zip(ours, theirs, strict=False))
    return median(of(one) / of(two) for one, two in pairs) if pairs else None


def _rate(closed: Closed) -> float:
    return closed.per_second


def _tail(closed: Closed) -> float:
    return closed.p99_ms


def _middle(results: Results, name: str, connections: int, of: Callable[[Closed], float]) -> float:
    return median(of(each) for each in results.closed(name, connections))


def _against_floor(results: Results) -> Iterator[Verdict]:
    ratio = _ratio(results, "ours", "floor", _rate)
    if ratio is not None:
        yield _at_least("requests/s at c=32 ÷ the floor's", ratio, 0.9)
    ratio = _ratio(results, "ours-2", "floor", _rate)
    if ratio is not None:
        yield _at_least("… with 2 workers ÷ the floor's one", ratio, 0.9)
    if results.closed("ours", 1) and results.closed("floor", 1) and results.growth.engine_ms:
        ours, floor = (
            _middle(results, name, 1, lambda each: each.p50_ms) for name in ("ours", "floor")
        )
        most = floor + ENGINE_SHARE * results.growth.engine_ms[1]
        yield Verdict(
            "p50 at c=1", f"{ours:.2f} ms", f"≤ {most:.2f} ms: the floor's + 1.3 × the engine's",
            ours <= most,
        )  # fmt: skip


def _peers(results: Results, is_wanted: Callable[[Contender], bool]) -> list[str]:
    return [
        name
        for name in results.rounds
        if BY_NAME[name].kind == "peer" and is_wanted(BY_NAME[name]) and results.closed(name, CROWD)
    ]


def _against_peers(results: Results) -> Iterator[Verdict]:
    for ours, words in (("ours", ""), ("ours-2", "2 workers: ")):
        if results.closed(ours, CROWD):
            yield from _beside(results, ours, words)


def _beside(results: Results, ours: str, words_before: str) -> Iterator[Verdict]:
    groups: Sequence[tuple[str, float, Callable[[Contender], bool]]] = (
        ("taking images, on the SavedModel", 5, _takes_images_without_twin),
        ("given the twin", 2, _has_twin),
    )  # fmt: skip
    for words, least, is_wanted in groups:
        names = _peers(results, is_wanted)
        if names:
            best = max(names, key=lambda name: _middle(results, name, CROWD, _rate))
            ratio = _ratio(results, ours, best, _rate)
            measure = f"{words_before}requests/s at c=32 ÷ the best peer's, {words}"
            if ratio is not None:
                yield _at_least(measure, ratio, least, f" ({best})")
    names = _peers(results, lambda _each: True)
    if names:
        best = min(names, key=lambda name: _middle(results, name, CROWD, _tail))
        ratio = _ratio(results, ours, best, _tail)
        if ratio is not None:
            measure = f"{words_before}p99 at c=32 ÷ the best peer's"
            yield _at_most(measure, ratio, 0.5, f" ({best})")


def _takes_images_without_twin(contender: Contender) -> bool:
    return contender.takes_images and not _has_twin(contender)


def _has_twin(contender: Contender) -> bool:
    return contender.network == "twin"


def _at_start(results: Results) -> Iterator[Verdict]:
    ours = results.rounds.get("ours")
    if not ours:
        return
    ready = median(each.ready_seconds for each in ours)
    yield _at_most("seconds from process start to the first right answer", ready, 1.0)
    if slow := results.rounds.get("ours-tensorflow"):
        theirs = median(each.ready_seconds for each in slow)
        yield _at_most("… ÷ the TensorFlow engine's", ready / theirs, 0.2)
    yield _at_most(
        "MiB resident when idle, one worker", median(each.idle_mib for each in ours), 143
    )


def _under_stress(results: Results) -> Iterator[Verdict]:
    rounds = results.stress
    if not rounds:
        return
    for name in rounds[0].many_per_second:
        shares = (
            each.many_per_second[name] * each.engine_ms / (1000 * ENGINE_ROWS) for each in rounds
        )
        measure = f"256 digits in one request, {name} ÷ the engine's rate"
        yield _typically_at_least(measure, shares, 0.8)
    ratios = (each.small_mixed.p99_ms / each.small_alone.p99_ms for each in rounds)
    yield _typically_at_most("p99 of small pictures beside 12-Mpx ones ÷ alone", ratios, 3)
    if results.closed("ours", CROWD):
        yield from _overloaded(results)


def _overloaded(results: Results) -> Iterator[Verdict]:
    rounds, peak = results.stress, results.peak("ours")
    loads = [each.overload for each in rounds]
    answered = (each.answered_per_second / peak for each in loads)
    measure = "at 3 × capacity: answers of 200 a second ÷ the peak"
    yield _typically_at_least(measure, answered, 0.9)
    unloaded = _middle(results, "ours", CROWD, _tail)
    tails = (each.p99_ms / unloaded for each in loads)
    yield _typically_at_most("… p99 of those ÷ p99 at c=32", tails, 5)
    refused = (each.refused_p99_ms for each in loads)
    yield _typically_at_most("… ms until refused, p99", refused, 20)
    refusals = sum(each.refusals for each in rounds)
    if refusals:
        with_hint = sum(each.refusals_with_hint for each in rounds)
        found = f"{with_hint:,} of {refusals:,}"
        yield Verdict("… refusals looked at with Retry-After", found, "all", with_hint == refusals)


def _with_workers(results: Results) -> Iterator[Verdict]:
    """By requests where there are cores for twice as many; else by what each takes of a core."""
    if int(results.machine["cores"]) < CORES_OF_TWO_WORKERS:
        ours, twice = (results.rounds.get(name, []) for name in ("ours", "ours-2"))
        pairs = list(zip(ours, twice, strict=False))
        if pairs:
            ratio = median(two.cpu_ms[CROWD] / one.cpu_ms[CROWD] for one, two in pairs)
            measure = "CPU seconds a request at c=32, 2 workers ÷ 1, as there are no cores for both"
            yield _at_most(measure, ratio, round(2 / WORKERS_GAIN, 2))
        return
    workers = results.growth.workers
    if 1 in workers and 2 in workers:
        ratio = median(two / one for one, two in zip(workers[1], workers[2], strict=True))
        yield _at_least("requests/s, workers 1 → 2", ratio, WORKERS_GAIN)


_PARTS: Sequence[Callable[[Results], Iterator[Verdict]]] = (
    _against_floor,
    _against_peers,
    _at_start,
    _under_stress,
    _with_workers,
)
