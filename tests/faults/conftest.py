"""How large the campaigns are, and how each tells its figure."""

import os
from collections.abc import Callable

import pytest

from tests.faults.load import Golden


@pytest.fixture(scope="session")
def scaled() -> Callable[[int, int], int]:
    """How many of something: all of them at SCALE=1, never fewer than the least that shows it."""
    scale = float(os.environ.get("SCALE", "0.1"))
    return lambda whole, least: max(least, round(whole * scale))


@pytest.fixture(scope="session")
def golden_uploads(golden: dict[str, object]) -> Golden:
    """Real digits as PNGs, each with what it must be read as."""
    return Golden.of(golden)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print one line that stays on the screen."""
    return lambda figure: print(f"\n{request.node.name}: {figure}")  # noqa: T201 # the figure
