"""A run learns, stops when it should, and goes on after it was killed as if it had not been."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import pytest

from training.config import Augmentation, Recipe, Teaching
from training.dataset import Digits, Split
from training.fit import (
    Checkpoint,
    History,
    as_tensors,
    fit,
    stream,
)
from training.supplement import NOTHING, Supplement
from training.teacher import teach

RECIPE = Recipe(
    name="test",
    epochs=3,
    batch_size=16,
    learning_rate=3e-3,
    warmup_epochs=0.5,
    augmentation=Augmentation(redrawn_share=0.05),
)


@dataclass(frozen=True)
class WholeRun:
    """What an uninterrupted run left: its checkpoint, its weights, its figures."""

    checkpoint: Checkpoint
    weights: list[np.ndarray]
    history: History


class Killed(Exception):
    """Stands for the signal that ends a run."""


@pytest.fixture(scope="module")
def parts(mnist: tuple[Digits, Digits]) -> Split:
    """Sixty-four digits to learn from, four steps an epoch, and forty others to validate on."""
    training, test = mnist
    return Split(training.take(np.arange(64)), training.take(np.arange(100, 140)), test)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    """Of a run that has not begun."""
    return Checkpoint(tmp_path / "run")


def build() -> keras.Model:
    """A network of AlexNet's kinds of layers, small enough for a test, always the same."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(8, 5, strides=3, activation="relu", name="conv1")(inputs)
    x = keras.layers.BatchNormalization(momentum=0.9, name="conv1_norm")(x)
    x = keras.layers.Dropout(0.3, name="dropout")(keras.layers.Flatten()(x))
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="classes")(x))


def kill_while_saving(monkeypatch: pytest.MonkeyPatch, calls_before: int) -> None:
    """Write half a file and end the run where the network is kept."""
    whole = keras.Model.save
    calls = 0

    def save(model: keras.Model, path: Path) -> None:
        nonlocal calls
        calls += 1
        if calls > calls_before:
            path.write_bytes(b"half a fi")
            raise Killed
        whole(model, path)

    monkeypatch.setattr(keras.Model, "save", save)


def weights_of(model: keras.Model) -> list[np.ndarray]:
    """Every weight, the moving statistics among them."""
    return [keras.ops.convert_to_numpy(weight) for weight in model.weights]


def assert_same(one: list[np.ndarray], other: list[np.ndarray]) -> None:
    """Require the same weights, but for the last bits of sums in another order."""
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def whole(parts: Split, tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """A run of three epochs that nobody stopped."""
    checkpoint = Checkpoint(tmp_path_factory.mktemp("whole"))
    model, history = fit(build(), RECIPE, parts, checkpoint)
    return WholeRun(checkpoint, weights_of(model), history)


def test_run_learns_and_keeps_its_history(whole: WholeRun) -> None:
    """Every epoch leaves its four figures, in memory and in the file, and the loss falls."""
    history = whole.history

    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(figures) for figures in history.values()} == {3}
    assert history["loss"][-1] < history["loss"][0]
    assert json.loads(whole.checkpoint.history.read_text()) == history
    assert whole.checkpoint.read_history(3) == history


def test_run_can_be_repeated(whole: WholeRun, parts: Split, checkpoint: Checkpoint) -> None:
    """The same seed and recipe give the same weights."""
    model, _ = fit(build(), RECIPE, parts, checkpoint)

    assert_same(weights_of(model), whole.weights)


def test_killed_run_goes_on(
    whole: WholeRun,
    parts: Split,
    checkpoint: Checkpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run killed while its second epoch is kept ends as one that was never stopped."""
    with monkeypatch.context() as patch:
        kill_while_saving(patch, 1)
        with pytest.raises(Killed):
            fit(build(), RECIPE, parts, checkpoint)
    kept = checkpoint.read_history(1)
    _, history = fit(build(), RECIPE, parts, checkpoint)
    resumed, uninterrupted = (
        keras.models.load_model(each.latest) for each in (checkpoint, whole.checkpoint)
    )

    for name, figures in whole.history.items():
        assert history[name][:1] == kept[name]
        np.testing.assert_allclose(history[name], figures, rtol=1e-3)
    assert_same(weights_of(resumed), weights_of(uninterrupted))
    assert int(resumed.optimizer.iterations) == int(uninterrupted.optimizer.iterations) == 12


def test_finished_run_is_not_trained_again(whole: WholeRun, parts: Split) -> None:
    """The same call after the last epoch gives the same result, whatever network it is handed."""
    written = whole.checkpoint.latest.stat().st_mtime_ns
    model, history = fit(build(), RECIPE, parts, whole.checkpoint)

    assert history == whole.history
    assert whole.checkpoint.latest.stat().st_mtime_ns == written
    assert_same(weights_of(model), whole.weights)


def test_the_last_epoch_counts(parts: Split, checkpoint: Checkpoint) -> None:
    """What it validates at decides nothing."""
    # A step against the gradient's advice makes every epoch worse than the one before.
    recipe = replace(RECIPE, learning_rate=-3e-3, warmup_epochs=0)
    model, history = fit(build(), recipe, parts, checkpoint)
    loss, _ = model.evaluate(*as_tensors(parts.validation), verbose=0)

    assert np.argmin(history["val_loss"]) == 0
    assert loss == pytest.approx(history["val_loss"][-1], rel=1e-4)


def test_failing_save_leaves_no_half_file(
    whole: WholeRun,
    parts: Split,
    checkpoint: Checkpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half a file is never taken for the file, and the next run begins anew and tidies it away."""
    with monkeypatch.context() as patch:
        kill_while_saving(patch, 0)
        with pytest.raises(Killed):
            fit(build(), RECIPE, parts, checkpoint)
    was_there = checkpoint.latest.exists()
    model, history = fit(build(), RECIPE, parts, checkpoint)

    assert not was_there
    assert len(history["loss"]) == RECIPE.epochs
    assert_same(weights_of(model), whole.weights)
    assert {path.name for path in checkpoint.folder.iterdir()} == {
        path.name for path in whole.checkpoint.folder.iterdir()
    }


def test_stream_makes_the_batches_of_all_epochs(parts: Split) -> None:
    """The stream delivers images in 0–1, targets and weights of one shape, and then ends."""
    batches = list(stream(parts.training, NOTHING, RECIPE, first_epoch=1))

    assert len(batches) == 4 * (RECIPE.epochs - 1)
    for images, targets, weights in batches:
        assert images.shape == (16, 28, 28, 1)
        assert targets.shape == (16, 10)
        assert weights.shape == (16,)
        assert float(images.numpy().min()) >= 0
        assert float(images.numpy().max()) <= 1


def test_stream_asks_the_teacher(parts: Split) -> None:
    """A recipe with teaching mixes the teacher's judgement of the augmented picture in."""
    recipe = replace(RECIPE, teaching=Teaching(share=0.5), epochs=1)
    teacher = build()

    taught = list(stream(parts.training, Supplement(teacher=teacher), recipe))
    plain = list(stream(parts.training, NOTHING, recipe))

    for (images, targets, _), (same, labels, _) in zip(taught, plain, strict=True):
        np.testing.assert_array_equal(images, same)
        np.testing.assert_allclose(
            targets, teach(teacher, Teaching(share=0.5), same, labels), rtol=1e-4
        )
        assert np.abs(targets - labels).max() > 0.1


def test_tensors_are_scaled(parts: Split) -> None:
    """Digits become floats in 0–1 with a channel, and labels become probabilities."""
    images, targets = as_tensors(parts.training)

    assert images.shape == (64, 28, 28, 1)
    assert images.dtype == np.float32
    np.testing.assert_allclose(images[..., 0] * 255, parts.training.images, atol=1e-4)
    np.testing.assert_array_equal(targets.argmax(axis=1), parts.training.labels)
    np.testing.assert_array_equal(targets.sum(axis=1), 1)
