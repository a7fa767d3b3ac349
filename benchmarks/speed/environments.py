"""A virtual environment for each set of packages, made from its lock file when that has changed."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

PEERS = Path("benchmarks/contenders/requirements")
OURS = Path("requirements")
OWN = ("serve", "tensorflow")
"""Those that the service itself is run with."""


class NotInstallable(Exception):
    """An environment cannot be made here."""


def lock_of(name: str) -> Path:
    """The lock file of an environment."""
    return (OURS if name in OWN else PEERS) / f"{name}.txt"


def make(name: str, folder: Path) -> Path:
    """Give the Python of an environment, made anew if its lock file is not what it was made from.

    Raises:
        NotInstallable: there is no lock file, or a package of it cannot be installed here.
    """
    lock = lock_of(name)
    if not lock.is_file():
        raise NotInstallable(f"{lock} does not exist")
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    place = folder / name
    python = place / "bin" / "python"
    made_from = place / "made-from"
    if made_from.is_file() and made_from.read_text() == digest:
        return python
    print(f"{name}: installing {lock}", file=sys.stderr)
    venv.create(place, clear=True, with_pip=True)
    command = [
        str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--require-hashes", "--only-binary=:all:", f"--requirement={lock}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 # pip
    if done.returncode:
        reason = (done.stderr.strip() or "pip failed").splitlines()[-1]
        raise NotInstallable(f"{lock}: {reason}")
    made_from.write_text(digest)
    return python


def version_of(python: Path, package: str) -> str:
    """The version of a package in an environment."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    command = [str(python), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 # Python
    return done.stdout.strip()
