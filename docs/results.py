"""What `make bench` measured, as its JSON has it: every key is text."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any


class NotMeasured(ValueError):
    """A page needs what the results do not hold."""


def read_results(path: Path) -> dict[str, Any]:
    """What `make bench` wrote.

    Raises:
        NotMeasured: it wrote nothing.
    """
    try:
        results: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise NotMeasured(f"{path} is not there; `make bench` writes it.") from error
    return results


def find(found: Any, *keys: str) -> Any:  # noqa: ANN401 # JSON
    """What stands there in the results; an empty place means that it was not measured.

    Raises:
        NotMeasured: it was not.
    """
    for key in keys:
        found = found.get(key)
        if found is None or found in ({}, []):
            raise NotMeasured(
                f"The results have no {'.'.join(keys)}; a whole `make bench` measures it."
            )
    return found


def read_many(results: Mapping[str, Any]) -> dict[str, float]:
    """Digits a second of 256 in one request, by what it holds: the medians of the rounds.

    Raises:
        NotMeasured: there was none.
    """
    rounds = [find(each, "many_per_second") for each in find(results, "stress")]
    return {name: median(float(each[name]) for each in rounds) for name in rounds[0]}


def middle(results: Mapping[str, Any], contender: str, *keys: str) -> float:
    """The median of a contender's rounds.

    Raises:
        NotMeasured: it had none.
    """
    return median(float(find(each, *keys)) for each in find(results, "rounds", contender))
