"""Several workers as `make serve` would run them: started, stopped, and never left behind."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.processes import DEADLINE_SECONDS, free_port, run_to_end, running


def find_workers(supervisor: int) -> list[int]:
    """The processes that a supervisor started."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return [int(each) for each in children]


def until(is_true: Callable[[], bool]) -> bool:
    """Poll until something is so; whether it became so in time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline and not is_true():
        time.sleep(0.05)
    return is_true()


def is_running(process: int) -> bool:
    """Whether it is there, and no zombie."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_workers_serve_and_drain(seven: bytes) -> None:
    """Every worker answers alike, and one signal to the supervisor ends them all with 0."""
    with running(WORKERS="2", SHUTDOWN_DELAY_SECONDS="0") as (process, address):
        answers = [
            httpx.post(f"{address}/predict", files={"file": seven}).json()["digit"]
            for _ in range(10)
        ]
        workers = find_workers(process.pid)
        process.send_signal(signal.SIGTERM)
        code = process.wait(DEADLINE_SECONDS)
        are_gone = until(lambda: not any(is_running(worker) for worker in workers))

    assert answers == [7] * 10
    assert code == 0
    assert are_gone


def test_second_signal_ends_all_at_once() -> None:
    """Who cannot wait for the grace says so again."""
    with running(WORKERS="2", SHUTDOWN_DELAY_SECONDS="600") as (process, _):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)  # two signals at once are one
        process.send_signal(signal.SIGTERM)
        code = process.wait(DEADLINE_SECONDS)

    assert code == 1


def test_workers_do_not_outlive_their_supervisor() -> None:
    """Killed without a word, it leaves nobody who holds the port."""
    with running(WORKERS="2", SHUTDOWN_DELAY_SECONDS="0") as (process, _):
        workers = find_workers(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(DEADLINE_SECONDS)
        are_gone = until(lambda: not any(is_running(worker) for worker in workers))

    assert len(workers) >= 2
    assert are_gone


def test_no_model_ends_all_workers_with_a_reason(tmp_path: Path) -> None:
    """What no worker can serve is not tried for ever."""
    finished = run_to_end(WORKERS="2", MODELS_DIR=str(tmp_path), PORT=str(free_port()))

    assert finished.returncode == 1
    assert "model_not_found" in finished.stderr
