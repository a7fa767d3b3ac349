"""Workers that are killed: the others serve on, and what was counted stays counted."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.faults.fleet import Replica, fleet, get, get_status, wait_until
from tests.faults.load import Golden, callers

pytestmark = pytest.mark.anyio

CALLERS = 16


def find_workers(supervisor: int) -> list[int]:
    """The processes that serve, oldest first."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return [int(each) for each in children if "spawn_main" in _command(each)]


def _command(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # it died meanwhile
        return ""


async def count(port: int, name: str) -> float:
    """The sum of a metric over its labels, as any worker tells it."""
    text = (await get(port, "/metrics")).body.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    )


async def kill_one(replica: Replica) -> None:
    """Kill the oldest worker, and wait for the one that replaces it to be started."""
    victim = find_workers(replica.pid)[0]
    os.kill(victim, signal.SIGKILL)
    await wait_until(lambda: victim not in (found := find_workers(replica.pid)) and len(found) == 2)


async def test_service_outlives_its_workers(
    tmp_path: Path,
    golden_uploads: Golden,
    scaled: Callable[[int, int], int],
    tell: Callable[[str], None],
) -> None:
    """Of two workers one is killed every two seconds: only what it was answering is lost."""
    kills = scaled(30, 2)
    async with fleet(tmp_path, 1, WORKERS="2") as (replica,):
        async with callers(CALLERS, lambda: replica.port, golden_uploads) as tally:
            statuses = []
            for _ in range(kills):
                await asyncio.sleep(2)
                await kill_one(replica)
                statuses.append(await get_status(replica.port, "/health/ready"))
        counted = await count(replica.port, "digits_predictions_total")
        restarts = await count(replica.port, "digits_worker_restarts_total")
        code = await replica.stop()
    tell(f"{kills} kills, {tally}")

    assert statuses == [200] * kills
    assert set(tally.outcomes) <= {"right", "reset"}
    assert tally.outcomes["reset"] <= kills * CALLERS
    # A caller whose connection was reset may have been counted or not.
    answered = tally.outcomes["right"]
    assert answered <= counted <= answered + tally.outcomes["reset"]
    assert restarts == kills
    assert code == 0
