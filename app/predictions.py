"""What a digit was read as."""

from dataclasses import dataclass
from typing import Literal

Reason = Literal["not_a_digit", "unsure", "several_digits"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one digit was read as.

    Attributes:
        digit: 0–9.
        confidence: its calibrated probability.
        probabilities: of each digit, ten of them.
        accepted: whether the reading can be relied on.
        reason: why not, if it cannot.
        warnings: what of the upload may have made it hard to read; see `imaging.normalisation`.
    """

    digit: int
    confidence: float
    probabilities: list[float]
    accepted: bool
    reason: Reason | None
    warnings: tuple[str, ...] = ()
