"""Below which scores a reading is refused: chosen on validation digits, kept in the manifest."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.scores import energy, softmax
from training.scorers import Logits

REFUSED_SHARE, UNSURE_SHARE = 0.0045, 0.0035
"""Of validation digits, refused by both thresholds together, and by their confidence: 99.5 % must
pass, of other digits too. Shared out so, 20 of the 29 that version 6 misreads are accepted, and
1.8 % of the outliers made for validation; a quantile for each, 0.2 % and 0.3 %, refused much the
same digits twice, 0.32 % in all, and accepted 22 and 2.3 %."""


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

    Digits that are read without confidence have little energy too: what the energy refuses is
    counted among those that the confidence accepts.
    """
    confidences = softmax(logits).max(axis=1)
    min_confidence = np.quantile(confidences, UNSURE_SHARE)
    sure = energy(logits)[confidences >= min_confidence]
    accepted = (1 - REFUSED_SHARE) * len(logits)
    return {
        "min_energy": float(np.quantile(sure, max(0.0, 1 - accepted / len(sure)))),
        "min_confidence": float(min_confidence),
        "chosen": f"the {UNSURE_SHARE:.2%} quantile of the validation digits' confidence, and the "
        f"energy below which so many more lie that {REFUSED_SHARE:.2%} are refused in all",
    }
