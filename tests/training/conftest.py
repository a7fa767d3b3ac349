"""What every test of the training may ask for: the real MNIST, and one whole smoke run."""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest

from app.contract import GOLDEN
from app.engines import litert
from app.scores import energy, softmax
from training import dataset, export
from training.commands import main
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


def export_tiny(folder: Path, training: Digits, *, bias: float = 0.0) -> Path:
    """Write a version whose network compares a digit with the mean of each class.

    Args:
        folder: of the version; it is made.
        training: what the means are taken of.
        bias: added to the logit of the first class. With NaN, the golden digits expect what comes
            of it, and every digest is right.
    """
    means = np.stack([scale(training.images[training.labels == i]).mean(axis=0) for i in range(10)])
    kernel = means.reshape(10, -1).T
    biases = -0.5 * (kernel**2).sum(axis=0)
    biases[0] += bias
    inputs = keras.Input((28, 28, 1))
    outputs = keras.layers.Dense(10, activation="softmax", name="classes")(
        keras.layers.Flatten()(inputs)
    )
    model = keras.Model(inputs, outputs)
    model.get_layer("classes").set_weights([kernel, biases])
    folder.mkdir(parents=True)
    export.write_saved_model(model, folder)
    export.write_twin(model, folder)
    # By the service's engine: what the training scores with would refuse NaN.
    logits = litert.load(folder, threads=1)(training.images[:1000])
    probabilities = softmax(logits)
    np.savez_compressed(
        folder / GOLDEN,
        images=training.images[:40],
        labels=training.labels[:40],
        probabilities=probabilities[:40],
    )
    # Most digits pass, not all. Some processors' kernels hand NaN on, and the manifest holds none.
    scores = {"min_energy": energy(logits), "min_confidence": probabilities.max(axis=1)}
    reject = {name: float(np.nan_to_num(np.quantile(each, 0.1))) for name, each in scores.items()}
    export.write_manifest(folder, 1, {"reject": reject})
    return folder


@pytest.fixture(scope="session")
def tiny_version(mnist: tuple[Digits, Digits], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole version of a network that takes no training; not to be changed."""
    return export_tiny(tmp_path_factory.mktemp("tiny") / "1", mnist[0])
