"""The rows that come of a part, and the Parquet files that keep them."""

import contextlib
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from app.bulk.places import Place, list_files
from app.errors import ServiceError
from app.predictions import Prediction

SCHEMA = pa.schema(
    {
        "image": pa.string(),
        "digit": pa.int8(),
        "confidence": pa.float32(),
        "accepted": pa.bool_(),
        "reason": pa.string(),
        "warnings": pa.list_(pa.string()),
        "error": pa.string(),
        "detail": pa.string(),
        "version": pa.string(),
    }
)
"""A row an image. `error` is the code that the service would answer, null where it was read;
`image` is its path in the source, with `#` and the row for one that came out of a Parquet file,
and the file's own path for the one row of a file that could not be read."""

NOTE = ".source"
"""A file that says whose rows they are; what reads such folders leaves it out."""


def make_row(image: str, found: Prediction | ServiceError, version: str) -> dict[str, Any]:
    """What became of one image; a column for which there is nothing is null."""
    row: dict[str, Any] = {"image": image, "version": version}
    if isinstance(found, ServiceError):
        return row | {"error": found.code, "detail": str(found)}
    return row | {
        "digit": found.digit,
        "confidence": found.confidence,
        "accepted": found.accepted,
        "reason": found.reason,
        "warnings": list(found.warnings),
    }


def write_part(destination: Place, name: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write a part whole or not at all; one that is there already is replaced."""
    with _open_aside(destination, name) as stream:
        parquet.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMA), stream)


def note_source(destination: Place, source: Place) -> None:
    """Say whose rows are there."""
    with _open_aside(destination, NOTE) as stream:
        stream.write(str(source).encode())


def check_source(destination: Place, source: Place) -> None:
    """See that no rows of another source are there: its images may have the same names.

    Raises:
        ValueError: there are.
    """
    try:
        with destination.files.open_input_stream(destination.inside(NOTE)) as stream:
            noted = stream.read().decode()
    except FileNotFoundError:
        return
    if noted != str(source):
        raise ValueError(
            f"{destination} has the rows of {noted}, not of {source}. "
            f"If that was moved, delete {destination.inside(NOTE)}; else name another destination."
        )


def list_parts(destination: Place) -> set[str]:
    """Names of the parts that are there."""
    return {each for each in list_files(destination) if each.endswith(".parquet")}


def list_images(destination: Place) -> set[str]:
    """Every image that has its row already."""
    return {
        image
        for part in list_parts(destination)
        for image in parquet.read_table(
            destination.inside(part), columns=["image"], filesystem=destination.files
        )["image"].to_pylist()
    }


@contextlib.contextmanager
def _open_aside(place: Place, name: str) -> Iterator[pa.NativeFile]:
    """What is written becomes the file when it is all there."""
    place.files.create_dir(place.path)
    aside = place.inside(f".{name}.{uuid.uuid4().hex}")
    with place.files.open_output_stream(aside) as stream:
        yield stream
    place.files.move(aside, place.inside(name))
