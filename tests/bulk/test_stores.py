"""alexnet predict --engine ray from one S3 bucket to another, served by moto on this machine."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer
from numpy.typing import NDArray
from pyarrow import fs, parquet

from app.bulk.running import prepare
from tests.bulk.cluster import SCORE, Nodes, two_nodes
from tests.pictures import encode
from tests.processes import DEADLINE_SECONDS, ROOT

FILES = 30
ROWS = 50
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "anyone", "AWS_SECRET_ACCESS_KEY": "whatever"}
"""moto lets everyone in; that a name and a key are asked for is S3's way."""


@dataclass(frozen=True, slots=True)
class Store:
    """An object store with a bucket `digits`.

    Attributes:
        files: it, as pyarrow knows it.
        endpoint: host and port.
    """

    files: fs.S3FileSystem
    endpoint: str

    def address(self, folder: str) -> str:
        """What the command is given."""
        return f"s3://digits/{folder}?endpoint_override={self.endpoint}&scheme=http"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty bucket; asked with credentials from the environment, as on a real machine."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    endpoint = "{}:{}".format(*server.get_host_and_port())
    files = fs.S3FileSystem(endpoint_override=endpoint, scheme="http", allow_bucket_creation=True)
    files.create_dir("digits")
    yield Store(files, endpoint)
    server.stop()


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """A cluster that learns of the credentials as its machines would: by their environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        with two_nodes() as cluster:
            yield cluster


def put(store: Store, golden: dict[str, NDArray[np.uint8]]) -> dict[str, int | None]:
    """Pictures in folders, one that is none, and more in a Parquet file; the digit of each."""
    uploads = [encode(image) for image in golden["images"]]
    labels = golden["labels"].tolist()
    digits: dict[str, int | None] = {"bad.png": None}
    with store.files.open_output_stream("digits/in/bad.png") as stream:
        stream.write(b"no image")
    for place in range(FILES):
        name = f"{place % 3}/{place}.png"
        digits[name] = labels[place % len(labels)]
        with store.files.open_output_stream(f"digits/in/{name}") as stream:
            stream.write(uploads[place % len(uploads)])
    rows = [uploads[place % len(uploads)] for place in range(ROWS)]
    digits |= {f"more.parquet#{place}": labels[place % len(labels)] for place in range(ROWS)}
    parquet.write_table(
        pa.table({"image": rows}),
        "digits/in/more.parquet",
        filesystem=store.files,
        row_group_size=20,
    )
    return digits


def score(nodes: Nodes, store: Store) -> subprocess.CompletedProcess[str]:
    """The command, as one types it."""
    return subprocess.run(
        [*SCORE, store.address("in"), store.address("out")],
        cwd=ROOT,
        env={**os.environ, "RAY_ADDRESS": nodes.address},
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE_SECONDS,
        check=False,
    )


def test_a_bucket_is_scored_into_a_bucket_once(
    nodes: Nodes, store: Store, golden: dict[str, NDArray[np.uint8]]
) -> None:
    """Every image has one row, which is right; a second run finds nothing left to do."""
    digits = put(store, golden)
    first = score(nodes, store)
    rows = parquet.read_table("digits/out", filesystem=store.files).to_pylist()
    second = score(nodes, store)
    again = parquet.read_table("digits/out", filesystem=store.files)

    assert first.returncode == 1, first.stderr  # one picture is none
    assert f"{len(digits):,} images scored, 1 errors" in first.stderr
    assert len(rows) == len(digits)
    assert {row["image"]: row["digit"] for row in rows} == digits
    assert [row["error"] for row in rows if row["error"]] == ["not_an_image"]
    assert "have their rows from before" in second.stderr
    assert again.num_rows == len(digits)


def test_rows_in_the_source_are_not_scored(store: Store) -> None:
    """In a bucket as in a folder, with a slash at the end or without."""
    for name in ("src/a.png", "src/out/b.png"):
        with store.files.open_output_stream(f"digits/{name}") as stream:
            stream.write(b"no image")

    for folder in ("src", "src/"):
        (part,) = prepare(store.address(folder), store.address("src/out/")).parts
        assert part.paths == ("a.png",)
    with pytest.raises(ValueError, match="folder of their own"):
        prepare(store.address("src/out"), store.address("src"))
