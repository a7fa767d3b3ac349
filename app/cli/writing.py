"""Write what was read: a line for people, JSON or CSV for programs."""

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.client import Answer
from app.schemas import Problem

COLUMNS = ("file", "digit", "confidence", "accepted", "reason", "error")


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture and what became of it."""

    file: str
    answer: Answer


class Writer(Protocol):
    """Writes entries as they come.

    Attributes:
        is_complete: whether every entry so far was read.
    """

    is_complete: bool

    def write(self, entry: Entry) -> None:
        """Write one."""


def make_writer(form: str) -> Writer:
    """A writer to standard output: text, json or csv."""
    writers: dict[str, Callable[[], Writer]] = {
        "text": _TextWriter,
        "json": _JsonWriter,
        "csv": _CsvWriter,
    }
    return writers[form]()


class _TextWriter:
    """A line for each; what could not be read goes to standard error."""

    def __init__(self) -> None:
        self.is_complete = True

    def write(self, entry: Entry) -> None:
        answer = entry.answer
        if isinstance(answer, Problem):
            self.is_complete = False
            print(f"{entry.file}: {answer.code}: {answer.detail}", file=sys.stderr)
            return
        doubt = "" if answer.reason is None else f"  {answer.reason}"
        print(f"{entry.file}  {answer.digit}  {answer.confidence:.1%}{doubt}")


class _JsonWriter:
    """What the service answers, with the file's name, an object a line."""

    def __init__(self) -> None:
        self.is_complete = True

    def write(self, entry: Entry) -> None:
        answer = entry.answer
        if isinstance(answer, Problem):
            self.is_complete = False
            body = {"error": answer.model_dump(exclude_none=True)}
        else:
            body = answer.model_dump()
        print(json.dumps({"file": entry.file, **body}))


class _CsvWriter:
    """A table with a header."""

    def __init__(self) -> None:
        self.is_complete = True
        self._table = csv.writer(sys.stdout, lineterminator="\n")
        self._table.writerow(COLUMNS)

    def write(self, entry: Entry) -> None:
        answer = entry.answer
        if isinstance(answer, Problem):
            self.is_complete = False
            self._table.writerow([entry.file, "", "", "", "", answer.code])
            return
        accepted = str(answer.accepted).lower()
        self._table.writerow(
            [entry.file, answer.digit, answer.confidence, accepted, answer.reason or "", ""]
        )
