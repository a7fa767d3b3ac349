"""A folder is of one recipe for good."""

from dataclasses import replace
from pathlib import Path

import pytest

from training.commitment import OtherRecipe, commit
from training.config import RECIPES

SMOKE = RECIPES["smoke"]


def test_a_folder_is_gone_on_with_by_its_own_recipe(tmp_path: Path) -> None:
    """As often as one likes."""
    for _ in range(2):
        commit(tmp_path / "run", {"smoke": SMOKE})


@pytest.mark.parametrize(
    "other",
    [{"smoke": replace(SMOKE, validation_share=0.2)}, {"smoke": SMOKE, "more": SMOKE}, {}],
    ids=["a number", "one more", "none"],
)
def test_other_recipes_are_refused(tmp_path: Path, other: dict[str, object]) -> None:
    """Whatever was made by then, be it only what is learnt from; what was begun can go on."""
    commit(tmp_path, {"smoke": SMOKE})

    with pytest.raises(OtherRecipe, match="other numbers"):
        commit(tmp_path, other)  # type: ignore[arg-type] # recipes, one of which mypy cannot see
    commit(tmp_path, {"smoke": SMOKE})


def test_a_run_that_goes_on_writes_nothing_anew(tmp_path: Path) -> None:
    """So there is no moment at which whoever is killed leaves half a file."""
    commit(tmp_path, {"smoke": SMOKE})
    (before,) = tmp_path.iterdir()
    written = before.stat()
    commit(tmp_path, {"smoke": SMOKE})
    (after,) = tmp_path.iterdir()

    assert (after.stat().st_ino, after.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
