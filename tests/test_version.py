"""The service says which version of the project it is."""

import tomllib
from pathlib import Path

from app import VERSION


def test_version_is_that_of_the_project() -> None:
    """It stands twice, because an image holds the code alone."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())

    assert project["project"]["version"] == VERSION
