"""Load and test a version in a process of its own, before the one that serves does.

The rehearsal runs at a low priority, so that requests do not wait for digests and golden
digits, and a version that crashes the engine crashes nothing else.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from app.errors import ModelDamaged, ModelError, ModelNotFound, SelfTestFailed
from app.versions import load_version

TIMEOUT_SECONDS = 300
"""Far beyond what the slower engine takes on a busy machine; a version that hangs is a bad one."""

NICENESS = 10
"""Behind every request, by a factor of ten; at 19 a busy machine would take minutes."""

OnStart = Callable[[subprocess.Popen[bytes]], None]

_ERRORS = {error.code: error for error in (ModelDamaged, ModelNotFound, SelfTestFailed)}


def rehearse(folder: Path, engine: str, on_start: OnStart = lambda _process: None) -> str:
    """See whether a version can be served.

    Args:
        folder: `models/alexnet/<version>`.
        engine: auto, litert or tensorflow.
        on_start: told the process, which may be killed.

    Returns:
        The SHA-256 of the manifest that it passed with.

    Raises:
        ModelError: as `load_version` does.
        ModelDamaged: the process died of it, or did not end.
    """
    command = [sys.executable, "-m", "app.rehearsal", str(folder), engine]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 # this very program
        on_start(process)
        try:
            printed, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise ModelDamaged("Loading this version does not end.") from error
    if process.returncode:
        raise ModelDamaged(f"Loading this version ends the process with {process.returncode}.")
    report = json.loads(printed)
    if "code" in report:
        raise _ERRORS.get(report["code"], ModelError)(report["message"])
    return str(report["sha256"])


def main() -> None:
    """Be the process that `rehearse` starts."""
    os.nice(NICENESS)
    folder, engine = sys.argv[1:]
    try:
        report = {"sha256": load_version(Path(folder), engine, threads=1).facts.sha256}
    except ModelError as error:
        report = {"code": error.code, "message": str(error)}
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
