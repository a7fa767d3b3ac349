"""The whole run, top to bottom.

Find MNIST, fit AlexNet, put it on the int8 grid, calibrate it, export it with its twin, measure
both, draw the report and move the finished version into place.
"""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np

from app import contract
from training import (
    alexnet,
    compress,
    dataset,
    export,
    fonts,
    kin,
    lessons,
    npm,
    plots,
    teacher,
    things,
    versions,
    warmup,
)
from training.commitment import OtherRecipe, commit
from training.config import Recipe
from training.doubt import doubt
from training.extras import prepare
from training.figures import compare, describe, measure
from training.fit import Checkpoint, History, fit
from training.scorers import NoNumbers, score_model, score_saved_model, score_twin
from training.supplement import Supplement
from training.thresholds import choose_thresholds
from training.width import count_units, resize

ERRORS = (
    dataset.DatasetError,
    NoNumbers,
    npm.PackageError,
    versions.VersionError,
    OSError,
    OtherRecipe,
)
"""What ends a command with one line: something is not there, or not what it should be."""


def fetch(recipe: Recipe, data: Path | None, folder: Path) -> None:
    """Put what a run downloads into a folder, laid out as the cache is."""
    dataset.save(folder / "mnist", *dataset.load(data))
    if recipe.mixture is not None:
        fonts.save(folder / "fonts")
        things.save(folder / "things")


def run(recipe: Recipe, data: Path | None, models: Path, runs: Path) -> Path:
    """Train one version and put it in its place.

    Args:
        recipe: what to do.
        data: the folder of MNIST's idx files; None looks elsewhere.
        models: gets `alexnet/<version>/`.
        runs: keeps checkpoints, so that the same call goes on after it was killed.

    Returns:
        The new version's folder.
    """
    digits = dataset.split(
        *dataset.load(data), validation_share=recipe.validation_share, seed=recipe.seed
    )
    learnt = digits
    if recipe.limit is not None:
        some = np.arange(recipe.limit)
        learnt = replace(
            digits, training=digits.training.take(some), validation=digits.validation.take(some)
        )
    checkpoints = runs / f"{recipe.name}-{recipe.activation}-{recipe.seed}"
    model, history = fit_and_quantise(recipe, learnt, checkpoints)

    version = export.next_version(models)
    with export.written_aside(models, version) as folder:
        facts = _export(folder, recipe, model, history, digits)
        export.write_manifest(folder, version, facts)
    shutil.rmtree(checkpoints)
    return models / contract.NAME / str(version)


def fit_and_quantise(
    recipe: Recipe, digits: dataset.Split, checkpoints: Path
) -> tuple[keras.Model, History]:
    """Fit the teacher, AlexNet with all units, with few, and finish, as the recipe says.

    Raises:
        OtherRecipe: the checkpoints are of another one.

    Returns:
        The network, its weights on the int8 grid, without the units that were removed, and
        its history.
    """
    commit(checkpoints, {recipe.name: recipe})
    extras = None
    if recipe.mixture is not None:
        path = checkpoints / "extras.npz"
        extras = prepare(digits.training, recipe.mixture, path, seed=recipe.seed)

    def learn(
        model: keras.Model, lesson: Recipe, supplement: Supplement
    ) -> tuple[keras.Model, History]:
        print(f"fitting {lesson.name}: {len(digits.training):,} digits, {lesson.epochs} epochs")
        return fit(model, lesson, digits, Checkpoint(checkpoints / lesson.name), supplement)

    taught = Supplement(extras)
    if recipe.teaching is not None:
        lesson = lessons.of_teacher(recipe, recipe.teaching)
        master, _ = learn(teacher.build(recipe), lesson, taught)
        taught = Supplement(extras, master)
    model, parts = alexnet.build(recipe), list[History]()
    if recipe.narrowing is not None:
        model, history = learn(model, lessons.of_wide(recipe, recipe.narrowing), taught)
        if recipe.doubted_share:
            taught = replace(taught, odds=doubt(model, digits.training, recipe.seed))
        model = resize(model, recipe, recipe.narrowing.widths)
        parts.append(history)
    if recipe.augmentation is not None and recipe.augmentation.bend:
        bends = kin.prepare(digits.training, checkpoints / "bends.npy", seed=recipe.seed)
        taught = replace(taught, bends=bends)
    model, history = learn(model, recipe, taught)
    parts.append(history)
    if recipe.finishing is not None:
        model, history = learn(model, lessons.of_finishing(recipe, recipe.finishing), taught)
        parts.append(history)
    model = resize(model, replace(recipe, precision="float32"), count_units(model))
    compress.quantise(model)
    return model, {name: [x for part in parts for x in part[name]] for name in history}


def _export(
    folder: Path,
    recipe: Recipe,
    model: keras.Model,
    history: History,
    digits: dataset.Split,
) -> dict[str, Any]:
    """Calibrate, write the networks and the report, and return what the manifest says of them."""
    print("exporting")
    temperature = compress.calibrate(
        model, score_model(model)(digits.validation.images), digits.validation.labels
    )
    exact = replace(recipe, precision="float32")
    export.write_saved_model(resize(model, exact, alexnet.WHOLE), folder)
    export.write_twin(model, folder)
    export.write_golden(folder, digits.validation)
    warmup.write_warmup(folder, digits.validation.images)
    twin = score_twin(folder / contract.TWIN)
    validation = twin(digits.validation.images)
    test = twin(digits.test.images)
    saved_model = score_saved_model(folder)(digits.test.images)
    figures = compare(test, saved_model, digits.test)
    plots.draw_report(folder / contract.REPORT, model, history, test, digits.test)
    print(describe(figures))
    return {
        "recipe": recipe.name,
        "activation": recipe.activation,
        "seed": recipe.seed,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "temperature": temperature,
        "metrics": {
            "validation": measure(validation, digits.validation.labels),
            "test": figures,
            "history": history,
        },
        "reject": choose_thresholds(validation),
    }
