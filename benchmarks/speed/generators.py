"""The load generators, wrk and Debian's h2load: at this machine's own address, and bounded."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

from benchmarks.speed.parsing import Closed, Open, parse_h2load_log, parse_wrk
from benchmarks.speed.payloads import Payload

SCRIPT = Path(__file__).with_name("post.lua")

OPEN_CONNECTIONS = 700
"""More than the service answers at once (128), so that it can be overloaded; fewer than it takes
of one worker (800)."""

WARM_UP_SECONDS = 1.0
"""Of an open loop, while it connects."""

STEADY_PER_SECOND = 1000.0
"""From here on connections open every millisecond, as often as h2load's clock ticks."""

GRACE_SECONDS = 30
"""Beyond its duration, after which a generator is ended."""


def require() -> None:
    """See that both are there.

    Raises:
        SystemExit: one is not.
    """
    missing = [name for name in ("wrk", "h2load") if which(name) is None]
    if missing:
        raise SystemExit(
            f"Missing: {', '.join(missing)}. On Debian: apt-get install wrk nghttp2-client"
        )


def drive(port: int, payload: Payload, *, connections: int, seconds: float) -> Closed:
    """Closed loop: each of `connections` posts as soon as it was answered."""
    command = [
        "wrk", "--threads=1", f"--connections={connections}",
        f"--duration={max(1, round(seconds))}s", "--timeout=30s", f"--script={SCRIPT}",
        _address(port, payload), "--",
        *(f"{name}: {value}" for name, value in payload.headers.items()),
        *map(str, payload.files),
    ]  # fmt: skip
    return parse_wrk(_run(command, seconds))


def offer(
    port: int,
    payload: Payload,
    *,
    per_second: float,
    seconds: float,
    connections: int = OPEN_CONNECTIONS,
) -> Open:
    """Open loop: post `per_second`, spread over the connections, whatever the answers.

    Each request's time is counted from when it was sent. A connection sends its next when its
    turn comes, or, if the answer to the last is late, as soon as that is there: what was sent in
    all is measured too. Connections open one after the other over the time of one turn; opened
    together they would send in bursts of all of them.
    """
    with offering(
        port, payload, per_second=per_second, seconds=seconds, connections=connections
    ) as load:
        return load.wait()


class Load:
    """An open loop under way."""

    def __init__(
        self, process: subprocess.Popen[bytes], log: Path, per_second: float, seconds: float
    ) -> None:
        """Keep what is needed to wait for it."""
        self._process = process
        self._log = log
        self._per_second = per_second
        self._seconds = seconds

    @property
    def is_running(self) -> bool:
        """Whether it still sends."""
        return self._process.poll() is None

    def wait(self) -> Open:
        """What came of it, when it is over."""
        self._process.wait(self._seconds + WARM_UP_SECONDS + GRACE_SECONDS)
        return parse_h2load_log(
            self._log.read_text(),
            asked_per_second=self._per_second,
            seconds=self._seconds,
            skip_seconds=WARM_UP_SECONDS,
        )


@contextmanager
def offering(
    port: int, payload: Payload, *, per_second: float, seconds: float, connections: int
) -> Iterator[Load]:
    """An open loop that runs beside what the block does; it ends with the block."""
    connections = max(1, min(connections, int(per_second * WARM_UP_SECONDS)))
    turns = max(1, round((seconds + WARM_UP_SECONDS) * per_second / connections))
    opening_ms = 1 if per_second >= STEADY_PER_SECOND else 10
    opened_at_once = max(1, round(per_second * opening_ms / 1000))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "requests.tsv"
        command = [
            "h2load", "--h1", "--threads=1", f"--clients={connections}",
            f"--rate={opened_at_once}", f"--rate-period={opening_ms}ms",
            f"--rps={per_second / connections:.6f}", f"--requests={turns * connections}",
            f"--data={payload.files[0]}", f"--log-file={log}",
            *(f"--header={name}: {value}" for name, value in payload.headers.items()),
            _address(port, payload),
        ]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 # a generator
        try:
            yield Load(process, log, per_second, seconds)
        finally:
            process.kill()
            process.wait()


def _address(port: int, payload: Payload) -> str:
    return f"http://127.0.0.1:{port}{payload.path}"


def _run(command: list[str], seconds: float) -> str:
    done = subprocess.run(  # noqa: S603 # a generator
        command, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + GRACE_SECONDS
    )
    return done.stdout
