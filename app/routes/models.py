"""Which model a path means."""

import re
from typing import Any

from fastapi import Request

from app.classifier import Classifier
from app.errors import UnknownModel, UnknownVersion
from app.lifecycle import Lifecycle
from app.registry import NAME


def find_classifier(lifecycle: Lifecycle, request: Request) -> Classifier:
    """What reads with the model that a path's `{name}` and `{version}` or `{label}` mean.

    They are read here, because one function answers paths with and without them.

    Raises:
        UnknownModel: there is no such model, or no such version of it.
        Unavailable: it is being loaded, or the process is stopping.
    """
    named = request.path_params
    if named["name"] != NAME:
        raise UnknownModel(f"There is no model {named['name']!r} here, only {NAME!r}.")
    classifier = lifecycle.classifier
    version = named.get("version", named.get("label"))
    if version not in {None, classifier.model.version}:
        raise UnknownVersion(f"Version {version!r} of {NAME!r} is not loaded.")
    return classifier


def describe_path(path: str) -> dict[str, Any]:
    """The parameters of a path, as OpenAPI has them."""
    return {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", path)
        ]
    }
