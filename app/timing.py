"""How long each stage of a request took, told to its caller as `Server-Timing`, and counted.

Stages are added up: a request of many images says how long all of them together kept a stage
busy, which may be more than the request took.
"""

import time
from collections.abc import Sequence
from contextvars import ContextVar
from typing import NamedTuple


class Stage(NamedTuple):
    """One stage of a request.

    Attributes:
        name: of what was done.
        seconds: it took.
        ended: when, by `time.perf_counter`.
    """

    name: str
    seconds: float
    ended: float


stages: ContextVar[list[Stage] | None] = ContextVar("stages", default=None)
"""Of the request that is being answered; None outside of one."""


def add(name: str, seconds: float, *, ago_seconds: float = 0.0) -> None:
    """Note a stage of the current request, if there is one; from any thread with its context.

    Args:
        name: of the stage.
        seconds: it took.
        ago_seconds: how long ago it ended.
    """
    noted = stages.get()
    if noted is not None:
        noted.append(Stage(name, seconds, time.perf_counter() - ago_seconds))


def describe(noted: Sequence[Stage], total_seconds: float) -> str:
    """The value of a `Server-Timing` header (W3C), in milliseconds, the total last."""
    sums: dict[str, float] = {}
    for stage in noted:
        sums[stage.name] = sums.get(stage.name, 0.0) + stage.seconds
    sums["total"] = total_seconds
    # A list: joining what a generator gives would call it once for each.
    return ", ".join([f"{stage};dur={seconds * 1000:.3f}" for stage, seconds in sums.items()])
