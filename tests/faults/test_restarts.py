"""SIGTERM under load: whoever asks a server that says it is ready gets the right answer."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.fleet import Replica, fleet
from tests.faults.load import Golden, callers

pytestmark = pytest.mark.anyio


def balance(replicas: list[Replica]) -> Callable[[], int | None]:
    """Take turns among those that are ready."""
    turns = itertools.cycle(replicas)

    def choose() -> int | None:
        for _ in replicas:
            replica = next(turns)
            if replica.is_ready:
                return replica.port
        return None

    return choose


async def test_no_request_is_lost_in_restarts(
    tmp_path: Path,
    golden_uploads: Golden,
    scaled: Callable[[int, int], int],
    tell: Callable[[str], None],
) -> None:
    """Of two replicas behind a balancer, one after the other is restarted under 32 callers."""
    restarts = scaled(20, 2)
    async with (
        fleet(tmp_path, 2, SHUTDOWN_DELAY_SECONDS="1") as replicas,
        callers(32, balance(replicas), golden_uploads) as tally,
    ):
        codes = []
        for restart in range(restarts):
            replica = replicas[restart % 2]
            codes.append(await replica.stop())
            await replica.start()
    tell(f"{restarts} restarts, {tally}")

    assert codes == [0] * restarts
    assert set(tally.outcomes) == {"right"}
    assert tally.outcomes["right"] > 32
