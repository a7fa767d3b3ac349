"""How cost grows: with the batch, with the picture, with the workers."""

import json
from pathlib import Path

from benchmarks.speed import servers
from benchmarks.speed.contenders import BY_NAME
from benchmarks.speed.generators import drive
from benchmarks.speed.payloads import FORM_TYPE, Payload, enlarge, to_form, to_jpeg, to_png, write
from benchmarks.speed.results import CROWD, Growth
from benchmarks.speed.rounds import Bench, Plan

SIDES = (32, 64, 128, 256, 512, 1024, 2048, 3000)
"""Of pictures 4/3 as wide as high, after the digit of 28 itself; the last has 12 megapixels."""


def measure(bench: Bench, plan: Plan, workers: list[int]) -> Growth:
    """All three."""
    growth = Growth()
    python = bench.pythons["serve"]
    growth.engine_ms = measure_engine(bench)
    growth.image_ms = _measure_images(bench, plan, python)
    growth.workers = _measure_workers(bench, plan, python, workers)
    return growth


def measure_engine(bench: Bench, *sizes: int) -> dict[int, float]:
    """Milliseconds of one run of the engine by itself, by batch size; of these, or of many."""
    arguments = [str(bench.version), *map(str, sizes)]
    printed = servers.run_with(bench.pythons["serve"], "benchmarks.speed.engine", arguments)
    return {int(size): ms for size, ms in json.loads(printed).items()}


def large_jpeg(bench: Bench) -> Payload:
    """A picture of twelve megapixels."""
    return _picture(bench, SIDES[-1])[1]


def _picture(bench: Bench, side: int) -> tuple[int, Payload]:
    """Pixels, and a digit on a page of so many: small ones as PNG, large ones as JPEG."""
    image = enlarge(bench.known.images[0], side)
    upload = to_png(image) if side <= SIDES[0] else to_jpeg(image)
    files = write(bench.folder, f"side-{side}", [to_form("file", upload)])
    return image.size, Payload("/predict", {"Content-Type": FORM_TYPE}, files)


def _measure_images(bench: Bench, plan: Plan, python: Path) -> dict[int, float]:
    ours = BY_NAME["ours"]
    pictures = [(bench.known.images[0].size, bench.payload(ours))]
    pictures += [_picture(bench, side) for side in SIDES]
    with servers.serving(ours, python, bench.version, bench.known) as running:
        return {
            pixels: drive(running.port, payload, connections=1, seconds=plan.seconds).p50_ms
            for pixels, payload in pictures
        }


def _measure_workers(
    bench: Bench, plan: Plan, python: Path, workers: list[int]
) -> dict[int, list[float]]:
    """Round after round, as the other measurements."""
    ours = BY_NAME["ours"]
    payload = bench.payload(ours)
    rates: dict[int, list[float]] = {count: [] for count in workers}
    for count in workers * plan.rounds:
        settings = {"WORKERS": str(count)}
        with servers.serving(ours, python, bench.version, bench.known, **settings) as running:
            drive(running.port, payload, connections=CROWD, seconds=1)
            closed = drive(running.port, payload, connections=CROWD, seconds=plan.seconds)
            rates[count].append(closed.per_second)
    return rates
