"""Which model and version a path means."""

import re
from typing import Any

from fastapi import Request

from app.classifier import Classifier
from app.contract import NAME
from app.errors import UnknownModel, VersionNotFound
from app.lifecycle import Lifecycle
from app.settings import Settings

SERVED_LABELS = frozenset({"stable", "canary"})
"""They mean the version that is served, unless a setting says otherwise."""

_NUMBER = re.compile(r"[0-9]{1,10}")


class Names:
    """What the names in paths stand for."""

    def __init__(self, settings: Settings, lifecycle: Lifecycle) -> None:
        """Keep who knows the versions, and what they are called."""
        self._labels = settings.version_labels
        self._lifecycle = lifecycle

    def find(self, request: Request) -> Classifier:
        """What reads with the model that a path's `{name}` and `{version}` or `{label}` mean.

        They are read here, because one function answers paths with and without them.

        Raises:
            UnknownModel: there is no such model.
            VersionNotFound: there is no such version or label, or it is not loaded.
            NotReady: it is being loaded.
        """
        return self._lifecycle.find(self.find_number(request))

    def find_number(self, request: Request) -> int | None:
        """The version that a path means; None for the one that is served.

        Raises:
            UnknownModel: there is no such model.
            VersionNotFound: that is neither a number nor a label.
        """
        named = request.path_params
        if named["name"] != NAME:
            raise UnknownModel(f"There is no model {named['name']!r} here, only {NAME!r}.")
        version = named.get("version", named.get("label"))
        if version is None or version in SERVED_LABELS - self._labels.keys():
            return None
        if version in self._labels:
            return self._labels[version]
        if "version" in named and _NUMBER.fullmatch(version):
            return int(version)
        raise VersionNotFound(f"There is no version {version!r}.")


def describe_path(path: str) -> dict[str, Any]:
    """The parameters of a path, as OpenAPI has them; by example those of what is served."""
    examples = {"name": NAME, "version": "stable", "label": "stable"}
    return {
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string"},
                "example": examples[name],
            }
            for name in re.findall(r"{(\w+)}", path)
        ]
    }
