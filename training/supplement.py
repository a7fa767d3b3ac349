"""What is learnt from beside MNIST's digits and their labels."""

from dataclasses import dataclass

import keras

from training.doubt import Odds
from training.extras import Extras
from training.kin import Bends


@dataclass(frozen=True)
class Supplement:
    """All of it; a lesson that has no use for something is not given it.

    Attributes:
        extras: what else a batch holds; goes with the recipe's mixture.
        teacher: softens the targets; goes with the recipe's teaching.
        odds: of each digit to be drawn; goes with the recipe's doubted share.
        bends: of each digit to another of its class.
    """

    extras: Extras | None = None
    teacher: keras.Model | None = None
    odds: Odds | None = None
    bends: Bends | None = None


NOTHING = Supplement()
