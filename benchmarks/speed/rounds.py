"""Each contender in turn, round after round, so that what changes in an hour changes for all."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.contenders import Contender
from benchmarks.speed.generators import drive, offer
from benchmarks.speed.parsing import NothingAnswered
from benchmarks.speed.payloads import Known, Payload, write
from benchmarks.speed.results import Results, Round
from benchmarks.speed.servers import NotServing, Running, serving

WARM_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: of each contender.
        seconds: of each load.
        connections: of each closed loop.
        shares: of a contender's capacity, of each open loop.
    """

    rounds: int
    seconds: float
    connections: Sequence[int]
    shares: Sequence[float]


@dataclass(frozen=True, slots=True)
class Bench:
    """What every measurement needs.

    Attributes:
        pythons: of each environment, by its name.
        version: the version folder that is served.
        known: digits to check with and to post.
        folder: for bodies.
    """

    pythons: Mapping[str, Path]
    version: Path
    known: Known
    folder: Path

    def payload(self, contender: Contender) -> Payload:
        """Known digits as a contender takes them."""
        bodies = [contender.to_body(image) for image in self.known.images]
        files = write(self.folder, contender.name, bodies)
        return Payload(contender.path, contender.headers, files)


def run_rounds(bench: Bench, contenders: Sequence[Contender], plan: Plan, results: Results) -> None:
    """Measure every contender in every round; one that does not serve is noted, and left out."""
    for number in range(plan.rounds):
        for contender in contenders:
            if contender.name in results.missing:
                continue
            try:
                measured = _run_round(bench, contender, plan)
            except NotServing as error:
                # What it printed names places of this machine: it is shown, and not kept.
                results.missing[contender.name] = str(error).splitlines()[0]
                print(error, file=sys.stderr)
                continue
            results.rounds.setdefault(contender.name, []).append(measured)
            told = ", ".join(
                f"c={connections}: {each.per_second:,.0f}/s"
                for connections, each in measured.closed.items()
            )
            print(f"round {number + 1}, {contender.name}: {told}", file=sys.stderr)


def _run_round(bench: Bench, contender: Contender, plan: Plan) -> Round:
    payload = bench.payload(contender)
    python = bench.pythons[contender.environment]
    with serving(contender, python, bench.version, bench.known) as running:
        idle_mib = running.resident_mib()
        drive(running.port, payload, connections=WARM_CONNECTIONS, seconds=min(2, plan.seconds))
        measured = Round({}, {}, running.ready_seconds, idle_mib, 0.0)
        for connections in plan.connections:
            _drive(running, payload, connections, plan.seconds, measured)
        return Round(
            measured.closed, measured.cpu_ms, running.ready_seconds, idle_mib,
            running.resident_mib(),
        )  # fmt: skip


def _drive(
    running: Running, payload: Payload, connections: int, seconds: float, measured: Round
) -> None:
    before = running.cpu_seconds()
    closed = drive(running.port, payload, connections=connections, seconds=seconds)
    spent = running.cpu_seconds() - before
    measured.closed[connections] = closed
    measured.cpu_ms[connections] = 1000 * spent / max(closed.requests, 1)


def run_open_loops(
    bench: Bench, contenders: Sequence[Contender], plan: Plan, results: Results
) -> None:
    """Offer every contender shares of what it did at its best in the closed loop."""
    for contender in contenders:
        if contender.name not in results.rounds:
            continue
        payload = bench.payload(contender)
        python = bench.pythons[contender.environment]
        peak = results.peak(contender.name)
        with serving(contender, python, bench.version, bench.known) as running:
            drive(running.port, payload, connections=WARM_CONNECTIONS, seconds=1)
            for share in plan.shares:
                try:
                    loop = offer(
                        running.port, payload, per_second=share * peak, seconds=plan.seconds
                    )
                except NothingAnswered as error:
                    # Offered more than it can do, some keep everybody waiting.
                    print(f"{contender.name} at {share:g}: {error}", file=sys.stderr)
                    break
                results.offered.setdefault(contender.name, {})[share] = loop
        print(f"open loops of {contender.name}: done", file=sys.stderr)
