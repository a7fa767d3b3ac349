"""What docs/how-to/train.md says of a machine without a network works."""

import re
from pathlib import Path

import pytest

from tests.processes import ROOT
from training.cache import cache_folder

PAGE = (ROOT / "docs" / "how-to" / "train.md").read_text()


def test_what_was_fetched_is_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that is filled is the one that is looked into, typefaces and all."""
    (filled,) = re.findall(r"^    alexnet-train fetch (\S+)$", PAGE, re.MULTILINE)
    (named,) = re.findall(r"^    XDG_CACHE_HOME=(\S+) alexnet-train run$", PAGE, re.MULTILINE)
    monkeypatch.setenv("XDG_CACHE_HOME", named)

    for name in ("fonts", "mnist", "things"):
        assert Path(filled) / name == cache_folder(name)
