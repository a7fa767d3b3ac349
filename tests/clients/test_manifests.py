"""The manifests of kinds that are no part of Kubernetes, against models made from their schemas."""

import copy
import re
from pathlib import Path
from typing import Any

import kserve.models
import kubernetes.client
import pytest
import yaml
from cloudcoil.models.prometheus_operator.v1 import ServiceMonitor

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
SERVICE_MONITOR = yaml.safe_load((DEPLOY / "kubernetes/base/servicemonitor.yaml").read_text())
INFERENCE_SERVICE = yaml.safe_load((DEPLOY / "kserve/inferenceservice.yaml").read_text())

PLAIN = {"str": str, "int": int, "bool": bool, "object": object, "datetime": str}


def is_service_monitor(manifest: dict[str, Any]) -> bool:
    """Whether all of it is kept by the model, which drops what it does not know."""
    parsed = ServiceMonitor.model_validate(manifest)
    return bool(parsed.model_dump(by_alias=True, exclude_unset=True) == manifest)


def check(value: object, kind: str) -> None:
    """Hold a value against a type as KServe's and Kubernetes's clients name them."""
    if found := re.fullmatch(r"(?i:list\[|dict[\[(]str, )(.*)[\])]", kind):
        inner = value.values() if isinstance(value, dict) else value
        assert isinstance(value, dict if kind.lower().startswith("dict") else list)
        for each in inner:  # type: ignore[attr-defined] # it is one of the two
            check(each, found[1])
    elif kind in PLAIN:
        assert isinstance(value, PLAIN[kind])
    else:
        check_object(value, kind)


def check_object(value: object, kind: str) -> None:
    """Hold an object against a model: no field that it does not have, each of the right type."""
    model = getattr(kserve.models, kind, None) or getattr(kubernetes.client, kind)
    names = {name: attribute for attribute, name in model.attribute_map.items()}
    assert isinstance(value, dict)
    assert value.keys() <= names.keys()
    for name, each in value.items():
        check(each, model.openapi_types[names[name]])


def test_service_monitor_is_valid() -> None:
    """By the Prometheus operator's definition."""
    assert is_service_monitor(SERVICE_MONITOR)


def test_inference_service_is_valid() -> None:
    """By KServe's definition, and Kubernetes's of what is in it."""
    check(INFERENCE_SERVICE, "V1beta1InferenceService")


@pytest.mark.parametrize(
    ("place", "name"), [("spec", "predictr"), ("predictor", "minReplica"), ("container", "livness")]
)
def test_a_wrong_inference_service_is_not(place: str, name: str) -> None:
    """The check can fail, however deep."""
    wrong = copy.deepcopy(INFERENCE_SERVICE)
    predictor = wrong["spec"]["predictor"]
    {"spec": wrong["spec"], "predictor": predictor, "container": predictor["containers"][0]}[place][
        name
    ] = {}

    with pytest.raises(AssertionError):
        check(wrong, "V1beta1InferenceService")


def test_a_wrong_service_monitor_is_not() -> None:
    """The check can fail."""
    wrong = copy.deepcopy(SERVICE_MONITOR)
    wrong["spec"]["endpoints"][0]["pat"] = "/metrics"

    assert not is_service_monitor(wrong)
