"""Files that are there whole or not at all, however a run ends."""

from collections.abc import Callable
from pathlib import Path


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file aside and rename it, so that a reader never sees half of it.

    Args:
        path: gets the file, in place of one that is there.
        write: called with where to write it.
    """
    aside = path.with_name(f"aside-{path.name}")
    write(aside)
    aside.replace(path)
