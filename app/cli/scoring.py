"""alexnet predict --engine ray: tell how far it is, and how it ended."""

import sys
from pathlib import Path

from app import logs
from app.bulk.running import prepare, score

TOLD = 20
"""Lines on the way to the end, for a terminal and a log alike."""


def run(source: str, destination: str, models_dir: Path) -> bool:
    """Score everything that has no row yet.

    Returns:
        Whether every image of this run could be read.

    Raises:
        NothingToScore: there is nothing in the source.
        NoModel: there is nothing to read with.
        Unfinished: run it again.
        ValueError: an address that is none.
        OSError: a place that cannot be asked for.
    """
    logs.configure_for_people()
    plan = prepare(source, destination)
    if plan.done:
        _tell(f"{plan.done:,} images have their rows from before.")
    total, images, errors = plan.images, 0, 0
    for more, wrong in score(plan, models_dir) if plan.parts else ():
        before, images, errors = images, images + more, errors + wrong
        if before * TOLD // total < images * TOLD // total:
            _tell(f"{images:,} of {total:,} images, {errors:,} errors")
    _tell(f"{images:,} images scored, {errors:,} errors; the rows are in {destination}.")
    return errors == 0


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
