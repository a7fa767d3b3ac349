"""Rules and dashboard against Debian's own Prometheus, which scrapes the running service."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from app.guards import METRICS, PROBED
from app.main import create_app
from app.middleware import UNMATCHED
from app.settings import Settings
from tests.processes import DEADLINE_SECONDS, ROOT, free_port, running

CONFIGURATION = ROOT / "deploy" / "prometheus"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboards" / "digits.json").read_text())
RECORDING = (CONFIGURATION / "rules" / "recording.yml").read_text()
ALERT_TESTS = (CONFIGURATION / "rules" / "alerts.test.yml").read_text()

METRIC = re.compile(r"\b(?:(?:http|digits|process|job|job_\w+)[:_][a-z0-9_:]+|up)(?=[\s\[)]|$)")
LABELS = re.compile(r'{[^}]*}|"[^"]*"|\b(?:by|on|ignoring|group_left)\s*\([^)]*\)')


def check(*words: str) -> None:
    """Promtool has nothing to object to."""
    finished = subprocess.run(
        ["promtool", *words],  # noqa: S607 # Debian's, wherever it lies
        cwd=CONFIGURATION,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_configuration_and_rules_are_valid() -> None:
    """Promtool reads all of them."""
    check("check", "config", "--lint=all", "prometheus.yml")


def test_each_alert_fires_when_it_should() -> None:
    """Promtool plays the series of alerts.test.yml."""
    check("test", "rules", "rules/alerts.test.yml")


def test_probes_and_scrapes_are_no_requests() -> None:
    """The rules on requests, and the panel, leave out those routes and no other."""
    expressions = RECORDING + json.dumps(DASHBOARD).replace('\\"', '"')
    counted = re.findall(r"http_requests_total{[^}]*}", expressions)
    patterns = {re.search(r'route!~"([^"]*)"', each)[1] for each in counted}  # type: ignore[index]
    (pattern,) = patterns
    routes = create_app(Settings()).openapi()["paths"]

    assert len(counted) == expressions.count("http_requests_total") == 4
    assert {route for route in routes if re.fullmatch(pattern, route)} == {
        route for route in routes if route == METRICS or route.startswith(PROBED)
    }
    assert not re.fullmatch(pattern, UNMATCHED)


class Prometheus:
    """A running one."""

    def __init__(self, address: str) -> None:
        """Ask it at an address."""
        self._address = address

    def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 # whatever it answers
        """The data of one of its answers."""
        response = httpx.get(f"{self._address}/api/v1/{path}", params=parameters)
        return response.raise_for_status().json()["data"]

    def names(self) -> set[str]:
        """Every metric it knows, scraped or recorded."""
        return set(self.get("label/__name__/values"))


def wait_for(is_done: Callable[[], bool]) -> None:
    """Ask until it is so, or time is up."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            if is_done():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    pytest.fail("not so in time")


@pytest.fixture(scope="module")
def prometheus(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prometheus]:
    """One that has scraped a service with some traffic, and recorded every rule."""
    folder = tmp_path_factory.mktemp("prometheus")
    seven = (ROOT / "samples" / "seven.png").read_bytes()
    with running(LOG_LEVEL="WARNING") as (_, address):
        text = (CONFIGURATION / "prometheus.yml").read_text()
        text = text.replace("digits:8000", address.removeprefix("http://"))
        text = text.replace(": 15s", ": 1s").replace("rules/", f"{CONFIGURATION}/rules/")
        (folder / "prometheus.yml").write_text(text)
        port = free_port()
        command = [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ]
        with subprocess.Popen(command) as process:
            server = Prometheus(f"http://127.0.0.1:{port}")
            try:
                # A rate needs two scrapes with something between them.
                for _ in range(2):
                    before = len(scrapes(server))
                    for field, content in (("file", seven), ("file", b"no picture")):
                        httpx.post(f"{address}/predict", files={field: content})
                    wait_for(lambda before=before: len(scrapes(server)) > before + 1)
                wait_for(lambda: recorded(server) <= server.names())
                yield server
            finally:
                process.terminate()


def scrapes(server: Prometheus) -> list[Any]:
    """The scrapes of the last minutes; none while it starts."""
    try:
        found = server.get("query", query='up{job="digits"}[10m]')["result"]
    except httpx.HTTPError:
        return []
    return found[0]["values"] if found else []


def rules(server: Prometheus) -> list[dict[str, Any]]:
    """Every rule it has loaded."""
    return [rule for group in server.get("rules")["groups"] for rule in group["rules"]]


def recorded(server: Prometheus) -> set[str]:
    """What is recorded once there has been traffic."""
    return {rule["name"] for rule in rules(server) if rule["type"] == "recording"}


def named(expression: str) -> set[str]:
    """The metrics that an expression names."""
    return set(METRIC.findall(LABELS.sub(" ", expression)))


def test_service_is_scraped_and_healthy(prometheus: Prometheus) -> None:
    """It is up, and every rule evaluates without an error."""
    up = prometheus.get("query", query='up{job="digits"}')["result"]

    assert [each["value"][1] for each in up] == ["1"]
    assert {rule["health"] for rule in rules(prometheus)} == {"ok"}


def test_every_metric_of_a_rule_exists(prometheus: Prometheus) -> None:
    """What rules ask for is what the service tells, or what another rule records."""
    known = prometheus.names() | {rule["name"] for rule in rules(prometheus)}
    asked = {name for rule in rules(prometheus) for name in named(rule["query"])}

    assert len(asked) > 10
    assert asked <= known


def test_every_metric_of_a_panel_exists(prometheus: Prometheus) -> None:
    """So it is with the dashboard, and each of its expressions is understood."""
    known = prometheus.names() | {rule["name"] for rule in rules(prometheus)}
    expressions = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    for expression in expressions:
        filled = expression.replace("$job", "digits").replace("$__rate_interval", "1m")
        prometheus.get("query", query=filled)

        assert named(filled) <= known, expression
    assert len(expressions) > 12


def test_no_alert_fires_on_a_healthy_service(prometheus: Prometheus) -> None:
    """Two requests, one of them refused with 422, worry nobody."""
    assert prometheus.get("alerts")["alerts"] == []


def test_each_alert_is_made_to_fire(prometheus: Prometheus) -> None:
    """There is a test with a firing alert for every alert there is."""
    fired = set(
        re.findall(r"alertname: (\w+)\n\s+eval_time: \w+\n\s+exp_alerts:\n\s+- ", ALERT_TESTS)
    )

    assert fired == {rule["name"] for rule in rules(prometheus) if rule["type"] == "alerting"}
