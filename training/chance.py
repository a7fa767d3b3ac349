"""Random numbers that are a run's own and, within it, each purpose's own."""

from zlib import crc32

import numpy as np


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """A generator for one purpose: what two purposes draw has nothing in common.

    Args:
        seed: of the run.
        purpose: what is drawn, by names and numbers, such as the lesson and the epoch.
    """
    words = (crc32(each.encode()) if isinstance(each, str) else each for each in purpose)
    return np.random.default_rng([seed, *words])
