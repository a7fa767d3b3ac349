"""The page on scaling: what was measured on one machine, and what follows from it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.settings import Settings
from benchmarks.speed.results import CROWD
from docs.results import find, middle, read_many

RATES = (100, 10_000, 1_000_000)
"""Requests a second."""

UTILISATION = 0.6
"""Of the cores: with one of three zones lost, the others are at 0.9."""

ZONES = 3
SIZES = (2, 4)
"""Cores of a replica, which has as many workers."""

LARGE_SHARE = 0.05
MEBIBYTES_A_GIBIBYTE = 1024
SECONDS_AN_HOUR = 3600
MILLION = 1_000_000

PRICE = 0.04
"""Of a core for an hour: an assumption, round, to be replaced by the reader's own."""

BALANCER = 50_000
"""Requests a second of one load balancer: an assumption likewise."""

REQUEST_BYTES, ANSWER_BYTES, PHOTO_BYTES = 600, 550, 100_000
"""With headers, about: a 28×28 PNG in a form, 430 bytes in the median of those that are benchmarked
with; its answer; and a photo that a client has reduced. Counted here and not when the page is
written, as Pillow's builds differ in how well they compress."""

BATCH = str(Settings.model_fields["max_engine_rows"].default)
"""Digits that the service gives to its engine at most; keys are text in JSON."""

TEMPLATE = Path(__file__).with_name("scaling.template.md")


def describe_scaling(results: Mapping[str, Any]) -> str:
    """The whole page.

    Args:
        results: of a benchmark with contenders `ours` and `ours-2`, growth and stress, as JSON has
            them: every key is text.

    Raises:
        NotMeasured: a part of that is missing.
    """
    cpu_ms = middle(results, "ours-2", "cpu_ms", str(CROWD))
    memory = middle(results, "ours-2", "loaded_mib") / 2
    images = {int(pixels): ms for pixels, ms in find(results, "growth", "image_ms").items()}
    small, large = images[min(images)], images[max(images)]
    mixed = mix(cpu_ms, large - small)
    seconds = middle(results, "ours-2", "closed", str(CROWD), "p50_ms") / 1000
    return TEMPLATE.read_text().format(
        machine=", ".join(f"{name}: {fact}" for name, fact in find(results, "machine").items()),
        processor=find(results, "machine", "processor"),
        crowd=CROWD,
        core=_tabulate_core(results),
        many=_tabulate_many(results),
        cpu_ms=cpu_ms,
        utilisation=UTILISATION,
        percent=100 * UTILISATION,
        zones=ZONES,
        idle_one=middle(results, "ours", "idle_mib"),
        loaded_one=middle(results, "ours", "loaded_mib"),
        idle_two=middle(results, "ours-2", "idle_mib"),
        loaded_two=2 * memory,
        memory=memory,
        cores=_tabulate_cores(cpu_ms),
        replicas=_tabulate_replicas(cpu_ms, memory),
        queueing=_tabulate_queueing(),
        waits=_describe_waits(results),
        images=_tabulate_images(images),
        share=LARGE_SHARE,
        percent_large=100 * LARGE_SHARE,
        megapixels=max(images) / MILLION,
        small=small,
        large=large,
        mixed=mixed,
        mixed_cores=_tabulate_mixed(cpu_ms, mixed),
        request=REQUEST_BYTES,
        answer=ANSWER_BYTES,
        photo=PHOTO_BYTES,
        network=_tabulate_network(),
        most=RATES[-1],
        balancer=BALANCER,
        balancers=count_balancers(RATES[-1], BALANCER),
        seconds=seconds,
        in_flight=RATES[-1] * seconds,
        price=PRICE,
        costs=_tabulate_costs(results, cpu_ms),
    )


def count_cores(rate: float, cpu_ms: float) -> float:
    """Cores for so many requests a second, each of so many milliseconds, at `UTILISATION`."""
    return rate * cpu_ms / 1000 / UTILISATION


def count_replicas(cores: float, size: int) -> int:
    """Replicas of `size` cores each, and a spare one for each zone."""
    return math.ceil(cores / size) + ZONES


def count_balancers(rate: float, each: float) -> int:
    """Load balancers that take so many requests a second each, and a spare one."""
    return math.ceil(rate / (UTILISATION * each)) + 1


def mix(cpu_ms: float, extra_ms: float) -> float:
    """Milliseconds of a request, where `LARGE_SHARE` of all take so many more."""
    return cpu_ms + LARGE_SHARE * extra_ms


def count_core_hours(cpu_ms: float) -> float:
    """Core-hours for a million of so many milliseconds each."""
    return cpu_ms / 1000 * MILLION / SECONDS_AN_HOUR


def count_megabits(rate: float, size: float) -> float:
    """Mbit/s of so many messages a second of so many bytes."""
    return rate * size * 8 / 1e6


def _tabulate_core(results: Mapping[str, Any]) -> str:
    return _table(
        ("", "processor ms a request", "requests/s a core", "requests/s measured"),
        (
            (title, f"{cpu_ms:.3f}", f"1000 ÷ {cpu_ms:.3f} = {1000 / cpu_ms:,.0f}", f"{rate:,.0f}")
            for title, cpu_ms, rate in (
                (
                    title,
                    middle(results, name, "cpu_ms", str(CROWD)),
                    middle(results, name, "closed", str(CROWD), "per_second"),
                )
                for title, name in (("1 worker", "ours"), ("2 workers", "ours-2"))
            )
        ),
    )


def _tabulate_many(results: Mapping[str, Any]) -> str:
    rows = [
        (f"256 in a request: {name}", f"{rate:,.0f}", "measured")
        for name, rate in read_many(results).items()
    ]
    for size in ("1", BATCH):
        ms = find(results, "growth", "engine_ms", size)
        rate = f"{1000 * int(size) / ms:,.0f}"
        rows.append((f"the engine alone, {size} at a time", rate, f"1000 × {size} ÷ {ms:.3f} ms"))
    return _table(("", "digits/s", "how"), rows)


def _tabulate_cores(cpu_ms: float) -> str:
    return _table(
        ("requests/s", "how", "cores"),
        (
            (
                f"{rate:,}",
                f"{rate:,} × {cpu_ms:.3f} ÷ 1000 ÷ {UTILISATION:g}",
                _short(count_cores(rate, cpu_ms)),
            )
            for rate in RATES
        ),
    )


def _tabulate_replicas(cpu_ms: float, memory: float) -> str:
    rows = []
    for rate in RATES:
        cores = count_cores(rate, cpu_ms)
        for size in SIZES:
            replicas = count_replicas(cores, size)
            gibibytes = replicas * size * memory / MEBIBYTES_A_GIBIBYTE
            rows.append(
                (
                    f"{rate:,}",
                    f"{size}",
                    f"⌈{_short(cores)} ÷ {size}⌉ + {ZONES} = {replicas:,}",
                    f"{replicas:,} × {size} × {memory:.0f} MiB = {_short(gibibytes)} GiB",
                )
            )
    return _table(("requests/s", "cores of a replica", "replicas", "memory"), rows)


def _tabulate_queueing() -> str:
    return _table(
        ("utilisation", "a request takes, in times of its own work"),
        ((f"{used:g}", f"1 ÷ (1 − {used:g}) = {1 / (1 - used):.1f}") for used in (0.6, 0.75, 0.9)),
    )


def _describe_waits(results: Mapping[str, Any]) -> str:
    """What an open loop showed, where there was one, and what it does not show."""
    loops = {
        float(share): loop
        for share, loop in results.get("offered", {}).get("ours", {}).items()
        if float(share) <= 1
    }
    if not loops:
        return "No open loop was measured beside."
    heads = ("share of capacity", "sent/s", "answered/s", "refused/s", "p50 ms", "p99 ms")
    table = _table(
        heads,
        (
            (
                f"{share:g}",
                *(f"{loop[f'{what}_per_second']:,.0f}" for what in ("sent", "answered", "refused")),
                f"{loop['p50_ms']:.1f}",
                f"{loop['p99_ms']:.1f}",
            )
            for share, loop in loops.items()
        ),
    )
    lines = ["Measured, one worker offered a share of the most that it did:", "", table]
    if any(loop["refused_per_second"] > 0 for share, loop in loops.items() if share < 1):
        lines += ["", *REFUSED_EARLY]
    return "\n".join(lines)


REFUSED_EARLY = (
    "It refused requests below its capacity: a worker keeps `MAX_REQUESTS`, 128, at a time, and",
    "the generator, which may hold 700 open, takes processor time from the same cores. The table",
    "tells what this machine did with both, not how long requests wait whose callers have cores",
    "of their own: it neither proves nor disproves the formula.",
)


def _tabulate_images(images: Mapping[int, float]) -> str:
    return _table(
        ("pixels", "p50 ms", "times the smallest"),
        (
            (f"{pixels:,}", f"{ms:.2f}", f"{ms / images[min(images)]:.1f}")
            for pixels, ms in images.items()
        ),
    )


def _tabulate_mixed(cpu_ms: float, mixed: float) -> str:
    return _table(
        ("requests/s", "how", "cores", "with small pictures alone"),
        (
            (
                f"{rate:,}",
                f"{rate:,} × {mixed:.3f} ÷ 1000 ÷ {UTILISATION:g}",
                _short(count_cores(rate, mixed)),
                _short(count_cores(rate, cpu_ms)),
            )
            for rate in RATES
        ),
    )


def _tabulate_network() -> str:
    kinds = (REQUEST_BYTES, ANSWER_BYTES, PHOTO_BYTES)
    return _table(
        ("requests/s", *(f"× {size:,} × 8 ÷ 10⁶" for size in kinds)),
        (
            (f"{rate:,}", *(f"{_short(count_megabits(rate, size))} Mbit/s" for size in kinds))
            for rate in RATES
        ),
    )


def _tabulate_costs(results: Mapping[str, Any], cpu_ms: float) -> str:
    return _table(
        ("", "processor ms an image", "CPU-seconds", "core-hours", f"at {PRICE:g} a core-hour"),
        (
            (
                way,
                f"{how} = {ms:.3f}" if how else f"{ms:.3f}",
                f"{ms * MILLION / 1000:,.0f}",
                f"{count_core_hours(ms):.3f}",
                _price(ms, used),
            )
            for way, how, ms, used in _list_ways(results, cpu_ms)
        ),
    )


def _price(ms: float, used: float) -> str:
    hours = count_core_hours(ms)
    return f"{hours:.3f} ÷ {used:g} × {PRICE:g} = {hours / used * PRICE:.4f}"


def _list_ways(
    results: Mapping[str, Any], cpu_ms: float
) -> Iterator[tuple[str, str, float, float]]:
    """To read a million: the way, how its milliseconds come about, those, and the utilisation."""
    cores = int(find(results, "machine", "cores"))
    yield "one a request", "", cpu_ms, UTILISATION
    for name, rate in read_many(results).items():
        how = f"1000 × {cores} ÷ {rate:,.0f}"
        yield f"256 a request: {name}", how, 1000 * cores / rate, UTILISATION
    ms = find(results, "growth", "engine_ms", BATCH)
    # A job in bulk does not wait for callers: its cores are busy until it ends.
    yield "in bulk: the engine", f"{ms:.3f} ÷ {BATCH}", ms / int(BATCH), 1


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 # digits that tell


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
