"""Draw an evaluation, one PNG a question."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from app.scores import energy, softmax
from training.answers import Answers
from training.dataset import Digits
from training.figures import CALIBRATION_BINS, bin_by_confidence, calibration_error
from training.plots import draw_confusion, draw_mistakes, save, show_digit
from training.scorers import Logits
from training.strangers import Strangers
from training.thresholds import Thresholds


def draw_evaluation(
    folder: Path,
    answers: Answers,
    test: Digits,
    strangers: dict[str, Strangers],
    thresholds: Thresholds,
) -> None:
    """Write every plot of an evaluation.

    Args:
        folder: made if it is not there.
        answers: of the version.
        test: the digits it was asked about.
        strangers: what is no digit, by set.
        thresholds: the version's.
    """
    figures = {
        "reliability.png": draw_reliability(answers.digits, test),
        "scores.png": draw_scores(answers.digits, answers.strangers, thresholds),
        "corruptions.png": draw_errors(answers.count_errors(test.labels)),
        "confusion.png": draw_confusion(answers.digits, test),
        "mistakes.png": draw_mistakes(answers.digits, test),
        "strangers.png": draw_strangers(answers.strangers, strangers, thresholds),
    }
    save(figures, folder)


def draw_reliability(logits: Logits, test: Digits) -> Figure:
    """How often a reading of some confidence is right, and how many have that confidence."""
    probabilities = softmax(logits)
    counts, confidence, right = bin_by_confidence(probabilities, test.labels)
    is_filled = counts > 0
    edges = np.arange(CALIBRATION_BINS) / CALIBRATION_BINS
    figure = Figure(figsize=(6, 7), layout="constrained")
    accuracy, amount = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    accuracy.plot([0, 1], [0, 1], color="gray", linestyle="--", label="as it should be")
    accuracy.plot(
        confidence[is_filled] / counts[is_filled],
        right[is_filled] / counts[is_filled],
        marker="o",
        clip_on=False,
        label="as it is",
    )
    accuracy.set(ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    accuracy.legend()
    error = calibration_error(probabilities, test.labels)
    accuracy.set_title(f"{len(test):,} test digits, expected calibration error {error:.4f}")
    amount.bar(edges, counts, width=1 / CALIBRATION_BINS, align="edge", edgecolor="white")
    amount.set(xlabel="confidence", ylabel="digits", yscale="log", ylim=(0.5, 2 * counts.max()))
    return figure


def draw_scores(logits: Logits, unknown: dict[str, Logits], thresholds: Thresholds) -> Figure:
    """Both scores that decide whether a reading is accepted, digits against what is none."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    energies, confidence = figure.subplots(1, 2)
    groups = {"digits": logits, **unknown}
    scores = {name: energy(rows) for name, rows in groups.items()}
    _compare(energies, scores, thresholds.min_energy)
    energies.set(xlabel="energy", ylabel="share of the set")
    energies.set_title(f"a digit at all: {thresholds.min_energy:.2f} and more")
    _compare(
        confidence,
        {name: softmax(rows).max(axis=1) for name, rows in groups.items()},
        thresholds.min_confidence,
    )
    confidence.set(xlabel="confidence", yscale="log")
    confidence.set_title(f"sure enough: {thresholds.min_confidence:.2f} and more")
    energies.legend()
    return figure


def _compare(axes: Axes, scores: dict[str, NDArray[np.float32]], threshold: float) -> None:
    """One histogram a set, on common bins, each of area one."""
    every = np.concatenate(list(scores.values()))
    bins = np.linspace(every.min(), every.max(), 61).tolist()
    for name, values in scores.items():
        is_digits = name == "digits"
        axes.hist(
            values,
            bins=bins,
            weights=np.full(len(values), 1 / len(values)),
            histtype="stepfilled" if is_digits else "step",
            alpha=0.4 if is_digits else 1.0,
            linewidth=1.5,
            label=name,
        )
    axes.axvline(threshold, color="black", linestyle=":")


def draw_errors(errors: dict[str, float]) -> Figure:
    """The share of test digits read wrong, by what spoiled them."""
    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots()
    names = sorted(errors, key=lambda name: errors[name])
    bars = axes.barh(names, [100 * errors[name] for name in names])
    axes.bar_label(bars, fmt="%.1f", padding=3)
    mean = 100 * float(np.mean(list(errors.values())))
    axes.axvline(mean, color="black", linestyle=":", label=f"mean {mean:.2f} %")
    axes.set(xlabel="read wrong, %", title="Test digits, spoiled in the ways of MNIST-C")
    axes.margins(x=0.1)
    axes.legend(loc="lower right")
    return figure


def draw_strangers(
    unknown: dict[str, Logits], strangers: dict[str, Strangers], thresholds: Thresholds
) -> Figure:
    """Of each set of what is no digit, those accepted that seemed most like one."""
    columns = 12
    figure = Figure(figsize=(14, 1.6 * len(unknown) + 0.5), layout="constrained")
    grid = figure.subplots(len(unknown), columns, squeeze=False)
    for row, (name, logits) in zip(grid, unknown.items(), strict=True):
        accepted = np.flatnonzero(thresholds.accept(logits))
        surest = accepted[np.argsort(-energy(logits)[accepted])][:columns]
        for axes in row:
            axes.set_axis_off()
        for axes, place in zip(row, surest, strict=False):
            kind = strangers[name].kinds[place]
            title = f"{kind}\nread as {logits[place].argmax()}"
            show_digit(axes, strangers[name].images[place], title)
        row[0].text(
            -0.2,
            0.5,
            f"{name}\n{len(accepted) / len(logits):.1%}",
            ha="right",
            va="center",
            transform=row[0].transAxes,
        )
    figure.suptitle("What is no digit and was accepted")
    return figure
