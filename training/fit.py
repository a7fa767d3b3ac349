"""Fit the network, an epoch at a time: a run that was killed goes on from its last whole epoch.

It sees the same batches as one that was never stopped, and drops the same units.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from training.augment import batches, steps_per_epoch
from training.config import Recipe, Teaching
from training.dataset import Digits, Split, one_hot, scale
from training.extras import Extras
from training.hints import (
    CLASSES,
    FAR,
    NEAR,
    Hinter,
    add_regressors,
    drop_regressors,
    has_regressors,
    say_nothing,
)
from training.precision import is_float32
from training.teacher import teach

History = dict[str, list[float]]

FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy")
"""Of each epoch, about the digit alone."""

SCALED_BY = 4
"""Batches that tell how large the numbers in the teacher's maps are."""

FLAT = 0.11
"""No probability of a target that names no digit is higher: a tenth each."""


@dataclass(frozen=True)
class Supplement:
    """What is learnt from beside MNIST's digits and their labels.

    Attributes:
        extras: what else a batch holds; goes with the recipe's mixture.
        teacher: softens the targets; goes with the recipe's teaching.
    """

    extras: Extras | None = None
    teacher: keras.Model | None = None


NOTHING = Supplement()


@dataclass(frozen=True)
class Checkpoint:
    """Where a run keeps what it needs to go on.

    Attributes:
        folder: of this run alone.
    """

    folder: Path

    @property
    def latest(self) -> Path:
        """Network and optimizer after the last whole epoch."""
        return self.folder / "latest.keras"

    @property
    def history(self) -> Path:
        """Every figure of every epoch."""
        return self.folder / "history.json"

    def read_history(self, epochs: int) -> History:
        """The figures of the whole epochs that `latest` has behind it."""
        history: History = json.loads(self.history.read_text())
        return {name: values[:epochs] for name, values in history.items()}


@keras.saving.register_keras_serializable(package="alexnet")
class DigitAccuracy(keras.metrics.Mean):  # type: ignore[misc] # Keras publishes no types
    """Share of digits read right; what is no digit, with its flat targets, is left out."""

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,  # noqa: ARG002 # the form that Keras calls
    ) -> None:
        """Count a batch: targets and probabilities [n, 10]."""
        hits = ops.equal(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1))
        is_digit = ops.greater(ops.max(y_true, axis=-1), FLAT)
        super().update_state(ops.cast(hits, "float32"), ops.cast(is_digit, "float32"))


class KeepCheckpoint(keras.callbacks.Callback):  # type: ignore[misc] # Keras publishes no types
    """After each epoch, keep the network aside and rename it into place."""

    def __init__(self, checkpoint: Checkpoint, history: History, recipe: Recipe) -> None:
        """Go on from the figures so far."""
        super().__init__()
        self.checkpoint = checkpoint
        self.history = history
        self.recipe = recipe

    def on_epoch_begin(
        self,
        epoch: int,
        logs: dict[str, Any] | None = None,  # noqa: ARG002 # the form that Keras calls
    ) -> None:
        """Seed dropout by epoch and layer; a saved network would begin its masks anew."""
        for place, layer in enumerate(self.model.layers):
            if isinstance(layer, keras.layers.Dropout):
                layer.seed_generator.state.assign([1000 * self.recipe.seed + place, epoch << 20])

    def on_epoch_end(
        self,
        epoch: int,  # noqa: ARG002 # the form that Keras calls
        logs: dict[str, Any] | None = None,
    ) -> None:
        """Write history, then latest, which makes the epoch count."""
        for name in FIGURES:
            self.history.setdefault(name, []).append(_find_figure(logs or {}, name))
        text = json.dumps(self.history, indent=1)
        _replace(self.checkpoint.history, lambda path: Path(path).write_text(text))
        _replace(self.checkpoint.latest, self.model.save)


def _find_figure(logs: dict[str, Any], name: str) -> float:
    """What Keras calls after the output where a network has several."""
    prefix = "val_" if name.startswith("val_") else ""
    of_classes = f"{prefix}{CLASSES}_{name.removeprefix(prefix)}"
    return float(logs[of_classes if of_classes in logs else name])


def _replace(path: Path, write: Any) -> None:  # noqa: ANN401 # Keras's savers have no types
    """Write a file aside and rename it, so that a reader never sees half of it."""
    aside = path.with_name(f"aside-{path.name}")
    write(aside)
    aside.replace(path)


def fit(
    model: keras.Model,
    recipe: Recipe,
    digits: Split,
    checkpoint: Checkpoint,
    supplement: Supplement = NOTHING,
) -> tuple[keras.Model, History]:
    """Fit, or go on fitting what `checkpoint` holds, to the last epoch, which is what counts.

    No epoch is picked by its validation loss: the targets are softened by the teacher, so that the
    loss against labels went up after 12 epochs of 22 while the digits read right became more.

    Args:
        model: the untrained network; replaced by the checkpoint's where there is one.
        recipe: what to do.
        digits: the training digits are augmented anew in every epoch; the validation digits are
            measured after each.
        checkpoint: its folder is made if it is not there.
        supplement: what else is learnt from.

    Returns:
        The network, and loss, accuracy, val_loss and val_accuracy by epoch.
    """
    checkpoint.folder.mkdir(parents=True, exist_ok=True)
    steps = steps_per_epoch(digits.training, recipe)
    history: History = {}
    if checkpoint.latest.exists():
        model = keras.models.load_model(checkpoint.latest)
        history = checkpoint.read_history(int(model.optimizer.iterations) // steps)
    else:
        hint_weight = _hint_weight(recipe, supplement)
        if hint_weight:
            model = add_regressors(model)
        compile_model(model, _learning_rate(recipe, steps), hint_weight)
    first_epoch = len(history.get("loss", []))
    if first_epoch < recipe.epochs:
        model.fit(
            stream(digits.training, supplement, recipe, first_epoch=first_epoch),
            initial_epoch=first_epoch,
            epochs=recipe.epochs,
            steps_per_epoch=steps,
            shuffle=False,  # the stream is shuffled as it is made
            validation_data=_validate_on(digits.validation, model),
            validation_batch_size=min(500, len(digits.validation)),
            callbacks=[KeepCheckpoint(checkpoint, history, recipe)],
        )
    return drop_regressors(model), history


def _hint_weight(recipe: Recipe, supplement: Supplement) -> float:
    """Nothing where no teacher is asked."""
    if recipe.teaching is None or supplement.teacher is None:
        return 0.0
    return recipe.teaching.hint_weight


def compile_model(
    model: keras.Model,
    learning_rate: Any,  # noqa: ANN401 # number or schedule
    hint_weight: float = 0.0,
) -> None:
    """Adam on categorical cross-entropy, compiled by XLA unless it computes in bfloat16.

    The squared errors of its regressors, where it has them, count by their weight beside it.

    XLA fuses each step's many small operations: measured on two AVX2 cores it ran 1.4 to 2.6
    times as many images a second as the operations one by one. Its kernels for bfloat16 are no
    faster than those for float32; oneDNN's, which it has no access to, are.
    """
    loss, accuracy = "categorical_crossentropy", DigitAccuracy(name="accuracy")
    aims: dict[str, Any] = {"loss": loss, "metrics": [accuracy]}
    if has_regressors(model):
        aims = {
            "loss": {CLASSES: loss, NEAR: "mse", FAR: "mse"},
            "loss_weights": {CLASSES: 1.0, NEAR: hint_weight, FAR: hint_weight},
            "metrics": {CLASSES: [accuracy]},
        }
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate), jit_compile=is_float32(model), **aims
    )


def stream(
    digits: Digits, supplement: Supplement, recipe: Recipe, *, first_epoch: int = 0
) -> tf.data.Dataset:
    """The batches of `augment.batches`, made and judged in threads beside the training."""
    n = recipe.batch_size
    signature = (
        tf.TensorSpec((n, 28, 28, 1), tf.float32),
        tf.TensorSpec((n, 10), tf.float32),
        tf.TensorSpec((n,), tf.float32),
    )

    def rows() -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        for batch in batches(digits, supplement.extras, recipe, first_epoch=first_epoch):
            yield batch.images, batch.targets, batch.weights

    made = tf.data.Dataset.from_generator(rows, output_signature=signature)
    teacher, teaching = supplement.teacher, recipe.teaching
    if teacher is not None and teaching is not None:
        judge: Callable[..., Any] = partial(_soften, teacher, teaching)
        if teaching.hint_weight:
            # Of the first epoch wherever a run goes on, so that its hints are those it began with.
            first = islice(batches(digits, supplement.extras, recipe), SCALED_BY)
            hinter = Hinter(teacher, np.concatenate([batch.images for batch in first]))
            judge = partial(_hint, hinter, teaching)
        made = made.map(tf.function(judge, jit_compile=is_float32(teacher)))
    return made.prefetch(8)


def _soften(
    teacher: keras.Model,
    teaching: Teaching,
    images: tf.Tensor,
    targets: tf.Tensor,
    weights: tf.Tensor,
) -> tuple[Any, ...]:
    """A batch whose targets the teacher has softened."""
    return images, teach(teacher(images, training=False), teaching, targets), weights


def _hint(
    hinter: Hinter, teaching: Teaching, images: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor
) -> tuple[Any, ...]:
    """The same with targets for the regressors, of which every row counts alike."""
    said, maps = hinter.judge(images)
    taught = {CLASSES: teach(said, teaching, targets), **maps}
    counts = dict.fromkeys(maps, tf.ones_like(weights)[:, None, None])
    return images, taught, {CLASSES: weights, **counts}


def _validate_on(digits: Digits, model: keras.Model) -> tuple[Any, ...]:
    """Validation digits and their targets; the regressors are not asked."""
    images, targets = as_tensors(digits)
    if not has_regressors(model):
        return images, targets
    silent, weights = say_nothing(model, len(digits))
    everyone = np.ones(len(digits), np.float32)
    return images, {CLASSES: targets, **silent}, {CLASSES: everyone, **weights}


def as_tensors(digits: Digits) -> tuple[np.ndarray, np.ndarray]:
    """Digits as the network takes them: float32 [n, 28, 28, 1] in 0–1, and targets [n, 10]."""
    return scale(digits.images)[..., None], one_hot(digits.labels)


def _learning_rate(recipe: Recipe, steps: int) -> Any:  # noqa: ANN401 # number or schedule
    """Constant without a warm-up; else a ramp to the peak, then half a cosine down to nothing."""
    if not recipe.warmup_epochs:
        return recipe.learning_rate
    warmup = max(1, round(recipe.warmup_epochs * steps))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=recipe.learning_rate / 100,
        decay_steps=max(1, recipe.epochs * steps - warmup),
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )
