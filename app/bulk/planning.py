"""Cut what is to be scored into parts, each of them done and written as one."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath

import pyarrow as pa
from pyarrow import parquet

from app.bulk.places import Place
from app.errors import explain
from app.imaging.formats import SUFFIXES

PART_IMAGES = 500
"""Files in a part: a fraction of a second's work, and as much is lost where a node dies."""

READERS = 16
"""Files whose tables of contents are read at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the images.

    Attributes:
        name: of the file that will hold its rows.
        paths: of pictures in the source; of the one Parquet file.
        group: which row group of that file; None for pictures, and if none is known.
        first_row: of that group, counted through the file.
        images: how many.
        reason: why that file cannot be read; None if it can, and for pictures.
    """

    name: str
    paths: tuple[str, ...]
    group: int | None
    first_row: int
    images: int
    reason: str | None


def is_meant(name: str) -> bool:
    """Whether a file is a picture or a Parquet file."""
    return _suffix(name) in {*SUFFIXES, ".parquet"}


def cut(source: Place, names: list[str], done: set[str]) -> list[Part]:
    """The parts of all that has no row yet.

    Args:
        source: where the files lie.
        names: of files in it; what is neither a picture nor Parquet is left out.
        done: images that have one.
    """
    run = secrets.token_hex(4)  # parts of an earlier run keep their names
    pictures = [each for each in names if _suffix(each) in SUFFIXES and each not in done]
    tables = [each for each in names if _suffix(each) == ".parquet"]
    work = [*_cut_files(pictures), *_find_groups(source, tables, done)]
    return [Part(f"part-{run}-{place:06}.parquet", *each) for place, each in enumerate(work)]


Work = tuple[tuple[str, ...], int | None, int, int, str | None]


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _cut_files(pictures: list[str]) -> Iterator[Work]:
    for start in range(0, len(pictures), PART_IMAGES):
        paths = tuple(pictures[start : start + PART_IMAGES])
        yield paths, None, 0, len(paths), None


def _find_groups(source: Place, tables: list[str], done: set[str]) -> Iterator[Work]:
    """A part for each row group, and one for a table of which none is known."""
    with ThreadPoolExecutor(READERS) as readers:
        for table, sizes in zip(
            tables, readers.map(lambda each: _list_sizes(source, each), tables), strict=True
        ):
            if not isinstance(sizes, str):
                yield from _cut_table(table, sizes, done)
            # Its row has a name that no image has: once it can be read, all of it is to be scored.
            elif table not in done:
                yield (table,), None, 0, 1, sizes


def _cut_table(table: str, sizes: list[int], done: set[str]) -> Iterator[Work]:
    """Parts are written whole, so the last row of a group speaks for it."""
    row = 0
    for group, size in enumerate(sizes):
        if size and f"{table}#{row + size - 1}" not in done:
            yield (table,), group, row, size, None
        row += size


def _list_sizes(source: Place, table: str) -> list[int] | str:
    """Rows of each group, or why it cannot be read."""
    try:
        with source.files.open_input_file(source.inside(table)) as file:
            facts = parquet.ParquetFile(file).metadata
    except (OSError, pa.ArrowException) as error:
        return explain(error)
    return [facts.row_group(each).num_rows for each in range(facts.num_row_groups)]
