"""A contender that runs: started, awaited, looked at, and ended with all it started."""

import ctypes
import http.client
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

from benchmarks.speed.contenders import Contender
from benchmarks.speed.payloads import Known

START_SECONDS = 180
ANSWER_SECONDS = 60
END_SECONDS = 10
MEBIBYTE = 1 << 20
PORTS = range(20_000, 30_000, 3)
"""Below those that Linux gives to outgoing connections, which could take one between two looks."""
SET_CHILD_SUBREAPER = 36
"""Of Linux's prctl: what a child leaves behind becomes ours, and can be ended."""


class NotServing(Exception):
    """A contender ended, did not answer in time, or answered wrongly."""


@dataclass(frozen=True, slots=True)
class Running:
    """A contender that answers.

    Attributes:
        contender: which.
        port: where.
        process: the first of its processes.
        ready_seconds: from its start to its first right answer.
    """

    contender: Contender
    port: int
    process: psutil.Process
    ready_seconds: float

    def processes(self) -> list[psutil.Process]:
        """All of them."""
        return [self.process, *self.process.children(recursive=True)]

    def resident_mib(self) -> float:
        """Resident memory of all of them; what they share is counted for each."""
        total = 0
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        return total / MEBIBYTE

    def cpu_seconds(self) -> float:
        """Processor time of all of them so far, those that ended included."""
        total = 0.0
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])  # the fifth is time without work
        return total


def adopt_orphans() -> None:
    """Become the parent of what a contender leaves behind, and end by an exception on SIGTERM."""
    ctypes.CDLL(None, use_errno=True).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def free_port() -> int:
    """A port with two free ones after it, which some contenders want too."""
    while True:
        port = random.choice(PORTS)  # noqa: S311 # no secret
        if all(_is_free(port + more) for more in range(PORTS.step)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextmanager
def serving(
    contender: Contender, python: Path, version: Path, known: Known, **settings: str
) -> Iterator[Running]:
    """A contender that answered every known digit rightly, until the block ends.

    Args:
        contender: which.
        python: of its environment.
        version: the version folder it serves.
        known: digits to check it with.
        settings: environment variables besides its own.

    Raises:
        NotServing: it does not.
    """
    port = free_port()
    served = {"MODELS_DIR": str(version.parent.parent), "VERSION_FOLDER": str(version)}
    others = set(psutil.Process().children(recursive=True))
    with tempfile.TemporaryFile() as log:
        started = time.monotonic()
        process = _start(contender, python, port, {**served, **settings}, log.fileno())
        try:
            _wait(contender, port, process, known)
            ready_seconds = time.monotonic() - started
            _check(contender, port, known)
            yield Running(contender, port, psutil.Process(process.pid), ready_seconds)
        except (NotServing, OSError) as error:
            log.seek(0)
            tail = log.read()[-2000:].decode(errors="replace")
            raise NotServing(f"{contender.name}: {error}\n{tail}") from error
        finally:
            stop(process, others)


def _start(
    contender: Contender, python: Path, port: int, settings: Mapping[str, str], log: int
) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PORT": str(port),
        "NETWORK": contender.network or "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "BENTOML_DO_NOT_TRACK": "true",
        "RAY_USAGE_STATS_ENABLED": "0",
        # Compiled, as in an image: the first start keeps what the others are then measured with.
        "PYTHONDONTWRITEBYTECODE": "",
        # Some find their helpers by name.
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        **contender.settings,
        **settings,
    }
    command = [part.format(port=port) for part in contender.command]
    return subprocess.Popen(  # noqa: S603 # a contender
        [str(python), "-m", *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _wait(contender: Contender, port: int, process: subprocess.Popen[bytes], known: Known) -> None:
    """Until the first right answer; asked again and again, as it says in no other way."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotServing(f"it ended with {process.returncode}")
        with suppress(OSError, http.client.HTTPException, NotServing):
            return _check(contender, port, known, count=1)
        time.sleep(0.01)
    raise NotServing(f"it gave no right answer in {START_SECONDS} s")


def _check(contender: Contender, port: int, known: Known, count: int | None = None) -> None:
    for image, reading in zip(known.images[:count], known.readings[:count], strict=True):
        status, _, body = post(port, contender.path, contender.headers, contender.to_body(image))
        if status != 200 or not contender.is_right(body, image, reading):
            raise NotServing(f"it answered {status} {body[:300]!r} where {reading} is right")


def post(
    port: int, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, Mapping[str, str], bytes]:
    """Post once: status, headers by their names in lower case, and body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, named, answer.read()
    finally:
        connection.close()


def stop(process: subprocess.Popen[bytes], others: set[psutil.Process]) -> None:
    """End a process and all that came of it, gently and then not.

    What it left behind are children of ours by then, as `others` are, which go on.
    """
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)
    left = [each for each in psutil.Process().children(recursive=True) if each not in others]
    for each in left:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    psutil.wait_procs(left, timeout=END_SECONDS)
    process.wait()


def run_with(python: Path, module: str, arguments: Sequence[str]) -> str:
    """What a module of ours prints in an environment."""
    done = subprocess.run(  # noqa: S603 # a module of ours
        [str(python), "-m", module, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout
