"""Find the version to serve: verify it, load it, test it on its golden digits."""

import hashlib
import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.classifier import Thresholds, softmax
from app.engines import TWIN, Engine
from app.errors import ModelDamaged, ModelError, ModelNotFound, SelfTestFailed

logger = logging.getLogger(__name__)

NAME = "alexnet"
MANIFEST = "assets.extra/manifest.json"
GOLDEN = "assets.extra/golden.npz"

GOLDEN_TOLERANCE = 0.05
"""How far a golden probability may be off: the engines round differently, a wrong weight shows."""

EngineName = Literal["litert", "tensorflow"]


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
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Version:
    """A version that passed its self-test.

    Attributes:
        number: its folder's name.
        engine_name: what runs it.
        sha256: of its manifest, which holds the digest of every other file.
        engine: images uint8 [n, 28, 28] → logits float32 [n, 10].
        thresholds: below which a reading is not accepted.
    """

    number: int
    engine_name: EngineName
    sha256: str
    engine: Engine
    thresholds: Thresholds


def load_newest(models_dir: Path, engine: str, *, threads: int) -> Version:
    """Load the highest version that verifies and passes its self-test.

    A version that does not is logged and passed over.

    Args:
        models_dir: holds `alexnet/<version>/`.
        engine: auto, litert or tensorflow.
        threads: for one inference.

    Raises:
        ModelNotFound: there is no version, or none that can be served.
    """
    folders = list_versions(models_dir)
    for folder in folders:
        try:
            version = load_version(folder, engine, threads=threads)
        except ModelError as error:
            logger.exception("version refused", extra={"version": folder.name, "code": error.code})
            continue
        logger.info("version loaded", extra={"version": folder.name, "engine": version.engine_name})
        return version
    raise ModelNotFound(f"None of {len(folders)} model versions can be served.")


def list_versions(models_dir: Path) -> list[Path]:
    """The version folders, highest first. Names that are no whole number are no versions."""
    folders = [path for path in (models_dir / NAME).glob("*") if path.name.isdecimal()]
    return sorted(folders, key=lambda path: int(path.name), reverse=True)


def load_version(folder: Path, engine: str, *, threads: int) -> Version:
    """Verify one version folder, load it and test it.

    Raises:
        ModelDamaged: a file is missing, altered or of another schema.
        ModelNotFound: the engine that is asked for cannot run it.
        SelfTestFailed: the golden digits came out otherwise.
    """
    manifest, sha256 = verify(folder)
    name = choose_engine(manifest, engine)
    compute = _load_engine(name, folder, threads)
    _test_golden(folder, compute)
    reject = manifest.reject
    return Version(
        number=manifest.version,
        engine_name=name,
        sha256=sha256,
        engine=compute,
        thresholds=Thresholds(reject.min_energy, reject.min_confidence),
    )


def verify(folder: Path) -> tuple[Manifest, str]:
    """Check every file of a version against its manifest, before any is parsed.

    Returns:
        The manifest and its own SHA-256.

    Raises:
        ModelDamaged: says which file, and how.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
        manifest = Manifest.model_validate_json(content)
    except (OSError, ValidationError) as error:
        raise ModelDamaged("The manifest is missing or of another schema.") from error
    if str(manifest.version) != folder.name:
        raise ModelDamaged(f"The manifest is of version {manifest.version}.")
    for name, digest in manifest.files.items():
        _verify_file(folder, name, digest)
    missing = {"saved_model.pb", GOLDEN} - manifest.files.keys()
    if missing:
        raise ModelDamaged(f"The manifest does not list {', '.join(sorted(missing))}.")
    return manifest, hashlib.sha256(content).hexdigest()


def _verify_file(folder: Path, name: str, digest: str) -> None:
    if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
        raise ModelDamaged(f"The manifest lists {name}, outside of the version.")
    try:
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelDamaged(f"{name} is missing.") from error
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
    if name == "litert":
        from app.engines import litert  # noqa: PLC0415

        return litert.load(folder, threads=threads)
    from app.engines import tensorflow  # noqa: PLC0415

    return tensorflow.load(folder, threads=threads)


def _test_golden(folder: Path, compute: Engine) -> None:
    try:
        with np.load(folder / GOLDEN, allow_pickle=False) as golden:
            images, expected = golden["images"], golden["probabilities"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelDamaged("The golden digits cannot be read.") from error
    found = softmax(compute(images))
    is_same = np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    if not is_same or not np.allclose(found, expected, atol=GOLDEN_TOLERANCE, rtol=0):
        raise SelfTestFailed("The golden digits did not come out as they should.")
