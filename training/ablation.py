"""What each ingredient of the production recipe is worth: short runs without it, and whole ones.

The runs are short, so that all of them take hours and not days: what is compared is one short run
with another, and three seeds of the whole tell how far apart runs fall by chance.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from app.scores import energy, softmax
from training import alexnet, compress, dataset
from training.answers import SEED
from training.augment import augment
from training.commitment import commit
from training.config import (
    RECIPES,
    Augmentation,
    Finishing,
    Mixture,
    Narrowing,
    Recipe,
    Teaching,
    Widths,
)
from training.corruptions import KINDS, corrupt
from training.dataset import Digits
from training.extras import Extras, prepare
from training.figures import auroc, calibration_error
from training.run import fit_and_quantise
from training.scorers import Scorer, score_model
from training.thresholds import choose_thresholds, read_thresholds
from training.warping import Reach

SHORT = replace(
    RECIPES["production"],
    name="short",
    epochs=3,
    teaching=Teaching(epochs=2),
    narrowing=Narrowing(wide_epochs=1),
    finishing=Finishing(epochs=1),
)

STILL = Augmentation(reach=Reach(0.0, 0.0, 0.0, 0.0, 0.0), bend=0.0, stroke=0.0, redrawn_share=0.0)
UNDAMAGED = Augmentation(damaged_share=0.0)

VARIANTS: dict[str, Recipe] = {
    "whole, seed 0": SHORT,
    "whole, seed 1": replace(SHORT, seed=1),
    "whole, seed 2": replace(SHORT, seed=2),
    "no teacher": replace(SHORT, teaching=None),
    "digits not moved, bent or redrawn": replace(SHORT, augmentation=STILL),
    "digits not bent towards others": replace(SHORT, augmentation=Augmentation(bend=0.0)),
    "no damage": replace(
        SHORT, augmentation=UNDAMAGED, finishing=Finishing(epochs=1, damaged_share=0.0)
    ),
    "no outliers": replace(SHORT, mixture=Mixture(outlier_share=0.0)),
    "no uploads, print or other hands": replace(
        SHORT, mixture=Mixture(uploaded_share=0.0, printed_share=0.0, written_share=0.0)
    ),
    "digits not enlarged": replace(SHORT, side=alexnet.SIDE),
    "digits drawn evenly": replace(SHORT, doubted_share=0.0),
    "all units": replace(SHORT, narrowing=Narrowing(Widths(), wide_epochs=1)),
    "not finished": replace(SHORT, epochs=4, finishing=None),
}
"""By what a row is called. Those of one seed learn from the same teacher and the same extras."""

DAMAGED = 6
"""Every sixth validation digit is spoiled, in each of the fifteen ways."""

VIEWS = 4
"""How often each validation digit is shown anew: a finer measure than its errors as written."""


def ablate(data: Path | None, runs: Path) -> dict[str, dict[str, float]]:
    """Train and measure every variant; those that were measured before are only read.

    Args:
        data: the folder of MNIST's idx files; None looks elsewhere.
        runs: gets a folder `ablation`, of figures and of the checkpoints of what is not measured.

    Raises:
        OtherRecipe: what was measured before was measured with other numbers.

    Returns:
        What `judge` says, by the variant's name.
    """
    commit(runs / "ablation", VARIANTS)
    return {
        name: _measure(name, recipe, data, runs / "ablation") for name, recipe in VARIANTS.items()
    }


def _measure(name: str, recipe: Recipe, data: Path | None, folder: Path) -> dict[str, float]:
    result = folder / f"{name}.json"
    if not result.exists():
        print(name)
        digits = dataset.split(
            *dataset.load(data), validation_share=recipe.validation_share, seed=recipe.seed
        )
        checkpoints = folder / name
        _share(folder / f"of seed {recipe.seed}", checkpoints)
        model, _ = fit_and_quantise(recipe, digits, checkpoints)
        _share(checkpoints, folder / f"of seed {recipe.seed}")
        figures = judge(model, digits.validation, _prepare_validation(digits, recipe.seed, folder))
        if recipe == replace(SHORT, seed=recipe.seed):
            figures["test_error"] = _error(score_model(model), digits.test)
        result.write_text(json.dumps(figures, indent=1) + "\n")
        shutil.rmtree(checkpoints)
    measured: dict[str, float] = json.loads(result.read_text())
    return measured


def _share(source: Path, target: Path) -> None:
    """Copy what runs of one seed have in common, if it is there, whatever their recipes are."""
    target.mkdir(parents=True, exist_ok=True)
    for part in ("extras.npz", "bends.npy", "teacher"):
        aside = target / f"aside-{part}"
        if not (source / part).exists() or (target / part).exists():
            continue
        if (source / part).is_dir():
            shutil.copytree(source / part, aside, dirs_exist_ok=True)
        else:
            shutil.copy(source / part, aside)
        aside.rename(target / part)


def _prepare_validation(digits: dataset.Split, seed: int, folder: Path) -> Extras:
    path = folder / f"of seed {seed}" / "validation.npz"
    return prepare(digits.validation, Mixture(), path, seed=seed, is_validation=True)


def judge(model: keras.Model, validation: Digits, extras: Extras) -> dict[str, float]:
    """Calibrate a network, set its thresholds, and measure it on what was made for validation.

    Args:
        model: as it is exported but for its temperature; changed in place.
        validation: digits of MNIST that were not learnt from.
        extras: made for validation.

    Returns:
        Shares between 0 and 1 of what is read wrong: the digits as they were written (`error`),
        shown anew and damaged, uploads, print and other hands. The AUROC of the digits against
        outliers, and the share of outliers that is accepted. The expected calibration error, and
        what it was before the temperature.
    """
    score = score_model(model)
    uncalibrated = score(validation.images)
    compress.calibrate(model, uncalibrated, validation.labels)
    logits, unknown = score(validation.images), score(extras.outliers)
    thresholds = read_thresholds(choose_thresholds(logits))
    some = validation.take(np.arange(0, len(validation), DAMAGED))
    return {
        "error": _error(score, validation),
        "moved_error": _error(score, _show_anew(validation)),
        "damaged_error": float(
            np.mean(
                [
                    _error(score, replace(some, images=corrupt(some.images, kind, SEED)))
                    for kind in KINDS
                ]
            )
        ),
        "uploaded_error": _error(score, extras.uploaded),
        "printed_error": _error(score, extras.printed),
        "written_error": _error(score, extras.written),
        "outlier_auroc": auroc(energy(logits), energy(unknown)),
        "outliers_accepted": float(thresholds.accept(unknown).mean()),
        "calibration_error": calibration_error(softmax(logits), validation.labels),
        "uncalibrated_error": calibration_error(softmax(uncalibrated), validation.labels),
    }


def _error(score: Scorer, digits: Digits) -> float:
    return float(np.mean(score(digits.images).argmax(axis=1) != digits.labels))


def _show_anew(digits: Digits) -> Digits:
    """Each digit several times, moved as far as people's differ, and not damaged."""
    rng = np.random.default_rng(SEED)
    pictures = dataset.scale(np.repeat(digits.images, VIEWS, axis=0))
    moved = augment(pictures, replace(UNDAMAGED, redrawn_share=0.0), rng)
    return Digits(np.rint(moved * 255).astype(np.uint8), np.repeat(digits.labels, VIEWS))


def describe(measured: dict[str, dict[str, float]]) -> str:
    """A row a variant, in the units of a model card: Markdown."""
    columns: dict[str, Callable[[dict[str, float]], str]] = {
        "errors, validation": lambda row: f"{row['error']:.2%}",
        "moved": lambda row: f"{row['moved_error']:.2%}",
        "damaged": lambda row: f"{row['damaged_error']:.2%}",
        "uploads": lambda row: f"{row['uploaded_error']:.1%}",
        "print": lambda row: f"{row['printed_error']:.1%}",
        "other hands": lambda row: f"{row['written_error']:.1%}",
        "outliers accepted": lambda row: f"{row['outliers_accepted']:.1%}",
        "AUROC": lambda row: f"{row['outlier_auroc']:.4f}",
        "calibration error": lambda row: f"{row['calibration_error']:.4f}",
        "before the temperature": lambda row: f"{row['uncalibrated_error']:.4f}",
    }
    lines = [_line(["run", *columns]), _line(["---"] * (len(columns) + 1))]
    lines += [
        _line([name, *(column(row) for column in columns.values())])
        for name, row in measured.items()
    ]
    wrong = [row["test_error"] for row in measured.values() if "test_error" in row]
    lines += ["", f"Test digits read wrong by {len(wrong)} whole runs: {_spread(wrong)}."]
    return "\n".join(lines)


def _line(cells: list[Any]) -> str:
    return f"| {' | '.join(cells)} |"


def _spread(shares: list[float]) -> str:
    """Mean ± standard deviation of a sample, in percent."""
    return f"{100 * np.mean(shares):.2f} ± {100 * np.std(shares, ddof=1):.2f} %"
