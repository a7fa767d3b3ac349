"""A folder in memory is there while its service is, and not for long after."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app import scratch
from app.scratch import scratch_folder

HOLD = """
import sys
from pathlib import Path
from app import scratch
scratch.MEMORY = Path(sys.argv[1])
with scratch.scratch_folder() as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the place in memory."""
    monkeypatch.setattr(scratch, "MEMORY", tmp_path)
    return tmp_path


def hold(memory: Path) -> tuple[subprocess.Popen[str], Path]:
    """Another service, and its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(memory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_folder_goes_with_its_maker(memory: Path) -> None:
    """It can be written to, and nothing is left of it."""
    with scratch_folder() as folder:
        (folder / "counts").write_text("1")
        assert folder.parent == memory

    assert list(memory.iterdir()) == []


def test_folder_goes_when_its_maker_fails(memory: Path) -> None:
    """An exception leaves nothing behind."""
    with pytest.raises(ZeroDivisionError), scratch_folder():
        raise ZeroDivisionError

    assert list(memory.iterdir()) == []


def test_next_removes_what_a_killed_one_left(memory: Path) -> None:
    """The folder of a service that was killed goes, that of one that runs stays."""
    killed, left = hold(memory)
    running, used = hold(memory)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert left.is_dir()

    with scratch_folder() as folder:
        assert not left.exists()
        assert sorted(memory.iterdir()) == sorted([used, folder])

    running.communicate()
    assert running.returncode == 0


def test_without_a_place_in_memory_it_lies_on_disk(
    memory: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no such place, the one for temporary files serves."""
    disk = tmp_path_factory.mktemp("disk")
    monkeypatch.setattr(scratch, "MEMORY", memory / "none")
    monkeypatch.setattr(tempfile, "tempdir", str(disk))

    with scratch_folder() as folder:
        assert folder.parent == disk
