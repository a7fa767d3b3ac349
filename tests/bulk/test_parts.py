"""What is cut into parts, read and written, without a cluster."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from app.bulk.places import find_place, find_source
from app.bulk.planning import PART_IMAGES, Part, cut
from app.bulk.reading import read_part
from app.bulk.results import list_images, list_parts, make_row, write_part
from app.errors import BlankImage, ServiceError

MAX_BYTES = 100


def read(source: Path, part: Part) -> dict[str, bytes | str]:
    """The bytes of each image of a part, or its error's code."""
    place, _ = find_source(str(source))
    return {
        name: found.code if isinstance(found, ServiceError) else found
        for piece in read_part(place, part, MAX_BYTES)
        for name, found in piece
    }


def cut_all(source: Path, done: set[str] | None = None) -> list[Part]:
    """The parts of a folder or file."""
    place, names = find_source(str(source))
    return cut(place, names, done or set())


def test_pictures_are_cut_evenly(tmp_path: Path) -> None:
    """Each in one part, hidden files and other kinds in none, and none that has its row."""
    for place in range(PART_IMAGES + 20):
        (tmp_path / f"{place}.PNG").touch()
    for name in (".hidden.png", "_aside.png", "notes.txt"):
        (tmp_path / name).touch()
    parts = cut_all(tmp_path, {"7.PNG"})
    paths = [path for part in parts for path in part.paths]

    assert [part.images for part in parts] == [PART_IMAGES, 19]
    assert len({part.name for part in parts}) == 2
    assert sorted(paths) == sorted(f"{n}.PNG" for n in range(PART_IMAGES + 20) if n != 7)


def test_pictures_are_read_or_say_why(tmp_path: Path) -> None:
    """One that is gone, one without bytes and one with too many stop nothing."""
    contents = {"a.png": b"a", "empty.png": b"", "gone.png": b"", "large.png": bytes(MAX_BYTES + 1)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (part,) = cut_all(tmp_path)
    (tmp_path / "gone.png").unlink()

    assert read(tmp_path, part) == {
        "a.png": b"a",
        "empty.png": "empty_upload",
        "gone.png": "unreadable_file",
        "large.png": "upload_too_large",
    }


@pytest.mark.parametrize("is_object", [False, True], ids=["bytes", "object"])
def test_row_groups_are_parts(tmp_path: Path, *, is_object: bool) -> None:
    """Each row is named by its place in the file; a null is an image without bytes."""
    rows = [None if row == 3 else bytes([row]) for row in range(5)]
    cells = [{"bytes": row, "path": "x"} for row in rows] if is_object else rows
    file = tmp_path / "digits.parquet"
    parquet.write_table(pa.table({"image": cells, "label": range(5)}), file, row_group_size=2)
    parts = cut_all(file)
    images = [read(tmp_path, part) for part in parts]

    assert [part.images for part in parts] == [2, 2, 1]
    assert {name: found for each in images for name, found in each.items()} == {
        f"digits.parquet#{row}": "empty_upload" if row == 3 else bytes([row]) for row in range(5)
    }
    assert [part.first_row for part in cut_all(file, {"digits.parquet#3"})] == [0, 4]


def test_broken_table_is_an_error_of_its_rows(tmp_path: Path) -> None:
    """One that is no Parquet, one that breaks after it was planned, one without images."""
    (tmp_path / "none.parquet").write_bytes(b"nothing")
    parquet.write_table(pa.table({"digit": [1, 2]}), tmp_path / "other.parquet")
    parquet.write_table(pa.table({"image": [b"a", b"b"]}), tmp_path / "spoilt.parquet")
    parts = cut_all(tmp_path)
    (tmp_path / "spoilt.parquet").write_bytes(b"nothing")
    found = {name: code for part in parts for name, code in read(tmp_path, part).items()}

    assert found == dict.fromkeys(
        [
            "none.parquet",
            *("other.parquet#0", "other.parquet#1"),
            *("spoilt.parquet#0", "spoilt.parquet#1"),
        ],
        "unreadable_file",
    )


def test_repaired_table_is_scored_whole(tmp_path: Path) -> None:
    """The row of one that could not be read is none of its images; it is not written twice."""
    file = tmp_path / "scans.parquet"
    file.write_bytes(b"nothing")
    (part,) = cut_all(file)
    done = set(read(tmp_path, part))
    still_broken = cut_all(file, done)
    parquet.write_table(pa.table({"image": [b"a"] * 10}), file, row_group_size=4)
    # As an earlier release named that row.
    images = [
        [each.images for each in cut_all(file, names)] for names in (done, {f"{file.name}#0"})
    ]

    assert done == {"scans.parquet"}
    assert still_broken == []
    assert images == [[4, 4, 2]] * 2


def test_row_of_unreadable_table_stays_one(tmp_path: Path) -> None:
    """Also where it can be read by the time that its part is."""
    file = tmp_path / "scans.parquet"
    file.write_bytes(b"nothing")
    (part,) = cut_all(file)
    parquet.write_table(pa.table({"image": [b"a", b"b"]}), file)

    assert part.images == 1
    assert read(tmp_path, part) == {"scans.parquet": "unreadable_file"}


def test_part_written_twice_is_there_once(tmp_path: Path) -> None:
    """The later replaces the earlier, and what was written aside is no part."""
    place = find_place(str(tmp_path / "rows"))
    for name in ("a.png", "b.png"):
        write_part(place, "part-0.parquet", [make_row(name, BlankImage("No ink."), "1")])
    (tmp_path / "rows" / ".part-1.parquet.cut-short").write_bytes(b"half")
    (row,) = parquet.read_table(tmp_path / "rows").to_pylist()

    assert list_parts(place) == {"part-0.parquet"}
    assert list_images(place) == {"b.png"}
    assert (row["error"], row["detail"], row["digit"]) == ("blank_image", "No ink.", None)
