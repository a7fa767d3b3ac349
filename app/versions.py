"""A version folder: is it whole and unaltered, and does it still answer as when it was made?"""

import hashlib
import importlib.util
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.classifier import ModelFacts, Thresholds
from app.contract import GOLDEN, MANIFEST, NAME, TWIN
from app.engines import Engine
from app.errors import ModelDamaged, ModelError, ModelNotFound, SelfTestFailed
from app.scores import softmax

MAX_MANIFEST_BYTES = 1 << 20
"""Far beyond any manifest; what is larger is none, and is not read whole."""

GOLDEN_TOLERANCE = 0.05
"""How far a golden probability may be off: the engines round differently, a wrong weight shows."""

_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)

EngineName = Literal["litert", "tensorflow"]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

Fingerprint = frozenset[tuple[str, int, int, int]]
"""Name, size, time of change and inode of each file: other once anybody touched the folder."""


class Reject(BaseModel):
    """The thresholds of a manifest."""

    min_energy: float = Field(allow_inf_nan=False)
    min_confidence: float = Field(ge=0, le=1)


class Manifest(BaseModel):
    """What a version says of itself; its other fields are for people."""

    model_config = ConfigDict(strict=True)

    schema_number: Literal[1] = Field(alias="schema")
    name: Literal["alexnet"]
    version: int = Field(ge=1)
    reject: Reject
    files: dict[str, Sha256]


@dataclass(frozen=True, slots=True)
class Version:
    """A version that passed its self-test.

    Attributes:
        facts: which it is, what runs it and what it accepts.
        engine: images uint8 [n, 28, 28] → logits float32 [n, 10].
    """

    facts: ModelFacts
    engine: Engine


def find_versions(models_dir: Path) -> dict[int, Path]:
    """The version folders by number, highest first; names that are no whole number are none."""
    home = models_dir / NAME
    if not home.is_dir():
        return {}
    folders = [path for path in home.iterdir() if _NUMBER.fullmatch(path.name) and path.is_dir()]
    return {int(path.name): path for path in sorted(folders, key=_number, reverse=True)}


def _number(folder: Path) -> int:
    return int(folder.name)


def fingerprint(folder: Path) -> Fingerprint:
    """What a folder looks like from outside, without reading any file."""
    return frozenset(_describe_files(folder))


def _describe_files(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    for name, path in _walk(folder):
        try:
            status = path.stat()
        except OSError:  # gone since, or a link to nowhere
            yield name, -1, -1, -1
        else:
            yield name, status.st_size, status.st_mtime_ns, status.st_ino


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, by the name that a manifest gives it."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent) / name
            yield path.relative_to(folder).as_posix(), path


def load_version(folder: Path, engine: str, *, threads: int) -> Version:
    """Verify one version folder, load it and test it.

    Args:
        folder: `models/alexnet/<version>`.
        engine: auto, litert or tensorflow.
        threads: for one inference.

    Raises:
        ModelDamaged: a file is missing, altered, not listed or of another schema.
        ModelNotFound: the engine that is asked for cannot run it.
        SelfTestFailed: the golden digits came out otherwise.
    """
    manifest, sha256 = _read_manifest(folder)
    files = _find_files(folder, manifest)
    name = choose_engine(manifest, engine)
    # The weights of the SavedModel take longer to digest than all else, and no twin reads them.
    needed = {TWIN, GOLDEN} if name == "litert" else files.keys()
    with ThreadPoolExecutor(1) as aside:
        verifying = aside.submit(_verify_files, files, manifest, files.keys() - needed)
        _verify_files(files, manifest, needed)
        compute = _load_engine(name, folder, threads)
        _test_golden(folder, compute)
        verifying.result()
    return _describe(manifest, name, sha256, compute)


def load_rehearsed(folder: Path, engine: str, rehearsed: str, *, threads: int) -> Version:
    """Load what another process has just loaded and tested: quickly, and as safely.

    Of a version with a twin, only the twin is verified again, being all that is read.

    Args:
        folder: `models/alexnet/<version>`.
        engine: auto, litert or tensorflow.
        rehearsed: the SHA-256 of the manifest that the other process read.
        threads: for one inference.

    Raises:
        ModelError: as `load_version`; something changed since.
    """
    manifest, sha256 = _read_manifest(folder)
    if sha256 != rehearsed or choose_engine(manifest, engine) != "litert":
        return load_version(folder, engine, threads=threads)
    _verify_file(TWIN, folder / TWIN, manifest.files[TWIN])
    return _describe(manifest, "litert", sha256, _load_engine("litert", folder, threads))


def _describe(manifest: Manifest, name: EngineName, sha256: str, compute: Engine) -> Version:
    thresholds = Thresholds(manifest.reject.min_energy, manifest.reject.min_confidence)
    return Version(ModelFacts(NAME, str(manifest.version), name, sha256, thresholds), compute)


def _find_files(folder: Path, manifest: Manifest) -> dict[str, Path]:
    """The files of a version by name: those that its manifest lists, and none besides.

    Raises:
        ModelDamaged: says which one there is not, or should not be.
    """
    if str(manifest.version) != folder.name:
        raise ModelDamaged(f"The manifest is of version {manifest.version}.")
    unlisted = {"saved_model.pb", GOLDEN} - manifest.files.keys()
    if unlisted:
        raise ModelDamaged(f"The manifest does not list {', '.join(sorted(unlisted))}.")
    # Only what is there is opened, so no name of a manifest can lead out of the folder.
    found = {name: path for name, path in _walk(folder) if name != MANIFEST}
    missing = manifest.files.keys() - found.keys()
    if missing:
        raise ModelDamaged(f"{min(missing)} is missing.")
    strange = found.keys() - manifest.files.keys()
    if strange:
        raise ModelDamaged(f"{min(strange)} is not in the manifest.")
    return found


def _verify_files(files: dict[str, Path], manifest: Manifest, names: Iterable[str]) -> None:
    for name in names:
        _verify_file(name, files[name], manifest.files[name])


def _read_manifest(folder: Path) -> tuple[Manifest, str]:
    path = folder / MANIFEST
    try:
        if not path.is_file():  # a pipe would be waited for without end
            raise ModelDamaged("The manifest is missing.")
        with path.open("rb") as file:
            content = file.read(MAX_MANIFEST_BYTES + 1)
        if len(content) > MAX_MANIFEST_BYTES:
            raise ModelDamaged("The manifest is too large to be one.")
        return Manifest.model_validate_json(content), hashlib.sha256(content).hexdigest()
    except (OSError, ValidationError) as error:
        raise ModelDamaged("The manifest cannot be read, or is of another schema.") from error


def _verify_file(name: str, path: Path, digest: str) -> None:
    try:
        if not path.is_file():
            raise ModelDamaged(f"{name} is no file.")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelDamaged(f"{name} cannot be read.") from error
    if found != digest:
        raise ModelDamaged(f"{name} is not what the manifest says.")


def choose_engine(manifest: Manifest, engine: str) -> EngineName:
    """The twin if the version ships one, else TensorFlow if that is installed.

    Raises:
        ModelNotFound: neither is there, or not the one that was asked for.
    """
    has_twin = TWIN in manifest.files
    has_tensorflow = importlib.util.find_spec("tensorflow") is not None
    if has_twin and engine in {"auto", "litert"}:
        return "litert"
    if has_tensorflow and engine in {"auto", "tensorflow"}:
        return "tensorflow"
    raise ModelNotFound(
        f"No engine can run this version: twin {'there' if has_twin else 'missing'}, "
        f"TensorFlow {'installed' if has_tensorflow else 'not installed'}, engine {engine}."
    )


def _load_engine(name: EngineName, folder: Path, threads: int) -> Engine:
    # Imported by need: the twin is served where no TensorFlow is installed.
    try:
        if name == "litert":
            from app.engines import litert  # noqa: PLC0415

            return litert.load(folder, threads=threads)
        from app.engines import tensorflow  # noqa: PLC0415

        return tensorflow.load(folder, threads=threads)
    except ModelError:
        raise
    except Exception as error:  # an engine raises what it likes
        raise ModelDamaged("The engine cannot load this version.") from error


def _test_golden(folder: Path, compute: Engine) -> None:
    images, expected = _read_golden(folder)
    try:
        logits = compute(images)
    except Exception as error:  # as above
        raise ModelDamaged("The engine cannot run this version.") from error
    found = softmax(logits)
    # LiteRT's clamps make −∞ of NaN, and the softmax of that is a probability like any other.
    is_number = np.isfinite(logits).all()
    is_same = np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    if (
        not is_number
        or not is_same
        or not np.allclose(found, expected, atol=GOLDEN_TOLERANCE, rtol=0)
    ):
        raise SelfTestFailed("The golden digits did not come out as they should.")


def _read_golden(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    try:
        # Opened here: NumPy would leave what is no archive open.
        with (folder / GOLDEN).open("rb") as file, np.load(file, allow_pickle=False) as golden:
            images, expected = golden["images"], golden["probabilities"]
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise ModelDamaged("The golden digits cannot be read.") from error
    is_images = images.dtype == np.uint8 and images.shape == (len(images), 28, 28)
    if not len(images) or not is_images or expected.shape != (len(images), 10):
        raise ModelDamaged("The golden digits have another shape.")
    return images, expected
