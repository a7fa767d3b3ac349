"""How long each stage of a request took, told to its caller as `Server-Timing`.

Stages are added up: a request of many images says how long all of them together kept a stage
busy, which may be more than the request took.
"""

from contextvars import ContextVar

stages: ContextVar[list[tuple[str, float]] | None] = ContextVar("stages", default=None)
"""Names and seconds, of the request that is being answered; None outside of one."""


def add(stage: str, seconds: float) -> None:
    """Note one stage of the current request, if there is one; from any thread with its context."""
    noted = stages.get()
    if noted is not None:
        noted.append((stage, seconds))


def describe(noted: list[tuple[str, float]], total_seconds: float) -> str:
    """The value of a `Server-Timing` header (W3C), in milliseconds, the total last."""
    sums: dict[str, float] = {}
    for stage, seconds in noted:
        sums[stage] = sums.get(stage, 0.0) + seconds
    sums["total"] = total_seconds
    return ", ".join(f"{stage};dur={seconds * 1000:.3f}" for stage, seconds in sums.items())
