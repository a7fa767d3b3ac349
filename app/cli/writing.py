"""Write what was read: a line for people, JSON or CSV for programs."""

import csv
import json
import sys
from dataclasses import dataclass
from typing import Protocol

from app.schemas import NumberAnswer, PredictionAnswer, Problem

Found = PredictionAnswer | NumberAnswer | Problem

DIGIT_COLUMNS = ("file", "digit", "confidence", "accepted", "reason", "error")
NUMBER_COLUMNS = ("file", "text", "accepted", "error")


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture and what became of it."""

    file: str
    found: Found


class Writer(Protocol):
    """Writes entries as they come.

    Attributes:
        is_complete: whether every entry so far was read.
    """

    is_complete: bool

    def write(self, entry: Entry) -> None:
        """Write one."""


def make_writer(form: str, is_number: bool) -> Writer:  # noqa: FBT001 # one of two kinds
    """A writer to standard output: text, json or csv."""
    if form == "csv":
        return _CsvWriter(NUMBER_COLUMNS if is_number else DIGIT_COLUMNS)
    return _JsonWriter() if form == "json" else _TextWriter()


class _TextWriter:
    """A line for each; what could not be read goes to standard error."""

    def __init__(self) -> None:
        self.is_complete = True

    def write(self, entry: Entry) -> None:
        found = entry.found
        if isinstance(found, Problem):
            self.is_complete = False
            print(f"{entry.file}: {found.code}: {found.detail}", file=sys.stderr)
        elif isinstance(found, NumberAnswer):
            print(f"{entry.file}  {found.text}{'' if found.accepted else '  not accepted'}")
        else:
            doubt = "" if found.reason is None else f"  {found.reason}"
            print(f"{entry.file}  {found.digit}  {found.confidence:.1%}{doubt}")


class _JsonWriter:
    """What the service answers, with the file's name, an object a line."""

    def __init__(self) -> None:
        self.is_complete = True

    def write(self, entry: Entry) -> None:
        body = entry.found.model_dump(mode="json")
        if isinstance(entry.found, Problem):
            self.is_complete = False
            body = {"error": entry.found.model_dump(exclude_none=True)}
        print(json.dumps({"file": entry.file, **body}))


class _CsvWriter:
    """A table with a header; a cell for which there is nothing stays empty."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.is_complete = True
        self._table = csv.DictWriter(
            sys.stdout, columns, extrasaction="ignore", lineterminator="\n"
        )
        self._table.writeheader()

    def write(self, entry: Entry) -> None:
        row = {"file": entry.file}
        if isinstance(entry.found, Problem):
            self.is_complete = False
            row |= {"error": entry.found.code}
        else:
            row |= entry.found.model_dump()
            row["accepted"] = str(entry.found.accepted).lower()
        self._table.writerow(row)
