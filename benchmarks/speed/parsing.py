"""What the load generators print, as numbers; pure functions."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

OK = 200
UNAVAILABLE = 503
LOG_COLUMNS = 3


class NothingAnswered(ValueError):
    """A server answered no request while it was looked at."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed loop: each connection sends its next request when the last was answered.

    Attributes:
        requests: that were answered, rightly or not.
        failures: of other statuses than 2xx and 3xx, and broken connections.
        per_second: requests.
        p50_ms: from a request to its answer.
        p99_ms: likewise.
    """

    requests: int
    failures: int
    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Open:
    """An open loop: requests are sent at their times, however long the answers take.

    Attributes:
        asked_per_second: requests that the generator was told to send.
        sent_per_second: requests that it sent; fewer where all its connections were waiting.
        answered_per_second: answers of 200.
        refused_per_second: answers of 503.
        failures: all other answers, and none.
        p50_ms: of answers of 200; not a number where there is none, as the next two.
        p99_ms: likewise.
        refused_p99_ms: of answers of 503.
    """

    asked_per_second: float
    sent_per_second: float
    answered_per_second: float
    refused_per_second: float
    failures: int
    p50_ms: float
    p99_ms: float
    refused_p99_ms: float


def parse_wrk(output: str) -> Closed:
    """Read the line of JSON that `post.lua` has wrk print at its end.

    Raises:
        ValueError: there is none.
    """
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if not lines:
        raise ValueError(f"wrk printed no summary: {output!r}")
    told: dict[str, Any] = json.loads(lines[-1])
    requests, microseconds = int(told["requests"]), float(told["duration_us"])
    return Closed(
        requests=requests,
        failures=int(told["failures"]),
        per_second=requests * 1e6 / microseconds,
        p50_ms=float(told["p50_us"]) / 1e3,
        p99_ms=float(told["p99_us"]) / 1e3,
    )


def parse_h2load_log(
    log: str, *, asked_per_second: float, seconds: float, skip_seconds: float = 0.0
) -> Open:
    """Read what h2load logged of each request: when it began (µs), its status, how long (µs).

    Args:
        log: lines of three columns, separated by tabs, the last perhaps cut short.
        asked_per_second: what h2load was told to send.
        seconds: that are looked at.
        skip_seconds: before them, which are left out.

    Raises:
        NothingAnswered: nothing is left.
    """
    rows = [line.split("\t") for line in log.splitlines()]
    table = np.array([row for row in rows if len(row) == LOG_COLUMNS], dtype=np.int64)
    if not table.size:
        raise NothingAnswered("h2load logged no request")
    first = table[:, 0].min() + skip_seconds * 1e6
    last = first + seconds * 1e6
    table = table[(table[:, 0] >= first) & (table[:, 0] <= last)]
    if not table.size:
        raise NothingAnswered("h2load logged no request but in the seconds left out")
    began, status, took = table.T
    is_within = began + took <= last  # what ended later is no part of the rate
    is_ok, is_refused = status == OK, status == UNAVAILABLE
    return Open(
        asked_per_second=asked_per_second,
        sent_per_second=len(table) / seconds,
        answered_per_second=int(np.count_nonzero(is_ok & is_within)) / seconds,
        refused_per_second=int(np.count_nonzero(is_refused & is_within)) / seconds,
        failures=int(np.count_nonzero(~is_ok & ~is_refused)),
        p50_ms=_percentile(took[is_ok], 50),
        p99_ms=_percentile(took[is_ok], 99),
        refused_p99_ms=_percentile(took[is_refused], 99),
    )


def _percentile(microseconds: NDArray[np.int64], share: float) -> float:
    return float(np.percentile(microseconds, share)) / 1e3 if microseconds.size else float("nan")
