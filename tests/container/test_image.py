"""Build both images for real, start them as compose does, post digits, stop them again."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.pictures import encode

ROOT = Path(__file__).parent.parent.parent
ADDRESS = "http://127.0.0.1:18000"
READY_SECONDS = 120


def run(*command: str, **environment: str) -> str:
    """Run a command in the repository; what it says when it fails is what pytest shows."""
    finished = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "DOCKER_BUILDKIT": "1", "PORT": "18000", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-4000:]
    return finished.stdout


def build(tag: str, *options: str) -> str:
    """Build an image and give its name."""
    run("docker", "build", "--network", "host", "--tag", tag, *options, ".")
    return tag


def wait_until_ready(container: str) -> dict[str, object]:
    """Ask for health until it is there; if it never is, what the container said is shown."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            response = httpx.get(f"{ADDRESS}/health")
        except httpx.TransportError:
            pass
        else:
            if response.status_code == 200:
                return dict(response.json())
        if run("docker", "inspect", "--format", "{{.State.Running}}", container).strip() != "true":
            break
        time.sleep(0.2)
    pytest.fail("not ready:\n" + run("sh", "-c", f"docker logs --tail 30 {container} 2>&1"))


@pytest.fixture(scope="module")
def pretrained() -> str:
    """The image with the committed model."""
    return build("alexnet-digits:test-pretrained")


@pytest.fixture(scope="module")
def trained() -> str:
    """The image that trained a model of its own, by the recipe for tests."""
    # The build has neither Keras's download nor npm everywhere: give it the files.
    run(sys.executable, "-m", "training", "fetch", "data", "--recipe", "smoke")
    return build(
        "alexnet-digits:test-trained",
        "--build-arg", "MODEL=trained", "--build-arg", "RECIPE=smoke",
    )  # fmt: skip


@pytest.fixture
def compose(request: pytest.FixtureRequest) -> Iterator[str]:
    """A running service of the image that the test names, by the compose file."""
    image = str(request.getfixturevalue(request.param))
    run("docker-compose", "up", "--detach", "--no-build", IMAGE=image)
    try:
        yield run("docker-compose", "ps", "--quiet", "digits", IMAGE=image).strip()
    finally:
        run("docker-compose", "down", "--timeout", "30", IMAGE=image)


@pytest.mark.parametrize("compose", ["pretrained"], indirect=True)
def test_pretrained_serves_and_stops(
    compose: str, golden: dict[str, np.ndarray], seven: bytes
) -> None:
    """Real digits are read right, the container is locked down, and SIGTERM ends it with 0."""
    health = wait_until_ready(compose)
    files = [("files", encode(image)) for image in golden["images"]]
    batch = httpx.post(f"{ADDRESS}/predict/batch", files=files).json()
    single = httpx.post(f"{ADDRESS}/predict", files={"file": seven}).json()
    state = json.loads(run("docker", "inspect", compose))[0]
    user = run("docker", "exec", compose, "python", "-c", "import os; print(os.getuid())")
    run("docker", "stop", "--time", "30", compose)
    code = json.loads(run("docker", "inspect", compose))[0]["State"]["ExitCode"]

    assert health["status"] == "ready"
    assert [item["digit"] for item in batch["predictions"]] == golden["labels"].tolist()
    assert single["digit"] == 7
    assert state["HostConfig"]["ReadonlyRootfs"] is True
    assert state["HostConfig"]["CapDrop"] == ["ALL"]
    assert int(user) != 0
    assert code == 0


@pytest.mark.parametrize("compose", ["trained"], indirect=True)
def test_trained_serves_its_own_model(compose: str, seven: bytes) -> None:
    """The model that the build trained is ready and answers, however little it learnt."""
    health = wait_until_ready(compose)
    answer = httpx.post(f"{ADDRESS}/predict", files={"file": seven})
    recipe = run(
        "docker", "exec", compose, "python", "-c",
        "print(__import__('json').load(open('models/alexnet/1/assets.extra/manifest.json'))['recipe'])",
    )  # fmt: skip

    assert health["status"] == "ready"
    assert answer.status_code == 200
    assert recipe.strip() == "smoke"


def test_image_holds_nothing_that_serving_does_not_need(pretrained: str) -> None:
    """No TensorFlow, no compiler, no pip in the environment, and at most 250 MB on the base."""
    probe = (
        "import importlib.util, shutil;"
        "print([name for name in ('tensorflow', 'keras', 'pip') if importlib.util.find_spec(name)],"
        " [name for name in ('gcc', 'cc', 'g++') if shutil.which(name)])"
    )
    found = run("docker", "run", "--rm", "--entrypoint", "python", pretrained, "-c", probe)
    sizes = [
        int(run("docker", "image", "inspect", "--format", "{{.Size}}", image))
        for image in (pretrained, "python:3.11-slim-bookworm")
    ]

    assert found.strip() == "[] []"
    assert sizes[0] - sizes[1] <= 250_000_000


def test_docker_sees_the_health(pretrained: str) -> None:
    """The image's own health check comes to healthy, without compose."""
    container = run("docker", "run", "--detach", "--read-only", pretrained).strip()
    try:
        deadline = time.monotonic() + READY_SECONDS
        status = ""
        while status != "healthy" and time.monotonic() < deadline:
            time.sleep(0.5)
            form = "{{.State.Health.Status}}"
            status = run("docker", "inspect", "--format", form, container).strip()
    finally:
        run("docker", "rm", "--force", container)

    assert status == "healthy"


def test_tensorflow_target_serves_with_the_other_engine(seven: bytes) -> None:
    """The target `serve-tensorflow` runs the SavedModel itself."""
    image = build("alexnet-digits:test-tensorflow", "--target", "serve-tensorflow")
    container = run(
        "docker", "run", "--detach", "--read-only", "--publish", "127.0.0.1:18000:8000", image
    ).strip()
    try:
        health = wait_until_ready(container)
        answer = httpx.post(f"{ADDRESS}/predict", files={"file": seven}).json()
    finally:
        run("docker", "rm", "--force", container)

    assert health["model"]["engine"] == "tensorflow"  # type: ignore[index]
    assert answer["digit"] == 7


def test_two_workers_count_in_memory(pretrained: str, seven: bytes) -> None:
    """With a root that nobody can write to, both serve, and either tells what both counted."""
    options = ("--read-only", "--cap-drop", "ALL", "--env", "WORKERS=2")
    container = run(
        "docker", "run", "--detach", *options, "--publish", "127.0.0.1:18000:8000", pretrained
    ).strip()
    try:
        wait_until_ready(container)
        digits = [
            httpx.post(f"{ADDRESS}/predict", files={"file": seven}).json()["digit"]
            for _ in range(20)
        ]
        metrics = httpx.get(f"{ADDRESS}/metrics").text
    finally:
        run("docker", "rm", "--force", container)

    assert digits == [7] * 20
    assert 'digits_predictions_total{digit="7",outcome="accepted"} 20.0' in metrics
    assert 'process_resident_memory_bytes{worker="1"}' in metrics
