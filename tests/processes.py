"""The real process over TCP: python -m app, as `make serve` runs it."""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent

DEADLINE_SECONDS = float(os.environ.get("DEADLINE_SECONDS", "60"))
"""How long anything may take before a test gives up; more on a machine that is busy otherwise."""


def free_port() -> int:
    """A TCP port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    port: int = 0, *, no_files: bool = False, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that is ready, and its address.

    Args:
        port: to listen on; a free one if 0.
        no_files: forbid it to write a single byte to any file.
        environment: its settings.
    """
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), **environment},
        stdout=subprocess.PIPE,  # not stderr, where the log goes: a pipe nobody reads fills up
        stderr=subprocess.DEVNULL if no_files else None,  # pytest keeps it in a file
        text=True,
        preexec_fn=_forbid_files if no_files else None,  # noqa: PLW1509 # it only sets a limit
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(address, process)
        yield process, address
    finally:
        process.kill()
        process.communicate()


def _forbid_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def wait_until_ready(address: str, process: subprocess.Popen[str]) -> None:
    """Ask for health until it is 200, the process ended or time is up."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the process ended; its log is below"
        try:
            if httpx.get(f"{address}/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("not ready in time")


def list_modules(code: str) -> set[str]:
    """What a fresh Python has imported once it has run some code, which may print what it likes."""
    tell = "\nimport sys; print(*sys.modules, file=sys.stderr)"
    finished = subprocess.run(
        [sys.executable, "-c", code + tell], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(finished.stderr.split())


def run_to_end(**environment: str) -> subprocess.CompletedProcess[str]:
    """A process that gives up by itself."""
    return subprocess.run(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
