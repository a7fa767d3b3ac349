"""What it ran on, and when."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path


def describe() -> dict[str, str]:
    """Facts that the numbers depend on, by name."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _cpu(Path("/proc/cpuinfo").read_text()),
        "cores": str(len(os.sched_getaffinity(0))),
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "commit": _commit(),
    }


def _cpu(cpuinfo: str) -> str:
    lines = (line.partition(":") for line in cpuinfo.splitlines())
    facts = {name.strip(): value.strip() for name, _, value in lines}
    named = facts.get("model name", platform.processor() or platform.machine())
    flags = facts.get("flags", "").split()
    widest = next((flag for flag in ("avx512_vnni", "avx512f", "avx2") if flag in flags), "")
    family, model = facts.get("cpu family", "?"), facts.get("model", "?")
    return f"{named} (family {family}, model {model}{widest and ', ' + widest})"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 # git
    return done.stdout.strip() or "unknown"
