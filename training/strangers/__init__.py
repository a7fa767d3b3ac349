"""What is no digit, in sets that measure and that no recipe may train on.

Deterministic by a seed and, where letters are concerned, by the fonts of the machine.
"""

from pathlib import Path

import numpy as np

from training.strangers import fashion, letters, textures
from training.strangers.pictures import Strangers

__all__ = ["Strangers", "gather"]


def gather(seed: int, fonts: Path | None = None) -> dict[str, Strangers]:
    """Find or make every set.

    Args:
        seed: of the noise and textures.
        fonts: a folder of fonts; None takes those of this machine.

    Returns:
        `fashion`, `letters` and `textures`, and beside them `look-alikes`: the letters that a
        reader takes for digits.

    Raises:
        DatasetError: says which set is not to be had, and why.
    """
    alphabet = letters.load(fonts)
    is_alike = np.isin(alphabet.kinds, list(letters.LOOK_LIKE_DIGITS))
    return {
        "fashion": fashion.load(),
        "letters": alphabet.take(np.flatnonzero(~is_alike)),
        "textures": textures.draw(np.random.default_rng(seed)),
        "look-alikes": alphabet.take(np.flatnonzero(is_alike)),
    }
