"""The pages of docs/: what a command writes is up to date, and links lead somewhere."""

import re
import shutil
from pathlib import Path

import pytest

from app.settings import Settings
from docs.__main__ import FOLDER, write
from tests.processes import ROOT

PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted(FOLDER.rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)")


@pytest.mark.parametrize("name", ["http.md", "operations.md"])
def test_page_is_not_stale(tmp_path: Path, name: str) -> None:
    """`make docs` would change nothing."""
    shutil.copy(FOLDER / "operations.md", tmp_path)
    write(tmp_path)

    assert (tmp_path / name).read_text() == (FOLDER / name).read_text()


def test_metrics_are_not_called_json() -> None:
    """They are text; what has a schema, or is JSON without one, is called what it is."""
    sections = (FOLDER / "http.md").read_text().split("\n### ")
    said = {each.split("\n")[0]: each for each in sections}

    assert "| 200 | text |" in said["`GET /metrics`"]
    assert "| 200 | JSON |" in said["`GET /v2/health/live`"]


def test_every_setting_is_told() -> None:
    """With its variable, once."""
    page = (FOLDER / "operations.md").read_text()

    for name in Settings.model_fields:
        assert page.count(f"\n| `{name.upper()}` |") == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """A file for each path; a heading for each anchor of the page itself."""
    text = page.read_text()
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    lost = [
        path + anchor
        for path, anchor in LINK.findall(text)
        if not (page.parent / path).exists() or (not path and anchor[1:] not in headings)
    ]

    assert lost == []


def test_every_guide_is_listed() -> None:
    """Who starts at docs/README.md finds them all."""
    index = (FOLDER / "README.md").read_text()

    for guide in (FOLDER / "how-to").iterdir():
        assert f"(how-to/{guide.name})" in index
