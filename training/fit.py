"""Fit the network, an epoch at a time: a run that was killed goes on from its last whole epoch.

It sees the same batches as one that was never stopped, and drops the same units.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from training import aside, chance
from training.augment import batches, steps_per_epoch
from training.config import Recipe
from training.dataset import Digits, Split, one_hot, scale
from training.precision import is_float32
from training.supplement import NOTHING, Supplement
from training.teacher import teach

History = dict[str, list[float]]

FLAT = 0.11
"""No probability of a target that names no digit is higher: a tenth each."""


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
    """Share of digits read as their targets name them; what is no digit, all flat, is left out.

    A softened target names what the teacher is surest of, which is not always the label.
    """

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
                rng = chance.generator(self.recipe.seed, self.recipe.name, "dropout", epoch, place)
                layer.seed_generator.state.assign(rng.integers(0, 1 << 31, 2))

    def on_epoch_end(
        self,
        epoch: int,  # noqa: ARG002 # the form that Keras calls
        logs: dict[str, Any] | None = None,
    ) -> None:
        """Write history, then latest, which makes the epoch count."""
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        text = json.dumps(self.history, indent=1)
        aside.replace(self.checkpoint.history, lambda path: path.write_text(text))
        aside.replace(self.checkpoint.latest, self.model.save)


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
        model: the network to begin with; replaced by the checkpoint's where there is one.
        recipe: what to do.
        digits: the training digits are augmented anew in every epoch; the validation digits are
            measured after each.
        checkpoint: of this very recipe; its folder is made if it is not there.
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
        compile_model(model, _learning_rate(recipe, steps))
    first_epoch = len(history.get("loss", []))
    if first_epoch < recipe.epochs:
        model.fit(
            stream(digits.training, supplement, recipe, first_epoch=first_epoch),
            initial_epoch=first_epoch,
            epochs=recipe.epochs,
            steps_per_epoch=steps,
            shuffle=False,  # the stream is shuffled as it is made
            validation_data=as_tensors(digits.validation),
            validation_batch_size=min(500, len(digits.validation)),
            callbacks=[KeepCheckpoint(checkpoint, history, recipe)],
        )
    return model, history


def compile_model(model: keras.Model, learning_rate: Any) -> None:  # noqa: ANN401 # number or schedule
    """Adam on categorical cross-entropy, compiled by XLA unless it computes in bfloat16.

    XLA fuses each step's many small operations: measured on two AVX2 cores it ran 1.4 to 2.6
    times as many images a second as the operations one by one. Its kernels for bfloat16 are no
    faster than those for float32; oneDNN's, which it has no access to, are.
    """
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="categorical_crossentropy",
        metrics=[DigitAccuracy(name="accuracy")],
        jit_compile=is_float32(model),
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
        for batch in batches(digits, supplement, recipe, first_epoch=first_epoch):
            yield batch.images, batch.targets, batch.weights

    made = tf.data.Dataset.from_generator(rows, output_signature=signature)
    if recipe.teaching is not None and supplement.teacher is not None:
        judge = tf.function(
            partial(teach, supplement.teacher, recipe.teaching),
            jit_compile=is_float32(supplement.teacher),
        )
        made = made.map(lambda images, targets, weights: (images, judge(images, targets), weights))
    return made.prefetch(8)


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
