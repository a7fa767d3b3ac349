"""What was measured; medians with their spread."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.speed.parsing import Closed, Open

CROWD = 32
"""Connections of the closed loop that most bars speak of."""

ENGINE_ROWS = 64
"""Of a batch of the engine by itself, whose rate many digits in one request are held against."""

OVERLOAD = 3.0
"""Times its peak, that is offered to see what becomes of it."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of repeated measurements."""

    middle: float
    least: float
    most: float

    def __str__(self) -> str:
        """The median, and how far the others are off it."""
        return f"{_short(self.middle)} ({_short(self.least)}–{_short(self.most)})"


def spread(values: Iterable[float]) -> Spread:
    """The median, the least and the most; there must be some."""
    listed = list(values)
    return Spread(median(listed), min(listed), max(listed))


def tells_times(answers: float, connections: int) -> bool:
    """Whether a closed loop's percentiles are of all its connections.

    Args:
        answers: of a round; what is waited for at its end is not among them.
        connections: that waited at a time.
    """
    return answers >= 2 * connections


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


@dataclass(frozen=True, slots=True)
class Round:
    """One start of one contender, driven at each number of connections.

    Attributes:
        closed: by connections.
        cpu_ms: of the processor for each request, by connections.
        ready_seconds: from its start to its first right answer.
        idle_mib: resident, before any load but the check.
        loaded_mib: resident, after the load.
    """

    closed: dict[int, Closed]
    cpu_ms: dict[int, float]
    ready_seconds: float
    idle_mib: float
    loaded_mib: float


@dataclass(slots=True)
class Growth:
    """How cost grows.

    Attributes:
        engine_ms: of one run of the engine, by batch size.
        image_ms: median of one request at a time, by pixels of the picture.
        workers: requests a second of each round, by number of workers.
    """

    engine_ms: dict[int, float] = field(default_factory=dict)
    image_ms: dict[int, float] = field(default_factory=dict)
    workers: dict[int, list[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stress:
    """One round of the service where it is not at ease.

    Attributes:
        engine_ms: of the engine by itself, right before, on a batch of `ENGINE_ROWS`.
        many_per_second: digits a second, 256 in a request, by what the request holds.
        small_alone: small pictures by themselves, open loop.
        small_mixed: as many, with a twentieth of large ones beside.
        overload: at three times what it can do.
        refusals: answers of 503 to a caller beside that.
        refusals_with_hint: those with `Retry-After`.
    """

    engine_ms: float
    many_per_second: dict[str, float]
    small_alone: Open
    small_mixed: Open
    overload: Open
    refusals: int
    refusals_with_hint: int


@dataclass(slots=True)
class Results:
    """Everything.

    Attributes:
        machine: facts of it, by name.
        versions: of each peer's package.
        rounds: of each contender.
        offered: open loops of each contender, by share of its capacity.
        missing: contenders that could not be measured, and why.
        growth: of ours.
        stress: of ours, round by round.
    """

    machine: dict[str, str]
    versions: dict[str, str] = field(default_factory=dict)
    rounds: dict[str, list[Round]] = field(default_factory=dict)
    offered: dict[str, dict[float, Open]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    growth: Growth = field(default_factory=Growth)
    stress: list[Stress] = field(default_factory=list)

    def closed(self, name: str, connections: int) -> Sequence[Closed]:
        """A contender's closed loops, round by round; none where it was not measured so."""
        rounds = self.rounds.get(name, [])
        return [each.closed[connections] for each in rounds if connections in each.closed]

    def peak(self, name: str) -> float:
        """The most requests a second that a contender did in the median, at any concurrency."""
        rounds = self.rounds[name]
        return max(
            median(each.closed[connections].per_second for each in rounds)
            for connections in rounds[0].closed
        )
