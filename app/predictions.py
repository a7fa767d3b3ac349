"""What a digit was read as."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Reason = Literal["not_a_digit", "unsure", "several_digits"]
Notice = Literal["low_contrast", "touches_border", "tiny", "several_digits"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one digit was read as.

    Attributes:
        digit: 0–9.
        confidence: its calibrated probability.
        probabilities: of each digit, ten of them.
        accepted: whether the reading can be relied on.
        reason: why not, if it cannot.
        image: what the model saw, uint8 [28, 28], white ink on black.
        warnings: what of the upload may have made it hard to read; see `imaging.normalisation`.
    """

    digit: int
    confidence: float
    probabilities: list[float]
    accepted: bool
    reason: Reason | None
    image: NDArray[np.uint8] = field(repr=False, compare=False)
    warnings: tuple[Notice, ...] = ()
