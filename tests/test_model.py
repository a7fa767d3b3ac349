"""The committed model, measured on all 10,000 test digits with both engines."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.versions import load_version
from training.dataset import Digits, load

ACCURACY = 0.995
AGREEMENT = 0.999


@pytest.fixture(scope="module")
def test_digits() -> Digits:
    """MNIST's 10,000."""
    return load()[1]


@pytest.fixture(scope="module")
def logits(version_folder: Path, test_digits: Digits) -> dict[str, NDArray[np.float32]]:
    """What each engine says of every test digit."""
    engines = {
        name: load_version(version_folder, name, threads=2).engine
        for name in ("litert", "tensorflow")
    }
    batches = np.array_split(test_digits.images, 100)
    return {
        name: np.concatenate([engine(batch) for batch in batches])
        for name, engine in engines.items()
    }


@pytest.mark.parametrize("engine", ["litert", "tensorflow"])
def test_accuracy(logits: dict[str, NDArray[np.float32]], test_digits: Digits, engine: str) -> None:
    """Each engine reads at least 99.5 % of the test set right."""
    accuracy = float(np.mean(logits[engine].argmax(axis=1) == test_digits.labels))

    assert accuracy >= ACCURACY


def test_engines_agree(logits: dict[str, NDArray[np.float32]]) -> None:
    """Compression costs nothing: the twin reads as the float network does."""
    same = np.mean(logits["litert"].argmax(axis=1) == logits["tensorflow"].argmax(axis=1))

    assert same >= AGREEMENT
