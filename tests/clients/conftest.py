"""The real process, for clients that others wrote; they live in an environment of their own."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.pictures import encode

ROOT = Path(__file__).parent.parent.parent
DEADLINE_SECONDS = 300


@pytest.fixture(scope="session")
def version_folder() -> Path:
    """The committed version of the model."""
    return max((ROOT / "models" / "alexnet").iterdir(), key=lambda path: int(path.name))


@pytest.fixture(scope="session")
def golden(version_folder: Path) -> dict[str, NDArray[np.uint8]]:
    """A few real digits of each class: images uint8 [n, 28, 28], labels and probabilities."""
    with np.load(version_folder / "assets.extra" / "golden.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def pictures(golden: dict[str, NDArray[np.uint8]]) -> list[bytes]:
    """Those digits as PNGs."""
    return [encode(image) for image in golden["images"]]


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The address, as host:port, of a process that is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [os.environ["SERVICE_PYTHON"], "-m", "app"],
        cwd=ROOT,
        # A busy machine is no failure of ours: none of these tests is about deadlines.
        env={**os.environ, "PORT": str(port), "REQUEST_TIMEOUT_SECONDS": "120"},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(f"127.0.0.1:{port}", process)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(DEADLINE_SECONDS)


def wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    """Ask for readiness until it is 200, the process ended or time is up."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the process ended; its log is below"
        try:
            with urllib.request.urlopen(f"http://{address}/v2/health/ready"):
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail("not ready in time")
