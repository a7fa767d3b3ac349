"""The Dockerfile's stage that trains finds what was fetched for it: it has no npm."""

import re
from pathlib import Path

import pytest

from tests.processes import ROOT
from training.cache import cache_folder

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_what_was_fetched_is_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """`data/` stands where root's cache is looked for, and Docker is let see it."""
    (target,) = re.findall(r"--mount=type=bind,source=data,target=(\S+)", DOCKERFILE)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/root")

    for name in ("fonts", "mnist", "things"):
        assert Path(target) / name == cache_folder(name)
    assert "XDG_CACHE_HOME" not in DOCKERFILE
    assert "!data" in (ROOT / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "docs/how-to/deploy.md"])
def test_fetching_is_told_before_building(page: str) -> None:
    """Who types what the page says, in its order, has the typefaces when the build wants them."""
    text = (ROOT / page).read_text()
    fetch = text.index("    .venv-dev/bin/python -m training fetch data")

    assert fetch < text.index("    make image MODEL=trained RECIPE=production")
