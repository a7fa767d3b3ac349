"""Mutated images of every format, in a process with little memory: nothing crashes or hangs."""

import json
import subprocess
import sys
from collections.abc import Callable

from tests.processes import ROOT

LIMIT_MEBIBYTES = 1536
MAX_SECONDS = 1.0


def test_mutated_images_do_no_harm(
    scaled: Callable[[int, int], int], tell: Callable[[str], None]
) -> None:
    """Each is read or refused with an error of ours, in time and within the memory."""
    count = scaled(100_000, 1_000)
    finished = subprocess.run(
        [sys.executable, "-m", "tests.faults.mutants", str(count), str(LIMIT_MEBIBYTES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    report = json.loads(finished.stdout)
    tell(
        f"{report['mutants']:,} mutants, {report['read']:,} read, "
        f"slowest {report['slowest_seconds']:.2f} s of processor time, "
        f"peak {report['peak_mebibytes']} MiB"
    )

    assert report["mutants"] == count
    assert report["strange"] == []
    assert report["slowest_seconds"] < MAX_SECONDS
    assert report["peak_mebibytes"] < LIMIT_MEBIBYTES
