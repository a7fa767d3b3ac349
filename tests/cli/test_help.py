"""alexnet --help, and what it costs."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from typer.testing import Result

from tests.processes import ROOT, list_modules

HEAVY = {
    "fastapi",
    "numpy",
    "pydantic",
    "PIL",
    "ai_edge_litert",
    "httpx",
    "rich",
    "prometheus_client",
}


@pytest.mark.parametrize("words", [[], ["serve"], ["predict"], ["models"], ["models", "verify"]])
def test_every_command_explains_itself(alexnet: Callable[..., Result], words: list[str]) -> None:
    """Help ends well and says something."""
    result = alexnet(*words, "--help")

    assert result.exit_code == 0
    assert "Usage" in result.output


@pytest.mark.parametrize("command", ["serve", "predict"])
def test_help_has_examples(alexnet: Callable[..., Result], command: str) -> None:
    """Each on a line of its own, ready to be copied."""
    lines = alexnet(command, "--help").output.splitlines()

    assert sum(line.strip().startswith(f"alexnet {command}") for line in lines) > 1


def test_help_loads_nothing_heavy() -> None:
    """What a command needs is imported when it runs."""
    loaded = list_modules("import app.cli.commands")

    assert "app.cli.commands" in loaded
    assert HEAVY.isdisjoint(loaded)


def test_completion_is_offered(alexnet: Callable[..., Result]) -> None:
    """For the shells that are known."""
    assert "--install-completion" in alexnet("--help").output


def test_missing_command_line_is_told() -> None:
    """The service is installed without what reads commands; whoever types one is told so."""
    code = "import sys; sys.modules['typer'] = None; from app.cli.__main__ import main; main()"
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert finished.returncode == 1
    assert finished.stderr.startswith("error: The command line is not installed")
    assert len(finished.stderr.splitlines()) == 1
