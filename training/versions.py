"""Open a version folder to measure it: every file is checked before it is parsed."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from app.contract import MANIFEST, NAME, SCHEMA, TWIN
from training.scorers import Scorer, score_saved_model, score_twin
from training.thresholds import Thresholds, read_thresholds

EngineName = Literal["twin", "saved_model"]
GRAPH = "saved_model.pb"


class VersionError(Exception):
    """A version folder is damaged, of another schema, or cannot be run."""


@dataclass(frozen=True)
class Version:
    """A version folder whose files are what its manifest says.

    Attributes:
        folder: where it lies.
        number: of the version.
        sha256: of the manifest, which holds the digest of every other file.
        files: their names, as the manifest lists them.
        thresholds: below which a reading is not accepted.
    """

    folder: Path
    number: int
    sha256: str
    files: frozenset[str]
    thresholds: Thresholds


def read(folder: Path) -> Version:
    """Read a version's manifest and check every file that it lists.

    Raises:
        VersionError: says which file, and what is wrong with it.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
        manifest = json.loads(content)
    except (OSError, ValueError) as error:
        raise VersionError(f"{path} cannot be read: {error}") from error
    try:
        version = _parse(folder, manifest, hashlib.sha256(content).hexdigest())
        digests = dict(manifest["files"])
    except (KeyError, TypeError, ValueError) as error:
        raise VersionError(f"{path} is no manifest of schema {SCHEMA}: {error!r}") from error
    for name, digest in digests.items():
        _verify(folder, name, digest)
    if GRAPH not in version.files:
        raise VersionError(f"{path} does not list {GRAPH}")
    return version


def load(version: Version, engine: EngineName) -> Scorer:
    """Load a version's network, to be run one way or the other.

    Raises:
        VersionError: the version ships no such network, or none that can be run.
        NoNumbers: it answers what is no number.
    """
    if engine == "twin" and TWIN not in version.files:
        raise VersionError(f"{version.folder} ships no int8 twin")
    loaders: dict[EngineName, Callable[[], Scorer]] = {
        "twin": lambda: score_twin(version.folder / TWIN),
        "saved_model": lambda: score_saved_model(version.folder),
    }
    try:
        score = loaders[engine]()
        score(np.zeros((1, 28, 28), dtype=np.uint8))
    except (
        OSError,
        ValueError,
        RuntimeError,
        KeyError,
        AttributeError,
        tf.errors.OpError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else repr(error)
        raise VersionError(f"the {engine} of {version.folder} cannot be run: {reason}") from error
    return score


def _parse(folder: Path, manifest: Any, sha256: str) -> Version:  # noqa: ANN401 # any JSON
    if manifest["schema"] != SCHEMA:
        raise ValueError(f"its schema is {manifest['schema']!r}")
    if manifest["name"] != NAME:
        raise ValueError(f"it is of {manifest['name']!r}")
    return Version(
        folder=folder,
        number=int(manifest["version"]),
        sha256=sha256,
        files=frozenset(manifest["files"]),
        thresholds=read_thresholds(manifest["reject"]),
    )


def _verify(folder: Path, name: str, digest: str) -> None:
    if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
        raise VersionError(f"the manifest of {folder} lists {name}, outside of the version")
    try:
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise VersionError(f"{folder / name} is missing") from error
    if found != digest:
        raise VersionError(f"{folder / name} is not what the manifest says")
