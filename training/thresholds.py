"""Below which scores a reading is refused: chosen on validation digits, kept in the manifest."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.scores import energy, softmax
from training.scorers import Logits

UNLIKE_SHARE, UNSURE_SHARE = 0.002, 0.003
"""Of validation digits, refused by either threshold: 99.5 % at least must pass both. Shared out so,
21 of the 28 misread ones are accepted, and 2.1 % of the outliers made for validation; with 0.4 %
and 0.1 % it was 24 and 1.5 %."""


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
    """Set the manifest's `reject` thresholds from validation logits alone."""
    return {
        "min_energy": float(np.quantile(energy(logits), UNLIKE_SHARE)),
        "min_confidence": float(np.quantile(softmax(logits).max(axis=1), UNSURE_SHARE)),
        "chosen": f"the {UNLIKE_SHARE:.1%} quantile of the validation digits' energy, "
        f"and the {UNSURE_SHARE:.1%} quantile of their confidence",
    }
