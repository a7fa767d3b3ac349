"""What a folder of checkpoints is of: whoever goes on in it does what was begun."""

import json
from dataclasses import asdict
from pathlib import Path

from training import aside
from training.config import Recipe

FILE = "recipes.json"


class OtherRecipe(Exception):
    """A folder is of runs that do something else."""


def commit(folder: Path, recipes: dict[str, Recipe]) -> None:
    """Write down what is done in a folder, or see that it is what was done there before.

    Args:
        folder: made if it is not there.
        recipes: every number of what is done, by name.

    Raises:
        OtherRecipe: it is not: nothing that one recipe made is to go into another's network.
    """
    file = folder / FILE
    text = json.dumps({name: asdict(recipe) for name, recipe in recipes.items()}, indent=1)
    if file.exists():
        if file.read_text() != text:
            raise OtherRecipe(
                f"{folder} is of a run with other numbers: finish that run with them, or remove "
                "the folder."
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    # Half of it would pass for another recipe.
    aside.replace(file, lambda path: path.write_text(text))
