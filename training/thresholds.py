"""Below which scores a reading is refused: chosen on validation digits, kept in the manifest."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.scores import energy, softmax
from training.scorers import Logits

REFUSED_SHARE = 0.0035
"""Of validation digits, by their confidence: 99.5 % must pass, of other digits too, of which by
chance a tenth of a percent more may be refused. Of the 25 that version 8 misreads 14 are accepted,
and 1.5 % of the outliers made for validation; with 0.2 % refused by it and 0.2 % by the energy, 18
and 1.2 %."""


@dataclass(frozen=True)
class Thresholds:
    """Below which a reading is not accepted: the numbers of the manifest's `reject`.

    Attributes:
        min_energy: log Σ exp of the logits: how much like a digit at all.
        min_confidence: of the largest probability.
    """

    min_energy: float
    min_confidence: float

    def accept(self, logits: Logits) -> NDArray[np.bool_]:
        """Which readings [n] the service accepts."""
        is_known = energy(logits) >= self.min_energy
        is_sure = softmax(logits).max(axis=1) >= self.min_confidence
        accepted: NDArray[np.bool_] = is_known & is_sure
        return accepted


def read_thresholds(reject: Mapping[str, Any]) -> Thresholds:
    """Read a manifest's `reject`.

    Raises:
        KeyError: a threshold is missing.
        ValueError: one is no finite number.
    """
    thresholds = Thresholds(float(reject["min_energy"]), float(reject["min_confidence"]))
    for name, value in asdict(thresholds).items():
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}")
    return thresholds


def choose_thresholds(logits: Logits) -> dict[str, Any]:
    """Set the manifest's `reject` thresholds from validation logits alone.

    The confidence refuses; no digit that it accepts has so little energy as what is none.
    """
    confidences = softmax(logits).max(axis=1)
    min_confidence = np.quantile(confidences, REFUSED_SHARE)
    return {
        "min_energy": float(energy(logits)[confidences >= min_confidence].min()),
        "min_confidence": float(min_confidence),
        "chosen": f"the {REFUSED_SHARE:.2%} quantile of the validation digits' confidence, and the "
        "least energy of those above it",
    }
