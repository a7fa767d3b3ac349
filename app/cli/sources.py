"""Which pictures are meant by what was typed."""

import contextlib
import glob
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.imaging.formats import SUFFIXES

STDIN = "-"


class NothingFound(Exception):
    """No picture is meant by what was typed."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where one picture comes from.

    Attributes:
        name: as it is told, the path as it was typed or found.
        path: None for standard input.
        content: of standard input, read before there is an event loop: no Ctrl-C would end a thread
            of it that waits for input.
    """

    name: str
    path: Path | None
    content: bytes = b""

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            OSError: it cannot be read.
        """
        return self.content if self.path is None else self.path.read_bytes()


def find_sources(named: list[str]) -> list[Source]:
    """Every picture once, in the order of what was typed, folders and globs by name.

    A file that is named is read whatever it is called.

    Raises:
        NothingFound: a folder or glob without pictures; a name without a file is a source all the
            same, which cannot be read.
    """
    found: dict[str, Source] = {}
    for name in dict.fromkeys(named):  # standard input can be read once
        some = list(_find(name))
        if not some:
            raise NothingFound(f"There are no pictures in {name}.")
        for source in some:
            found.setdefault(source.name, source)
    return list(found.values())


def _find(name: str) -> Iterator[Source]:
    path = Path(name)
    if name == STDIN:
        yield Source(name, None, _read_stdin())
    elif os.path.isdir(name):  # noqa: PTH112 # where it may not be asked, pathlib raises
        for each in sorted(path.rglob("*")):
            if each.suffix.lower() in SUFFIXES and _may_be_file(each):
                yield Source(str(each), each)
    elif glob.has_magic(name) and not os.path.exists(name):  # noqa: PTH110 # as above
        for match in sorted(glob.glob(name, recursive=True)):  # noqa: PTH207 # its names stay as typed
            yield from _find(match)
    else:
        yield Source(name, path)


def _may_be_file(path: Path) -> bool:
    """Whether it is a file, or may not be asked, which is told when it is read."""
    try:
        return path.is_file()
    except OSError:
        return True


def _read_stdin() -> bytes:
    """All of it; nothing, which is told as an empty picture, where it is closed."""
    with contextlib.suppress(OSError):
        return sys.stdin.buffer.read() if sys.stdin else b""
    return b""
