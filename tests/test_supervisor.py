"""Several workers as `make serve` would run them: started, stopped, and never left behind."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

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


def scrape(address: str) -> dict[tuple[str, str], float]:
    """Samples by name and worker; those that belong to none have an empty one."""
    text = httpx.get(f"{address}/metrics", timeout=DEADLINE_SECONDS).text
    return {
        (sample.name, sample.labels.get("worker", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def find_serving(supervisor: int) -> list[int]:
    """The workers among its children."""
    return [
        each
        for each in find_workers(supervisor)
        if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]


@contextmanager
def both_ready(capfd: pytest.CaptureFixture[str]) -> Iterator[tuple[int, str, list[int]]]:
    """A supervisor that is soon impatient, its address, and its workers, all of which serve."""
    said = ""

    def are_ready() -> bool:
        nonlocal said
        said += capfd.readouterr().err
        return said.count('"ready"') == 2

    with running(WORKERS="2", WORKER_TIMEOUT_SECONDS="5") as (process, address):
        assert until(are_ready), said
        workers = find_serving(process.pid)
        try:
            yield process.pid, address, workers
        finally:
            for worker in workers:  # one that is stopped would outlive the test
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)


def test_worker_that_hangs_is_replaced(seven: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """Stopped as by a debugger, it is noticed by its silence; the other serves meanwhile."""
    with both_ready(capfd) as (supervisor, address, (victim, other)):
        os.kill(victim, signal.SIGSTOP)
        is_gone = until(lambda: not is_running(victim))
        is_replaced = until(lambda: len(find_serving(supervisor)) == 2)
        answer = httpx.post(f"{address}/predict", files={"file": seven}, timeout=DEADLINE_SECONDS)
        restarts = scrape(address)["digits_worker_restarts_total", ""]

        assert is_gone
        assert is_replaced
        assert is_running(other)
        assert answer.json()["digit"] == 7
        assert restarts == 1


def test_frozen_service_thaws_whole(capfd: pytest.CaptureFixture[str]) -> None:
    """All of it stopped for longer than a worker may be silent: nobody is blamed for that."""
    with both_ready(capfd) as (supervisor, address, workers):
        for each in (supervisor, *workers):
            os.kill(each, signal.SIGSTOP)
        time.sleep(7)  # the time itself is what is tested
        # The supervisor first: it must not judge before the workers can speak again.
        for each in (supervisor, *workers):
            os.kill(each, signal.SIGCONT)
        time.sleep(1)  # long enough to be killed wrongly
        status = httpx.get(f"{address}/health", timeout=DEADLINE_SECONDS).status_code

        assert status == 200
        assert find_serving(supervisor) == workers


def test_every_process_is_measured() -> None:
    """Memory, time and files of each worker and of the supervisor, whoever is asked."""
    with running(WORKERS="2") as (_, address):
        samples = scrape(address)

    for name in ("resident_memory_bytes", "cpu_seconds_total", "open_fds"):
        for worker in ("0", "1", "supervisor"):
            assert samples[f"process_{name}", worker] > 0


def test_no_model_ends_all_workers_with_a_reason(tmp_path: Path) -> None:
    """What no worker can serve is not tried for ever."""
    finished = run_to_end(WORKERS="2", MODELS_DIR=str(tmp_path), PORT=str(free_port()))

    assert finished.returncode == 1
    assert "model_not_found" in finished.stderr
