"""Every manifest against Kubernetes's own schemas, and against the code that it runs."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from prometheus_client import CollectorRegistry

from app.main import create_app
from app.metrics import Metrics
from app.settings import Settings

ROOT = Path(__file__).parent.parent.parent
KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("one", "many")
VERSION = "1.37"

CUSTOM = {"ServiceMonitor", "InferenceService"}
"""Kinds that are no part of Kubernetes; tests/clients holds them against their owners' models."""

UNDERSTOOD = {"apiVersion", "kind", "resources", "patches", "labels", "namespace"}
"""Of a kustomization; another field would have to be built here as well."""

Manifest = dict[str, Any]


def load(path: Path) -> list[Manifest]:
    """The documents of a file."""
    return list(yaml.safe_load_all(path.read_text()))


def find(manifests: list[Manifest], kind: str) -> Manifest:
    """The one of a kind."""
    (manifest,) = [each for each in manifests if each["kind"] == kind]
    return manifest


def merge(base: Any, patch: Any) -> Any:  # noqa: ANN401 # whatever YAML holds
    """A strategic merge: objects by key, lists of named objects by name, all else replaced."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return {**base, **{key: merge(base.get(key), value) for key, value in patch.items()}}
    named = isinstance(base, list) and all(
        isinstance(each, dict) and "name" in each for each in base
    )
    if named and isinstance(patch, list):
        merged = {each["name"]: each for each in base}
        for each in patch:
            merged[each["name"]] = merge(merged.get(each["name"]), each)
        return list(merged.values())
    return patch


def build(overlay: str) -> list[Manifest]:
    """What `kubectl apply -k` would send, as far as our manifests use it."""
    return build_folder(KUBERNETES / "overlays" / overlay)


def build_folder(folder: Path) -> list[Manifest]:
    """The manifests of a kustomization: its resources, patched, labelled and put in their place."""
    (kustomization,) = load(folder / "kustomization.yaml")
    assert kustomization.keys() <= UNDERSTOOD
    manifests = [
        each for name in kustomization["resources"] for each in load_resource(folder / name)
    ]
    for patch in kustomization.get("patches", []):
        (change,) = load(folder / patch["path"])  # kustomize 5.5 panics at several that delete
        target = find(manifests, change["kind"])
        manifests.remove(target)
        if change.get("$patch") != "delete":
            manifests.append(merge(copy.deepcopy(target), change))
    for labels in kustomization.get("labels", []):
        assert labels["includeSelectors"]
        for manifest in manifests:
            label(manifest, labels["pairs"])
    if "namespace" in kustomization:
        for manifest in manifests:
            place(manifest, kustomization["namespace"])
    return manifests


def load_resource(path: Path) -> list[Manifest]:
    """The manifests of a file, or of the kustomization in a folder."""
    return load(path) if path.is_file() else build_folder(path)


def label(manifest: Manifest, pairs: dict[str, str]) -> None:
    """Label an object, the pods that it makes, and whatever selects them."""
    manifest["metadata"].setdefault("labels", {}).update(pairs)
    spec = manifest.get("spec", {})
    if "template" in spec:
        spec["template"]["metadata"].setdefault("labels", {}).update(pairs)
    if manifest["kind"] == "Service":
        spec["selector"].update(pairs)
    elif "selector" in spec and manifest["kind"] not in CUSTOM:
        spec["selector"].setdefault("matchLabels", {}).update(pairs)


def place(manifest: Manifest, namespace: str) -> None:
    """Put an object into a namespace; the namespace itself is in none."""
    if manifest["kind"] == "Namespace":
        manifest["metadata"]["name"] = namespace
    else:
        manifest["metadata"]["namespace"] = namespace


def all_manifests() -> Iterator[tuple[str, Manifest]]:
    """Of every overlay, and KServe's."""
    for overlay in OVERLAYS:
        for manifest in build(overlay):
            yield f"{overlay}-{manifest['kind']}", manifest
    for manifest in load(ROOT / "deploy" / "kserve" / "inferenceservice.yaml"):
        yield manifest["kind"], manifest


MANIFESTS = dict(all_manifests())


def containers() -> Iterator[tuple[str, Manifest]]:
    """Of everything that runs some."""
    for name, manifest in MANIFESTS.items():
        spec = manifest.get("spec", {})
        pods = spec.get("predictor") or spec.get("template", {}).get("spec", {})
        yield from ((name, each) for each in pods.get("containers", []))


CONTAINERS = dict(containers())


@pytest.mark.parametrize("name", [key for key in MANIFESTS if key.split("-")[-1] not in CUSTOM])
def test_manifest_is_valid(name: str) -> None:
    """By the schemas of Kubernetes, which know no field that is not theirs."""
    kubernetes_validate.validate(MANIFESTS[name], VERSION, strict=True)


def test_a_wrong_manifest_is_not() -> None:
    """The check can fail."""
    wrong = copy.deepcopy(MANIFESTS["one-Deployment"])
    wrong["spec"]["template"]["spec"]["containers"][0]["livenessProb"] = {}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


def test_every_file_is_used() -> None:
    """A manifest that no kustomization names would never be applied."""
    for file in KUBERNETES.rglob("kustomization.yaml"):
        (kustomization,) = load(file)
        named = {file.parent / name for name in kustomization["resources"]}
        named |= {file.parent / patch["path"] for patch in kustomization.get("patches", [])}

        assert all(path.exists() for path in named)
        assert set(file.parent.glob("*.yaml")) - {file} <= named


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlay_selects_its_own_pods(overlay: str) -> None:
    """What an overlay builds is complete: one namespace, no two of a name, every selector met."""
    manifests = build(overlay)
    pods = find(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    names = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    homes = {each["metadata"].get("namespace") for each in manifests if each["kind"] != "Namespace"}
    selectors = [
        spec["selector"].get("matchLabels", spec["selector"])
        for spec in (each.get("spec", {}) for each in manifests)
        if "selector" in spec
    ]

    assert len(set(names)) == len(names)
    assert len(homes) == 1
    assert len(selectors) >= 2
    assert all(selector.items() <= pods.items() for selector in selectors)


@pytest.fixture(scope="module")
def paths() -> set[str]:
    """What the service answers to GET, with the model's name filled in."""
    routes = create_app(Settings()).openapi()["paths"]
    return {
        path.replace("{name}", "alexnet") for path, methods in routes.items() if "get" in methods
    }


@pytest.mark.parametrize("name", CONTAINERS)
def test_probes_ask_paths_that_there_are(name: str, paths: set[str]) -> None:
    """On the port that the container listens on."""
    container = CONTAINERS[name]
    ports = {each["name"] for each in container["ports"]} | {
        each["containerPort"] for each in container["ports"]
    }
    probes = [value for key, value in container.items() if key.endswith("Probe")]

    assert len(probes) >= 2
    for probe in probes:
        assert probe["httpGet"]["path"] in paths
        assert probe["httpGet"]["port"] in ports


@pytest.mark.parametrize("name", CONTAINERS)
def test_container_is_that_of_the_dockerfile(name: str) -> None:
    """The same port and user, and settings that there are with values that they take."""
    container = CONTAINERS[name]
    dockerfile = (ROOT / "Dockerfile").read_text()
    environment = {each["name"].lower(): each["value"] for each in container.get("env", [])}
    user = container["securityContext"].get("runAsUser", 10001)

    assert environment.keys() <= Settings.model_fields.keys()
    Settings.model_validate(environment)
    assert [each["containerPort"] for each in container["ports"]] == [
        int(re.search(r"PORT=(\d+)", dockerfile)[1])  # type: ignore[index] # it is there
    ]
    assert f"USER {user}:" in dockerfile


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_grace_is_longer_than_the_drain(overlay: str) -> None:
    """What was accepted is answered before the container is killed."""
    spec = MANIFESTS[f"{overlay}-Deployment"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    environment = {each["name"]: each["value"] for each in container.get("env", [])}
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert spec["terminationGracePeriodSeconds"] > pause + int(environment["DRAIN_TIMEOUT_SECONDS"])


def test_names_and_metrics_are_those_of_the_code(paths: set[str]) -> None:
    """What scales is what is deployed, by a metric that is exported, scraped where it is."""
    manifests = build("many")
    scaler = find(manifests, "HorizontalPodAutoscaler")["spec"]
    service = find(manifests, "Service")["spec"]
    pods = find(manifests, "Deployment")["spec"]["template"]
    monitor = find(manifests, "ServiceMonitor")["spec"]
    registry = CollectorRegistry()
    Metrics(registry)
    metrics = {metric.name for metric in registry.collect()}

    assert scaler["scaleTargetRef"]["name"] == find(manifests, "Deployment")["metadata"]["name"]
    assert scaler["metrics"][1]["pods"]["metric"]["name"] in metrics
    queue = int(scaler["metrics"][1]["pods"]["target"]["averageValue"])
    assert queue == 2 * Settings().max_engine_rows  # as its comment says
    assert queue < Settings().max_queue_rows
    assert service["selector"].items() <= pods["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["path"] in paths
    assert monitor["endpoints"][0]["port"] in {each["name"] for each in service["ports"]}
    assert (
        monitor["selector"]["matchLabels"].items()
        <= find(manifests, "Service")["metadata"]["labels"].items()
    )
