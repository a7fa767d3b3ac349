"""A bar on standard error while many pictures are read, for whoever looks at it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FEW = 100
"""So many are read before a bar would be seen."""


@contextmanager
def make_progress(total: int) -> Iterator[Callable[[], None]]:
    """What to call after each picture; a bar is shown on a terminal where there are many."""
    # Lines that go to the same terminal say well enough how far it is.
    if total < FEW or not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda: None
        return
    import typer  # noqa: PLC0415 # only where there is a terminal

    with typer.progressbar(length=total, file=sys.stderr, label="Reading", show_pos=True) as bar:
        yield lambda: bar.update(1)
