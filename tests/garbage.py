"""What a block leaves that goes only when Python's collector comes by."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


class Garbage:
    """Objects in cycles, counted when the block has ended."""

    count = 0


@contextmanager
def counting_garbage() -> Iterator[Garbage]:
    """Count what a block leaves; what was there before is no part of it."""
    garbage = Garbage()
    gc.collect()
    gc.disable()
    try:
        yield garbage
        garbage.count = gc.collect()
    finally:
        gc.enable()
