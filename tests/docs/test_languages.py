"""README.md and its Chinese version say the same, as far as a program can tell."""

import re
from collections import Counter

import pytest

from tests.processes import ROOT


def read(name: str) -> tuple[list[str], list[str]]:
    """Its lines of code, indented, and the others."""
    lines = (ROOT / name).read_text().splitlines()
    code = [line for line in lines if line.startswith("    ")]
    return code, [line for line in lines if not line.startswith("    ")]


@pytest.fixture(scope="module")
def both() -> list[tuple[list[str], list[str]]]:
    """Code and text, English and Chinese."""
    return [read("README.md"), read("README.zh-CN.md")]


def test_same_headings(both: list[tuple[list[str], list[str]]]) -> None:
    """As many of each level, in the same order."""
    english, chinese = (
        [line.split(" ")[0] for line in text if line.startswith("#")] for _, text in both
    )

    assert english == chinese
    assert len(english) > 3


def test_same_code(both: list[tuple[list[str], list[str]]]) -> None:
    """Commands, answers and the tree are those of the English version, letter for letter."""
    (english, _), (chinese, _) = both

    assert english == chinese


@pytest.mark.parametrize("pattern", [r"\d+(?:[.,]\d+)*", r"`[^`]+`"], ids=["numbers", "names"])
def test_same_facts(both: list[tuple[list[str], list[str]]], pattern: str) -> None:
    """Each number and each name stands in both as often."""
    english, chinese = (Counter(re.findall(pattern, "\n".join(text))) for _, text in both)

    assert english == chinese
