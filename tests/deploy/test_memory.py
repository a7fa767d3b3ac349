"""The memory that each deployment allows is enough to decode the largest pictures."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from app.settings import MEBIBYTE, Settings
from tests.deploy.test_kubernetes import CONTAINERS
from tests.processes import ROOT

IDLE = 100 * MEBIBYTE
"""Of one worker that has read nothing yet."""

PICTURE = 800 * MEBIBYTE
"""What decoding the worst takes beside that: a WebP of `MAX_PIXELS`, of 174 KB as a file.

Measured by a worker's `VmHWM`, 888 MiB with one and 1,683 with two;
`python -m benchmarks.images.memory` measures what is between.
"""

UNITS = {"Mi": 1 << 20, "Gi": 1 << 30, "m": 1 << 20, "g": 1 << 30}
"""Kubernetes's and Docker's."""


def least(environment: Mapping[str, str]) -> int:
    """Bytes that a container with these settings can come to take.

    Each worker decodes by itself, and bodies that wait are in memory too.
    """
    settings = Settings.model_validate({key.lower(): each for key, each in environment.items()})
    decoding = settings.decode_threads * PICTURE
    return settings.workers * (IDLE + settings.max_buffered_bytes + decoding)


def read_size(text: str) -> int:
    """Bytes of a size as manifests write it; of one that may be set otherwise, the default."""
    text = re.sub(r"^\$\{\w+:-(\w+)\}$", r"\1", text)
    number, unit = next(
        (text.removesuffix(each), UNITS[each]) for each in UNITS if text.endswith(each)
    )
    return int(number) * unit


def compose(*names: str) -> dict[str, Any]:
    """The service of several compose files, each of which adds to the one before."""
    merged: dict[str, Any] = {}
    for name in names:
        merged |= yaml.safe_load((ROOT / name).read_text())["services"]["digits"]
    return merged


def settings(service: dict[str, Any]) -> dict[str, str]:
    """What a file sets; a name without a value is left to who starts it."""
    return {name: value for name, value in service["environment"].items() if value is not None}


def deployments() -> dict[str, tuple[dict[str, str], str]]:
    """The settings and the limit of each."""
    found = {
        name: (
            {each["name"]: each["value"] for each in container.get("env", [])},
            container["resources"]["limits"]["memory"],
        )
        for name, container in CONTAINERS.items()
    }
    machine = compose("docker-compose.yml", "docker-compose.override.yml")
    swarm = compose("docker-compose.yml", "deploy/swarm.yml")
    found["compose"] = (settings(machine), machine["mem_limit"])
    found["swarm"] = (settings(swarm), swarm["deploy"]["resources"]["limits"]["memory"])
    return found


DEPLOYMENTS = deployments()


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_limit_holds_the_largest_pictures(name: str) -> None:
    """Whoever posts one in each decoding thread does not have the container killed."""
    environment, limit = DEPLOYMENTS[name]

    assert read_size(limit) >= least(environment)


@pytest.mark.parametrize(
    ("environment", "limit"),
    [
        ({"DECODE_THREADS": "2"}, "1Gi"),
        ({}, "1g"),
        ({"DECODE_THREADS": "1"}, "768Mi"),
        ({"WORKERS": "2"}, "2g"),
    ],
)
def test_a_smaller_limit_does_not(environment: dict[str, str], limit: str) -> None:
    """The check can fail: with the first three, an upload or two of 174 KB were the end."""
    assert read_size(limit) < least(environment)


def test_what_the_page_says_is_enough() -> None:
    """Whoever starts two workers as it is written there gives both what they may take."""
    page = (ROOT / "docs" / "how-to" / "deploy.md").read_text()
    (command,) = re.findall(r"^    (.*WORKERS=.*) docker compose up", page, re.MULTILINE)
    environment = dict(each.split("=") for each in command.split())

    assert read_size(environment.pop("MEMORY")) >= least(environment)


def test_every_deployment_is_looked_at() -> None:
    """Compose, the swarm, KServe and both overlays."""
    assert DEPLOYMENTS.keys() == {
        "compose", "swarm", "InferenceService", "one-Deployment", "many-Deployment"
    }  # fmt: skip
