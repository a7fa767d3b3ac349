"""alexnet predict --engine ray on a cluster whose nodes and drivers are killed."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from pyarrow import parquet

from tests.bulk.cluster import SCORE, Nodes, two_nodes
from tests.pictures import encode
from tests.processes import DEADLINE_SECONDS, ROOT

FILES = 600
ROWS = 5000
GROUP_ROWS = 40
"""So many parts that the second node's actor is there long before the first's has done them all."""

BAD_EVERY = 97
SEEN_FIRST = 6
"""Parts that are there before anything is killed."""


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of images.

    Attributes:
        path: of it.
        digits: what each image shows; None for what is no image.
    """

    path: Path
    digits: dict[str, int | None]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """The cluster; one test kills half of it, and the others can do with the rest."""
    with two_nodes() as cluster:
        yield cluster


@pytest.fixture
def source(tmp_path: Path, golden: dict[str, NDArray[np.uint8]]) -> Source:
    """Pictures in folders, more of them in a Parquet file, and a bad one now and then."""
    uploads = [encode(image) for image in golden["images"]]
    labels = golden["labels"].tolist()
    digits: dict[str, int | None] = {}

    def make(place: int, name: str) -> bytes:
        is_bad = place % BAD_EVERY == 0
        digits[name] = None if is_bad else labels[place % len(labels)]
        return b"no image" if is_bad else uploads[place % len(uploads)]

    path = tmp_path / "source"
    for place in range(FILES):
        name = f"{place % 7}/{place}.png"
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(make(place, name))
    rows = [make(place, f"more.parquet#{place}") for place in range(ROWS)]
    parquet.write_table(pa.table({"image": rows}), path / "more.parquet", row_group_size=GROUP_ROWS)
    return Source(path, digits)


def start(nodes: Nodes, source: Path, destination: Path) -> subprocess.Popen[str]:
    """The command, as one types it."""
    return subprocess.Popen(
        [*SCORE, source, destination],
        cwd=ROOT,
        env={**os.environ, "RAY_ADDRESS": nodes.address},
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(command: subprocess.Popen[str]) -> str:
    """What it said; all of it was done, and some images could not be read."""
    _, said = command.communicate(timeout=2 * DEADLINE_SECONDS)
    assert command.returncode == 1, said
    return said


def wait_until(is_true: Callable[[], bool], command: subprocess.Popen[str]) -> None:
    """Poll while the command runs."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_true():
        assert command.poll() is None, "it ended before it could be disturbed"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def count_parts(destination: Path) -> int:
    """How many are written."""
    return len(list(destination.glob("part-*.parquet")))


def check_rows(destination: Path, source: Source) -> None:
    """Every image has one row, which is right."""
    rows: list[dict[str, Any]] = parquet.read_table(destination).to_pylist()
    images = Counter(row["image"] for row in rows)
    found = {row["image"]: row["digit"] for row in rows}
    bad = {row["image"] for row in rows if row["error"] == "not_an_image"}

    assert set(images.values()) == {1}
    assert images.keys() == source.digits.keys()
    assert found == source.digits
    assert bad == {name for name, digit in source.digits.items() if digit is None}


def test_every_image_is_scored_once_when_a_node_dies(
    nodes: Nodes, source: Source, tmp_path: Path
) -> None:
    """Killed with an actor at work on it: what it did not finish, the other one does."""
    destination = tmp_path / "rows"
    with start(nodes, source.path, destination) as command:
        wait_until(lambda: nodes.has_scorer() and count_parts(destination) >= SEEN_FIRST, command)
        nodes.kill()
        seen = count_parts(destination)
        said = finish(command)

    assert seen < count_parts(destination)
    assert f"{FILES + ROWS:,} images scored" in said
    check_rows(destination, source)


def test_what_has_its_row_is_not_scored_again(nodes: Nodes, source: Source, tmp_path: Path) -> None:
    """The command killed half-way and given once more does the rest, and what is new besides."""
    destination = tmp_path / "rows"
    with start(nodes, source.path, destination) as command:
        wait_until(lambda: count_parts(destination) >= SEEN_FIRST, command)
        command.send_signal(signal.SIGKILL)
        command.communicate()
    # Its actors end with it, a moment later.
    kept = {part: part.stat().st_mtime_ns for part in destination.glob("part-*.parquet")}
    (source.path / "new.png").write_bytes(b"no image")
    source.digits["new.png"] = None
    with start(nodes, source.path, destination) as command:
        said = finish(command)

    assert "have their rows from before" in said
    assert all(part.stat().st_mtime_ns == written for part, written in kept.items())
    check_rows(destination, source)
