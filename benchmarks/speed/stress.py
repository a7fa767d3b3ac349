"""The service where it is not at ease: many digits at once, large pictures, too much load."""

from collections.abc import Iterator

import numpy as np

from benchmarks.speed.contenders import BY_NAME
from benchmarks.speed.generators import OPEN_CONNECTIONS, drive, offer, offering
from benchmarks.speed.growth import large_jpeg, measure_engine
from benchmarks.speed.parsing import UNAVAILABLE, Open
from benchmarks.speed.payloads import FORM_TYPE, Payload, to_binary_tensor, to_form, to_png, write
from benchmarks.speed.results import ENGINE_ROWS, OVERLOAD, Stress
from benchmarks.speed.rounds import Bench, Plan
from benchmarks.speed.servers import Running, post, serving

MANY = 256
LARGE_SHARE = 0.05
BUSY = 0.5
"""Of one core, that decoding the large pictures of the mixed load takes."""

MIX_LASTS = 5
"""How many times as long as all else the mixed load lasts: of some three hundred small pictures a
second, too few are the slowest hundredth of a few seconds."""


def measure(bench: Bench, plan: Plan, *, peak: float) -> Iterator[Stress]:
    """All of them, round after round, each on a server of its own.

    Args:
        bench: what is needed.
        plan: how long, and how often.
        peak: requests a second that it can do.
    """
    ours = BY_NAME["ours"]
    small, large = bench.payload(ours), large_jpeg(bench)
    python = bench.pythons[ours.environment]
    for _ in range(plan.rounds):
        with serving(ours, python, bench.version, bench.known) as running:
            engine_ms = measure_engine(bench, ENGINE_ROWS)[ENGINE_ROWS]
            many_per_second = {
                name: MANY
                * drive(running.port, payload, connections=1, seconds=plan.seconds).per_second
                for name, payload in _list_many(bench).items()
            }
            alone, mixed = _mix(running, small, large, plan)
            overload = _overload(running, small, peak, plan)
            yield Stress(engine_ms, many_per_second, alone, mixed, *overload)


def _list_many(bench: Bench) -> dict[str, Payload]:
    """256 digits in one request, by what it is."""
    digits = np.resize(bench.known.images, (MANY, 28, 28))
    form = to_form("files", *(to_png(digit) for digit in digits))
    tensor, head = to_binary_tensor(digits)
    tensor_headers = {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(head),
    }
    return {
        "`/predict/batch`, PNGs in a form": Payload(
            "/predict/batch", {"Content-Type": FORM_TYPE}, write(bench.folder, "many", [form])
        ),
        "`/v2/…/infer`, a binary tensor": Payload(
            "/v2/models/alexnet/infer", tensor_headers, write(bench.folder, "tensor", [tensor])
        ),
    }


def _mix(running: Running, small: Payload, large: Payload, plan: Plan) -> tuple[Open, Open]:
    """Small pictures alone, and the same with a twentieth of large ones, both open loop."""
    before = running.cpu_seconds()
    alone = drive(running.port, large, connections=1, seconds=plan.seconds)
    seconds_each = (running.cpu_seconds() - before) / max(alone.requests, 1)
    large_rate = BUSY / seconds_each
    small_rate = large_rate * (1 - LARGE_SHARE) / LARGE_SHARE
    seconds = MIX_LASTS * plan.seconds
    by_themselves = offer(running.port, small, per_second=small_rate, seconds=seconds)
    with offering(
        running.port, large, per_second=large_rate, seconds=seconds, connections=OPEN_CONNECTIONS
    ):
        mixed = offer(running.port, small, per_second=small_rate, seconds=seconds)
    return by_themselves, mixed


def _overload(running: Running, small: Payload, peak: float, plan: Plan) -> tuple[Open, int, int]:
    """Offer too much, and see beside it whether refusals say when to come back.

    Returns:
        What came of it, how often a caller beside it was refused, and how often with a hint.
    """
    body = small.files[0].read_bytes()
    refusals = with_hint = 0
    with offering(
        running.port,
        small,
        per_second=OVERLOAD * peak,
        seconds=plan.seconds,
        connections=OPEN_CONNECTIONS,
    ) as load:
        while load.is_running:
            status, headers, _ = post(running.port, small.path, small.headers, body)
            refusals += status == UNAVAILABLE
            with_hint += status == UNAVAILABLE and "retry-after" in headers
        return load.wait(), refusals, with_hint
