"""What every test of the training may ask for: the real MNIST, and one whole smoke run."""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from training import dataset
from training.__main__ import main
from training.dataset import Digits, scale
from training.warping import Pictures


@dataclass(frozen=True)
class SmokeRun:
    """What the run of the `smoke` recipe left behind.

    Attributes:
        status: what `main` returned.
        printed: what it wrote to standard output.
        folder: the version that it wrote.
        runs: where its checkpoints were.
    """

    status: int
    printed: str
    folder: Path
    runs: Path


@pytest.fixture(scope="session")
def mnist() -> tuple[Digits, Digits]:
    """The real 60,000 training and 10,000 test digits."""
    return dataset.load()


@pytest.fixture(scope="session")
def smoke_run(mnist: tuple[Digits, Digits], tmp_path_factory: pytest.TempPathFactory) -> SmokeRun:
    """One run from MNIST to a version folder; it takes a minute, so the session has one."""
    folder = tmp_path_factory.mktemp("smoke")
    dataset.save(folder / "data", *mnist)
    printed = io.StringIO()
    options = {"data": folder / "data", "models": folder / "models", "runs": folder / "runs"}
    arguments = ["--recipe", "smoke"]
    for name, value in options.items():
        arguments += [f"--{name}", str(value)]
    with contextlib.redirect_stdout(printed):
        status = main(arguments)
    return SmokeRun(status, printed.getvalue(), folder / "models/alexnet/1", folder / "runs")


@pytest.fixture(scope="session")
def digits(mnist: tuple[Digits, Digits]) -> Digits:
    """Fifty real digits: three batches of 16 and two digits over."""
    return mnist[0].take(np.arange(50))


@pytest.fixture
def pictures(digits: Digits) -> Pictures:
    """The same digits as float32 [50, 28, 28] in 0–1."""
    return scale(digits.images)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that starts the same way in every test."""
    return np.random.default_rng(11)
