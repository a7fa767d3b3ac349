"""alexnet-train: what it offers, what it takes, and what its help costs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, list_modules
from training.commands import RecipeName, main
from training.config import RECIPES

HEAVY = {"keras", "matplotlib", "numpy", "PIL", "rich", "tensorflow", "ai_edge_litert"}
COMMANDS = ["run", "evaluate", "ablate", "fetch"]


def test_every_recipe_can_be_named() -> None:
    """The names that the command knows are those of the recipes."""
    assert [name.value for name in RecipeName] == list(RECIPES)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Each on a line of its own, ready to be copied."""
    status = main([command, "--help"])

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert sum(line.strip().startswith(f"alexnet-train {command}") for line in lines) > 1


def test_help_is_that_of_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command `--help` lists them, and how to complete them."""
    status = main(["--help"])

    printed = capsys.readouterr().out
    assert status == 0
    assert all(f"\n  {command} " in printed for command in COMMANDS)
    assert "--install-completion" in printed


def test_module_and_script_are_the_same() -> None:
    """`python -m training` is `alexnet-train`, but for its name."""
    said = [
        subprocess.run(
            [sys.executable, *words, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()[1:]
        for words in (
            ["-m", "training"],
            ["-c", "import sys; from training.commands import main; sys.exit(main())"],
        )
    ]

    assert said[0] == said[1]
    assert len(said[0]) > 5


def test_help_loads_nothing_heavy() -> None:
    """What a command needs is imported when it runs."""
    loaded = list_modules("from training.commands import main; main(['--help'])")

    assert "training.commands" in loaded
    assert HEAVY.isdisjoint(loaded)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", set(COMMANDS)),
        ("run --recipe ", set(RECIPES)),
        ("run --rec", {"--recipe"}),
    ],
)
def test_completion_offers_what_fits(typed: str, offered: set[str]) -> None:
    """A shell that asks what may follow is told: commands, choices, options of `run`."""
    words = f"alexnet-train {typed}"
    finished = subprocess.run(
        [sys.executable, "-c", "from training.commands import app; app(prog_name='alexnet-train')"],
        cwd=ROOT,
        env={
            "_ALEXNET_TRAIN_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert set(finished.stdout.split()) == offered


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["typo"], "typo"),
        (["--recipe", "nonsense"], "nonsense"),
        (["run", "--epochs", "0"], "--epochs"),
        (["evaluate"], "folder"),
    ],
)
def test_wrong_command_is_said(
    capsys: pytest.CaptureFixture[str], words: list[str], named: str
) -> None:
    """It ends with 2, and names what is wrong."""
    status = main(words)

    assert status == 2
    assert named in capsys.readouterr().err


def test_run_need_not_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Options alone are those of `run`."""
    missing = str(tmp_path / "nowhere")
    ends = [main([*words, "--data", missing]) for words in ([], ["run"])]

    first, second = capsys.readouterr().err.splitlines()
    assert ends == [1, 1]
    assert missing in first
    assert first == second
