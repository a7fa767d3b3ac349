"""The compose files: what they mount is there, and where the containers look for it."""

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from app.settings import Settings
from tests.processes import ROOT


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """Of what one machine runs: the second file is read by itself, and names the same service."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(
        (ROOT / "docker-compose.override.yml").read_text()
    )["services"]
    return found


def mounts(service: dict[str, Any]) -> dict[PurePosixPath, Path]:
    """Folders of the repository, by where the container sees them."""
    split = [volume.split(":") for volume in service["volumes"]]
    return {PurePosixPath(each[1]): ROOT / each[0] for each in split if each[0].startswith("./")}


def find(service: dict[str, Any], place: str) -> Path:
    """What the container sees at a place."""
    inside = PurePosixPath(place)
    for target, source in mounts(service).items():
        if inside.is_relative_to(target):
            return source / inside.relative_to(target)
    return Path(place)


@pytest.mark.parametrize("name", ["prometheus", "grafana"])
def test_every_mount_is_there(services: dict[str, dict[str, Any]], name: str) -> None:
    """Docker would make an empty folder of what is missing."""
    found = mounts(services[name])

    assert found
    assert all(any(source.iterdir()) for source in found.values())
    assert all(volume.endswith(":ro") for volume in services[name]["volumes"] if volume[0] == ".")


def test_prometheus_finds_its_files(services: dict[str, dict[str, Any]]) -> None:
    """Configuration, rules, and the service under the name it has in the network."""
    (option,) = [
        each for each in services["prometheus"]["command"] if each.startswith("--config.file=")
    ]
    path = find(services["prometheus"], option.partition("=")[2])
    configuration = yaml.safe_load(path.read_text())
    (job,) = configuration["scrape_configs"]
    (target,) = job["static_configs"][0]["targets"]

    assert all((path.parent / rules).is_file() for rules in configuration["rule_files"])
    assert target.partition(":")[0] in services


def test_grafana_finds_its_dashboard(services: dict[str, dict[str, Any]]) -> None:
    """The home dashboard, and the folder that is provisioned from; its source is Prometheus."""
    grafana = services["grafana"]
    home = find(grafana, grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    provisioning = find(grafana, "/etc/grafana/provisioning")
    dashboards = yaml.safe_load((provisioning / "dashboards" / "digits.yml").read_text())
    sources = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())
    folder = find(grafana, dashboards["providers"][0]["options"]["path"])

    assert home.is_file()
    assert home.parent == folder
    assert sources["datasources"][0]["url"] == "http://prometheus:9090"
    assert "prometheus" in services


def test_every_setting_reaches_the_container() -> None:
    """But for those that are the image's own."""
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["digits"]
    own = {"HOST", "PORT", "MODELS_DIR", "ENGINE"}

    assert service["environment"].keys() == {name.upper() for name in Settings.model_fields} - own
    assert not any(service["environment"].values())
