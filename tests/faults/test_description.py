"""The service held against its own OpenAPI description by schemathesis."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.processes import running

# No schema can say which bytes are a picture of a digit, so one that fits it may well be refused
# (positive_data_acceptance); and whatever stands in a form's field is bytes, so nothing there can
# break the schema, and a bad picture of many is answered in its place (negative_data_rejection).
SENSELESS = "positive_data_acceptance,negative_data_rejection"


def test_answers_are_as_described(
    tmp_path: Path, scaled: Callable[[int, int], int], tell: Callable[[str], None]
) -> None:
    """No server error, and no answer of a status, type or shape that is not described."""
    with running(SHUTDOWN_DELAY_SECONDS="0", LOG_LEVEL="WARNING") as (_, address):
        finished = subprocess.run(
            [
                str(Path(sys.executable).parent / "schemathesis"),
                "run",
                f"{address}/openapi.json",
                "--checks=all",
                f"--exclude-checks={SENSELESS}",
                f"--max-examples={scaled(1200, 20)}",
                "--generation-database=none",
                "--suppress-health-check=all",
                "--seed=0",
                "--no-color",
            ],
            cwd=tmp_path,  # where it may leave its notes
            capture_output=True,
            text=True,
            check=False,
        )
    cases = re.search(r"([\d,]+) generated", finished.stdout)
    tell(f"{cases[1] if cases else 0} cases")

    assert finished.returncode == 0, finished.stdout[-6000:]
    assert cases is not None
