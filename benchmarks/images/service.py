"""A running server to post to."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

START_SECONDS = 120
ANSWER_SECONDS = 60
CALLERS = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to one upload: the status and the JSON."""

    status: int
    body: dict[str, Any]


@contextmanager
def running(models: Path) -> Iterator[str]:
    """The address of a server of our own, on a free port, until the block ends.

    Raises:
        RuntimeError: it ended, or was not ready in time.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PORT": str(port),
        "MODELS_DIR": str(models),
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "app"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 # our own server
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("The server ended before it was ready.")
        try:
            if httpx.get(f"{url}/health").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("The server was not ready in time.")


def post(url: str, uploads: Iterable[bytes]) -> list[Answer]:
    """Post every upload to `url`, a few at a time, and keep the order."""
    headers = {"content-type": "application/octet-stream"}
    with httpx.Client(timeout=ANSWER_SECONDS) as client, ThreadPoolExecutor(CALLERS) as callers:

        def ask(upload: bytes) -> Answer:
            answer = client.post(url, content=upload, headers=headers)
            return Answer(answer.status_code, answer.json())

        return list(callers.map(ask, uploads))
