"""A swarm for real: replicas behind HAProxy are killed, replaced and rolled back under load."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent.parent
ADDRESS = "http://127.0.0.1:8000"
STACK = "digits"
SERVICE = f"{STACK}_digits"
CALLERS = int(os.environ.get("SWARM_CALLERS", "4"))
REPLICAS = 3
DEADLINE_SECONDS = 300
IMAGE, PROXY = "alexnet-digits:swarm", "alexnet-digits-proxy:swarm"
NEW, BROKEN = "alexnet-digits:swarm-new", "alexnet-digits:swarm-broken"


def run(*command: str, stdin: str | None = None) -> str:
    """Run a command in the repository; what it says when it fails is what pytest shows."""
    environment = {"IMAGE": IMAGE, "PROXY_IMAGE": PROXY}
    finished = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "DOCKER_BUILDKIT": "1", "REPLICAS": str(REPLICAS), **environment},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-4000:]
    return finished.stdout


def wait_until(is_done: Callable[[], bool], what: str) -> None:
    """Ask again and again until it is so, or time is up."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} not in time:\n" + run("docker", "service", "ps", SERVICE))
        time.sleep(0.5)


def build_images() -> None:
    """The service, the proxy, a newer service, and one that never gets ready."""
    run("docker", "build", "--network", "host", "--tag", IMAGE, ".")
    run("docker", "build", "--network", "host", "--tag", PROXY, "deploy/haproxy")
    derive = f"FROM {IMAGE}\n"
    run("docker", "build", "--tag", NEW, "-", stdin=f"{derive}LABEL newer=yes\n")
    run("docker", "build", "--tag", BROKEN, "-", stdin=f"{derive}ENV MODELS_DIR=/nowhere\n")


def replicas() -> list[str]:
    """The containers of the service that are healthy."""
    found = run(
        "docker", "ps", "--quiet", "--no-trunc", "--filter", "health=healthy",
        "--filter", f"label=com.docker.swarm.service.name={SERVICE}",
    )  # fmt: skip
    return found.split()


def images() -> set[str]:
    """What the healthy replicas run."""
    found = replicas()
    if not found:
        return set()
    return set(run("docker", "inspect", "--format", "{{.Config.Image}}", *found).split())


def has_answered() -> bool:
    """Whether the proxy gives an answer of a replica."""
    try:
        return httpx.get(f"{ADDRESS}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def has_predicted(container: str) -> bool:
    """Whether a replica answered some of the callers, as its own metrics say."""
    address = "http://127.0.0.1:8000/metrics"
    ask = f"print(__import__('urllib.request').request.urlopen({address!r}).read().decode())"
    return 'route="/predict"' in run("docker", "exec", container, "python", "-c", ask)


@pytest.fixture(scope="module")
def swarm() -> Iterator[None]:
    """A stack of three replicas on a swarm of this one machine."""
    # Docker publishes a port beside a process that listens on it, which then takes the requests.
    assert not has_answered(), f"something else answers at {ADDRESS}"
    build_images()
    run("docker", "swarm", "init", "--advertise-addr", "127.0.0.1")
    try:
        run(
            "docker", "stack", "deploy", "--resolve-image", "never",
            "-c", "docker-compose.yml", "-c", "deploy/swarm.yml", STACK,
        )  # fmt: skip
        wait_until(lambda: len(replicas()) == REPLICAS, "replicas")
        wait_until(has_answered, "proxy")
        yield
    finally:
        run("docker", "stack", "rm", STACK)
        run("docker", "swarm", "leave", "--force")


@dataclass
class Load:
    """What callers in a row of threads saw.

    Attributes:
        right: answers that were as they should be.
        wrong: whatever else came, as text.
    """

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, outcome: str | None) -> None:
        """Count one request; None is a right answer."""
        with self._lock:
            if outcome is None:
                self.right += 1
            else:
                self.wrong.append(outcome)


def call(load: Load, picture: bytes, is_over: threading.Event) -> None:
    """Ask one request after the other, each on a new connection, as new callers do."""
    while not is_over.is_set():
        try:
            response = httpx.post(f"{ADDRESS}/predict", files={"file": picture}, timeout=70)
        except httpx.TransportError as error:
            load.note(repr(error))
            continue
        is_right = response.status_code == 200 and response.json()["digit"] == 7
        load.note(None if is_right else f"{response.status_code} {response.text[:200]}")


@contextmanager
def loaded(picture: bytes) -> Iterator[Load]:
    """Callers that ask all the while, from before the block until after it."""
    load, is_over = Load(), threading.Event()
    callers = [threading.Thread(target=call, args=(load, picture, is_over)) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        wait_until(lambda: load.right >= CALLERS, "answers")
        yield load
        enough = load.right + 10 * CALLERS
        wait_until(lambda: load.right >= enough or bool(load.wrong), "answers afterwards")
    finally:
        is_over.set()
        for caller in callers:
            caller.join()


def update(image: str) -> str:
    """Roll the service to an image; its state when that has ended."""
    run("docker", "service", "update", "--detach", "--no-resolve-image", "--image", image, SERVICE)
    state = "updating"

    def has_ended() -> bool:
        nonlocal state
        status = json.loads(run("docker", "service", "inspect", SERVICE))[0]["UpdateStatus"]
        state = str(status["State"])
        return state not in {"updating", "rollback_started"}

    wait_until(has_ended, f"update to {image}")
    return state


@pytest.mark.usefixtures("swarm")
def test_replicas_share_the_load(seven: bytes) -> None:
    """The proxy finds every one of them by DNS, and gives each some of the requests."""
    with loaded(seven) as load:
        wait_until(lambda: all(has_predicted(each) for each in replicas()), "all have answered")

    assert load.wrong == []
    assert len(replicas()) == REPLICAS


@pytest.mark.usefixtures("swarm")
def test_killed_replica_is_replaced(seven: bytes) -> None:
    """Under load no request is lost but those in the killed replica, and there are three again."""
    victim, *others = replicas()
    with loaded(seven) as load:
        run("docker", "kill", "--signal", "KILL", victim)
        wait_until(lambda: set(others) < set(replicas()) and len(replicas()) == REPLICAS, "another")
    print(f"killed: {load.right} answered, {len(load.wrong)} lost")

    assert len(load.wrong) <= CALLERS // REPLICAS + 1, load.wrong
    assert victim not in replicas()


@pytest.mark.usefixtures("swarm")
def test_update_loses_nothing(seven: bytes) -> None:
    """Under load all replicas are replaced by a new image's, and every request is answered."""
    with loaded(seven) as load:
        state = update(NEW)
    print(f"updated: {load.right} answered, {len(load.wrong)} lost")

    assert state == "completed"
    assert load.wrong == []
    assert images() == {NEW}


@pytest.mark.usefixtures("swarm")
def test_broken_image_rolls_back_by_itself(seven: bytes) -> None:
    """Under load an image that never gets ready takes nobody's place, and nobody notices."""
    before = images()
    with loaded(seven) as load:
        state = update(BROKEN)
    print(f"rolled back: {load.right} answered, {len(load.wrong)} lost")

    assert state == "rollback_completed"
    assert load.wrong == []
    assert images() == before
