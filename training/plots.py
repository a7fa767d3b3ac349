"""Draw the report of a run, one PNG a question."""

from pathlib import Path

import keras
import numpy as np
from keras import ops
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from app.scores import softmax
from training.dataset import Digits
from training.figures import confuse
from training.fit import History
from training.scorers import Logits

DOTS_PER_INCH = 100
MISTAKES = 40


def draw_report(
    folder: Path, model: keras.Model, history: History, logits: Logits, test: Digits
) -> None:
    """Write every plot of a run.

    Args:
        folder: made if it is not there.
        model: the network that is exported.
        history: figures by epoch, of every part of the run one after the other.
        logits: float32 [n, 10], of the test digits through the twin.
        test: those digits.
    """
    figures = {
        "curves.png": draw_curves(history),
        "weights.png": draw_weights(model),
        "filters.png": draw_filters(model),
        "confusion.png": draw_confusion(logits, test),
        "mistakes.png": draw_mistakes(logits, test),
    }
    save(figures, folder)


def save(figures: dict[str, Figure], folder: Path) -> None:
    """Write each figure under its name into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        # Without the version of Matplotlib, the same run writes the same bytes.
        figure.savefig(folder / name, dpi=DOTS_PER_INCH, metadata={"Software": None})


def draw_curves(history: History) -> Figure:
    """Accuracy and loss, training and validation, by epoch."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    accuracy, loss = figure.subplots(1, 2)
    for axes, name in ((accuracy, "accuracy"), (loss, "loss")):
        epochs = np.arange(1, len(history[name]) + 1)
        axes.plot(epochs, history[name], marker="o", label="training (augmented, with dropout)")
        axes.plot(epochs, history[f"val_{name}"], marker="o", label="validation")
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    loss.set_yscale("log")
    return figure


def draw_weights(model: keras.Model) -> Figure:
    """How the weights of each layer are distributed, and how many are left."""
    layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
    figure = Figure(figsize=(12, 6), layout="constrained")
    for axes, layer in zip(figure.subplots(2, 4).flat, layers, strict=True):
        values = ops.convert_to_numpy(layer.kernel).ravel()
        left = values[values != 0]
        axes.hist(left, bins=101, color="tab:blue")
        axes.set(
            title=f"{layer.name}: {left.size / values.size:.0%} of {values.size:,}",
            xlabel="weight",
            yscale="log",
        )
    figure.suptitle("Weights that are not zero")
    return figure


def draw_filters(model: keras.Model) -> Figure:
    """The 11×11 filters of the first layer; blue is negative, red positive."""
    kernel = ops.convert_to_numpy(model.get_layer("conv1").kernel)[:, :, 0]
    columns = 12
    rows = -(-kernel.shape[-1] // columns)
    figure = Figure(figsize=(columns * 0.7, rows * 0.7), layout="constrained")
    limit = np.abs(kernel).max()
    for index, axes in enumerate(figure.subplots(rows, columns).flat):
        axes.set_axis_off()
        if index < kernel.shape[-1]:
            axes.imshow(kernel[..., index], cmap="coolwarm", vmin=-limit, vmax=limit)
    return figure


def draw_confusion(logits: Logits, test: Digits) -> Figure:
    """How often each digit was read as which."""
    confusion = confuse(logits, test.labels)
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    mistakes = confusion * (1 - np.eye(10, dtype=int))
    axes.imshow(mistakes, cmap="Reds", vmin=0, vmax=max(1, 2 * mistakes.max()))
    for (row, column), count in np.ndenumerate(confusion):
        if count:
            axes.text(column, row, str(count), ha="center", va="center", fontsize=9)
    accuracy = confusion.trace() / confusion.sum()
    axes.set(xlabel="read as", ylabel="is", xticks=range(10), yticks=range(10))
    axes.set_title(f"{len(test):,} test digits, {accuracy:.2%} right")
    return figure


def draw_mistakes(logits: Logits, test: Digits) -> Figure:
    """The wrong digits that the network was surest of."""
    probabilities = softmax(logits)
    predicted = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != test.labels)
    surest = wrong[np.argsort(-confidence[wrong])][:MISTAKES]
    columns = 10
    rows = max(1, -(-len(surest) // columns))
    figure = Figure(figsize=(12, 0.4 + 1.5 * rows), layout="constrained")
    grid = figure.subplots(rows, columns)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, place in zip(grid.flat, surest, strict=False):
        title = f"{test.labels[place]} read as {predicted[place]}\n{confidence[place]:.0%}"
        show_digit(axes, test.images[place], title)
    figure.suptitle(f"{len(wrong)} of {len(test):,} test digits read wrong, the surest first")
    return figure


def show_digit(axes: Axes, image: NDArray[np.uint8], title: str) -> None:
    """Show a picture as it is, white on black, with what there is to say of it above."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    axes.set_title(title, fontsize=9)
