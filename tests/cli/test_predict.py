"""alexnet predict: which files, in which form, with which exit code."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

from tests.conftest import MODELS, ROOT
from tests.pictures import encode
from tests.processes import DEADLINE_SECONDS

Alexnet = Callable[..., Result]

BLANK = encode(np.full((40, 40), 255, np.uint8))


def test_files_are_read_in_their_order(alexnet: Alexnet, pictures: Path) -> None:
    """A line for each file, as they were named, and 0 because all were read."""
    two, seven = pictures / "b" / "two.PNG", pictures / "seven.png"
    result = alexnet("predict", seven, two, "--models", MODELS)

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[str(seven), "7"], [str(two), "2"]]
    assert lines[0].endswith("%")


def test_bad_file_stops_nothing(alexnet: Alexnet, pictures: Path) -> None:
    """A folder is searched through; what is broken in it is told apart, and the exit code is 1."""
    result = alexnet("predict", pictures, "--json", "--models", MODELS)
    found = {Path(line["file"]).name: line for line in map(json.loads, result.stdout.splitlines())}

    assert result.exit_code == 1
    assert set(found) == {"two.PNG", "broken.png", "seven.png"}
    assert (found["seven.png"]["digit"], found["two.PNG"]["digit"]) == (7, 2)
    assert found["broken.png"]["error"]["code"] == "not_an_image"


def test_full_disk_is_told() -> None:
    """One sentence and a code of its own: what could be read is not what is wrong."""
    with Path("/dev/full").open("wb") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "app.cli", "predict", "samples/seven.png", "samples/two.png"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS,
        )

    assert finished.returncode == 4
    assert "error: The answers cannot be written: No space left on device." in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]])
def test_name_that_is_no_text_stops_nothing(pictures: Path, form: list[str]) -> None:
    """File names are bytes, and go out as they came in, also where only text is expected."""
    name = os.fsencode(pictures) + b"/\xff.png"
    Path(os.fsdecode(name)).write_bytes((pictures / "seven.png").read_bytes())
    finished = subprocess.run(
        [sys.executable, "-m", "app.cli", "predict", str(pictures / "b"), name, *form],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
        capture_output=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )

    assert finished.returncode == 0, finished.stderr
    assert (name in finished.stdout) is (form != ["--json"])
    assert len(finished.stdout.splitlines()) == (3 if form == ["--csv"] else 2)


def test_table_has_a_row_for_each(alexnet: Alexnet, pictures: Path) -> None:
    """CSV with a header; a missing file is a row as well."""
    names = [str(pictures / "seven.png"), str(pictures / "gone.png")]
    result = alexnet("predict", *names, "--csv", "--models", MODELS)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))

    assert result.exit_code == 1
    assert [row["file"] for row in rows] == names
    assert (rows[0]["digit"], rows[0]["accepted"], rows[0]["error"]) == ("7", "true", "")
    assert (rows[1]["digit"], rows[1]["error"]) == ("", "unreadable_file")


def test_errors_go_to_standard_error(alexnet: Alexnet, pictures: Path) -> None:
    """What a pipe takes on are readings alone."""
    result = alexnet("predict", pictures / "broken.png", "--models", MODELS)

    assert result.stdout == ""
    assert "not_an_image" in result.stderr


def test_glob_and_pipe(alexnet: Alexnet, pictures: Path) -> None:
    """A glob that no shell has expanded, and standard input."""
    seven = (pictures / "seven.png").read_bytes()
    words = ["predict", "-", f"{pictures}/**/t*.PNG", "--json", "--models", MODELS]
    result = alexnet(*words, input=seven)
    lines = [json.loads(line) for line in result.stdout.splitlines()]

    assert result.exit_code == 0
    assert [(line["file"], line["digit"]) for line in lines] == [
        ("-", 7),
        (str(pictures / "b" / "two.PNG"), 2),
    ]


def test_many_keep_their_order(alexnet: Alexnet, pictures: Path) -> None:
    """More than fit into several pieces, every seventh of them blank: each gets its own answer."""
    seven = (pictures / "seven.png").read_bytes()
    folder = pictures / "many"
    folder.mkdir()
    for place in range(300):
        (folder / f"{place:03}.png").write_bytes(BLANK if place % 7 == 0 else seven)
    result = alexnet("predict", folder, "--csv", "--models", MODELS)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))

    assert [Path(row["file"]).stem for row in rows] == [f"{place:03}" for place in range(300)]
    assert [row["error"] for row in rows] == [
        "blank_image" if place % 7 == 0 else "" for place in range(300)
    ]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["a.png", "--json", "--csv"], 2, "exclude each other"),
        ([], 2, "Missing argument"),
        (["no-such-folder-*/"], 2, "no pictures"),
        (["x" * 300 + "*"], 2, "no pictures"),
        (["a.png", "--engine", "abacus"], 2, "abacus"),
        (["a.png", "--models", "/nowhere"], 3, "No model"),
        (["README.md", "--url", "http://127.0.0.1:99999"], 3, "99999 is no port"),
        (["README.md", "--url", "http://[::1"], 3, "no address"),
    ],
)
def test_what_cannot_be_done_has_its_own_exit_code(
    alexnet: Alexnet, words: list[str], code: int, text: str
) -> None:
    """2 for a wrong command, 3 where there is nothing to read with."""
    result = alexnet("predict", *words)

    assert result.exit_code == code
    assert text in result.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["SRC"], "SRC DEST"),
        (["SRC", "DEST", "--json"], "SRC DEST"),
        (["SRC", "DEST"], "pip install 'alexnet-digits[bulk]'"),
    ],
)
def test_cluster_needs_two_places_and_ray(
    alexnet: Alexnet, monkeypatch: pytest.MonkeyPatch, words: list[str], text: str
) -> None:
    """Where Ray is not installed, it is said how to have it."""
    monkeypatch.delitem(sys.modules, "app.bulk.running", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    result = alexnet("predict", "--engine", "ray", *words)

    assert result.exit_code == 2
    assert text in result.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("LOG_LEVEL", "debug"), ("PORT", "abc"), ("VERSION_LABELS", "x")]
)
def test_wrong_setting_is_told(alexnet: Alexnet, pictures: Path, name: str, value: str) -> None:
    """The environment is a part of the command."""
    result = alexnet("predict", pictures, "--models", MODELS, env={name: value})

    assert result.exit_code == 2
    assert result.stderr.startswith("error: A setting is wrong: ")
    assert name.lower() in result.stderr


def wait_until_asleep(process: int) -> None:
    """Return once the main thread of a process has nothing to do."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "S":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_interrupt_ends_it() -> None:
    """Also while it waits for standard input, of which it has read some."""
    words = [sys.executable, "-m", "app.cli", "predict", "-", "--models", str(MODELS)]
    with subprocess.Popen(
        words,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 # it only sets a handler
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(bytes(1 << 20))  # more than a pipe holds: it is being read
            wait_until_asleep(process.pid)
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE_SECONDS) == 130
        finally:
            process.kill()


def _heed_interrupts() -> None:
    """As at a terminal: what a script starts in the background inherits that they are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_name_that_no_file_has_stops_nothing(alexnet: Alexnet, pictures: Path) -> None:
    """One that is too long, typed or found in a folder, is told as a file that is not read."""
    folder = pictures / "b"
    (folder / "long.png").symlink_to("x" * 300)
    result = alexnet("predict", "x" * 300, folder, "--csv", "--models", MODELS)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))

    assert result.exit_code == 1
    assert [(row["file"], row["digit"] or row["error"]) for row in rows] == [
        ("x" * 300, "unreadable_file"),
        (str(folder / "long.png"), "unreadable_file"),
        (str(folder / "two.PNG"), "2"),
    ]


def test_bounds_of_the_service_are_none_here(
    alexnet: Alexnet, tmp_path: Path, seven: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However short its queues are, here it is known what will be in them."""
    for name in ("MAX_QUEUE_ROWS", "MAX_WAITING_DECODES"):
        monkeypatch.setenv(name, "1")
    for place in range(100):
        (tmp_path / f"{place}.png").write_bytes(seven)

    result = alexnet("predict", tmp_path, "--csv", "--models", MODELS)

    assert result.exit_code == 0, result.output
    assert [row["digit"] for row in csv.DictReader(io.StringIO(result.stdout))] == ["7"] * 100


def test_damaged_version_is_told_in_a_line(copied: Path, pictures: Path) -> None:
    """It is read with the one before, and nobody is shown where in the program that was noticed."""
    newest = copied.with_name(str(int(copied.name) + 1))
    newest.mkdir()
    words = ["predict", pictures / "seven.png", "--models", copied.parent.parent]
    finished = subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    told = f"error: version refused: {newest.name}: The manifest is missing."
    assert finished.stderr.splitlines()[0] == told
    assert "Traceback" not in finished.stderr
    assert finished.stdout.split()[1] == "7"
