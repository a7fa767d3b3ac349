"""Take the bytes of each image out of a part, and an error for each that cannot be had."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
from pyarrow import parquet

from app.bulk.places import Place
from app.bulk.planning import Part
from app.errors import EmptyUpload, ServiceError, UnreadableFile, explain, too_large

PIECE = 32
"""Images in memory at once, and as many again that are being read meanwhile."""

COLUMN = "image"
"""Of a Parquet file: the encoded image, or an object with the field `bytes`."""


Image = tuple[str, bytes | ServiceError]


def read_part(source: Place, part: Part, max_bytes: int) -> Iterator[list[Image]]:
    """The images of a part, some at a time, each with its name.

    Args:
        source: where its files lie.
        part: which.
        max_bytes: of one image.
    """
    if part.reason is not None:
        yield [(part.paths[0], UnreadableFile(part.reason))]
        return
    if part.group is None:
        yield from _read_pictures(source, part, max_bytes)
        return
    read = 0
    try:
        for cells in _read_cells(source, part.paths[0], part.group):
            yield [
                (_name(part, read + place), _take(cell, max_bytes))
                for place, cell in enumerate(cells)
            ]
            read += len(cells)
    except (OSError, pa.ArrowException, UnreadableFile) as error:
        reason = UnreadableFile(explain(error))
        yield [(_name(part, row), reason) for row in range(read, part.images)]


def _name(part: Part, row: int) -> str:
    return f"{part.paths[0]}#{part.first_row + row}"


def _read_pictures(source: Place, part: Part, max_bytes: int) -> Iterator[list[Image]]:
    def read(path: str) -> Image:
        return path, _read_picture(source, path, max_bytes)

    # An object store answers after tens of milliseconds, and many at once.
    with ThreadPoolExecutor(PIECE) as readers:
        for start in range(0, len(part.paths), PIECE):
            yield list(readers.map(read, part.paths[start : start + PIECE]))


def _read_picture(source: Place, path: str, max_bytes: int) -> bytes | ServiceError:
    try:
        with source.files.open_input_stream(source.inside(path)) as stream:
            return _check(stream.read(max_bytes + 1), max_bytes)
    except OSError as error:
        return UnreadableFile(explain(error))


def _read_cells(source: Place, table: str, group: int) -> Iterator[list[object]]:
    with source.files.open_input_file(source.inside(table)) as stream:
        file = parquet.ParquetFile(stream)
        if COLUMN not in file.schema_arrow.names:
            raise UnreadableFile(f"It has no column `{COLUMN}`.")
        for batch in file.iter_batches(PIECE, row_groups=[group], columns=[COLUMN]):
            yield batch.column(0).to_pylist()


def _take(cell: object, max_bytes: int) -> bytes | ServiceError:
    content = cell.get("bytes") if isinstance(cell, dict) else cell
    if content is None:
        return EmptyUpload("There is no image in this row.")
    if not isinstance(content, bytes):
        return UnreadableFile(f"The column `{COLUMN}` holds no bytes.")
    return _check(content, max_bytes)


def _check(content: bytes, max_bytes: int) -> bytes | ServiceError:
    if not content:
        return EmptyUpload("The file has no bytes.")
    if len(content) > max_bytes:
        return too_large("The file", max_bytes)
    return content
