"""Show a version all that it is measured on, and keep what it answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from app.contract import TWIN
from training import versions
from training.corruptions import KINDS, corrupt
from training.dataset import Digits
from training.scorers import Logits, Scorer
from training.strangers import Strangers
from training.versions import EngineName, Version

SEED = 0
"""Of every corruption and texture, so that two versions are measured on the same pictures."""

PIECE = 1000
"""Pictures between two moves of the progress bar."""


@dataclass(frozen=True)
class Answers:
    """The logits, float32 [n, 10], of all that a version was shown.

    Attributes:
        digits: the test digits.
        other: the same, run the other way; None where a version has one way only.
        spoiled: the same, by what spoiled them.
        strangers: what is no digit, by set.
    """

    digits: Logits
    other: Logits | None
    spoiled: dict[str, Logits]
    strangers: dict[str, Logits]

    def count_errors(self, labels: NDArray[np.uint8]) -> dict[str, float]:
        """The share of the digits [n] that is read wrong, by what spoiled them."""
        return {
            kind: float(np.mean(logits.argmax(axis=1) != labels))
            for kind, logits in self.spoiled.items()
        }


def ask(
    version: Version, engine: EngineName, test: Digits, strangers: dict[str, Strangers]
) -> Answers:
    """Show a version everything, with a progress bar where there is a terminal.

    Raises:
        VersionError: the network cannot be run.
        NoNumbers: it answers what is no number, run one way or the other.
    """
    score = versions.load(version, engine)
    has_other = TWIN in version.files
    total = len(test) * (1 + has_other + len(KINDS)) + sum(map(len, strangers.values()))
    with tqdm(total=total, unit=" pictures", disable=None) as bar:
        digits = _score(score, test.images, bar, "digits")
        other = None
        if has_other:
            score_other = versions.load(version, "saved_model" if engine == "twin" else "twin")
            other = _score(score_other, test.images, bar, "other engine")
        return Answers(
            digits,
            other,
            spoiled={
                kind: _score(score, corrupt(test.images, kind, SEED), bar, kind) for kind in KINDS
            },
            strangers={
                name: _score(score, pictures.images, bar, name)
                for name, pictures in strangers.items()
            },
        )


def _score(score: Scorer, images: NDArray[np.uint8], bar: "tqdm[Any]", name: str) -> Logits:
    bar.set_description_str(name)
    logits = []
    for start in range(0, len(images), PIECE):
        logits.append(score(images[start : start + PIECE]))
        bar.update(len(logits[-1]))
    return np.concatenate(logits)
