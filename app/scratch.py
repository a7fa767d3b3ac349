"""A folder that the processes of one service share, in memory where there is such a place.

Its maker holds a lock on it. The kernel lets go of that however the maker ends, so that the next
one that is started can tell what was left behind from what is in use.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "alexnet-digits-"
MEMORY = Path("/dev/shm")  # noqa: S108 # what is made there is ours alone


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make the folder, remove those of services that were killed, and this one in the end.

    It lies in memory if that can be written to, as it can in a read-only container.
    """
    parent = MEMORY if os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    _remove_orphans(parent)
    # Locked before it has the name that others look for: none takes it for an orphan.
    unnamed = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=parent))
    with _locked(unnamed):
        folder = unnamed.rename(parent / unnamed.name.removeprefix("."))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_orphans(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        # It is in use, someone else's, or gone by now.
        with suppress(OSError), _locked(folder):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock on a folder.

    Raises:
        OSError: another process holds it, or the folder cannot be opened.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
