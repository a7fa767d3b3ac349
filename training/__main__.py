"""The whole run, top to bottom: python -m training.

Find MNIST, fit AlexNet, prune and heal it, put it on the int8 grid, calibrate it, export it with
its twin, measure both, draw the report and move the finished version into place.
"""

import argparse
import os
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# oneDNN's kernels are off by default on processors without AVX-512; XLA's convolutions use them.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from training import alexnet, compress, contract, dataset, evaluate, export, plots, warmup
from training.config import RECIPES, Recipe
from training.fit import Checkpoint, History, fit


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and do what it says; 0 when all went well."""
    options = _parse(arguments)
    try:
        if options.command == "evaluate":
            _, test = dataset.load(options.data)
            print(evaluate.describe(evaluate.evaluate_version(options.folder, test)))
        elif options.command == "fetch":
            dataset.save(options.folder, *dataset.load(options.data))
        else:
            folder = run(_recipe(options), options.data, options.models, options.runs)
            print(f"wrote {folder}")
    except (dataset.DatasetError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


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
    training, validation = digits.training, digits.validation
    if recipe.limit is not None:
        some = np.arange(recipe.limit)
        training, validation = training.take(some), validation.take(some)
    checkpoints = runs / f"{recipe.name}-{recipe.activation}-{recipe.seed}"
    model, history = _fit_and_compress(recipe, training, validation, checkpoints)

    version = export.next_version(models)
    with export.written_aside(models, version) as folder:
        facts = _export(folder, recipe, model, history, digits)
        export.write_manifest(folder, version, facts)
    shutil.rmtree(checkpoints)
    return models / contract.NAME / str(version)


def _fit_and_compress(
    recipe: Recipe, training: dataset.Digits, validation: dataset.Digits, checkpoints: Path
) -> tuple[keras.Model, History]:
    """Fit; if the recipe says so, prune and heal; put the weights on the int8 grid."""
    print(f"fitting {recipe.name}: {len(training):,} digits, {recipe.epochs} epochs")
    model, history = fit(
        alexnet.build(recipe), recipe, training, validation, Checkpoint(checkpoints / "fit")
    )
    if recipe.compression is not None:
        print("pruning and healing")
        compress.prune(model, recipe.compression.densities)
        healing = compress.healing(recipe)
        model, healed = fit(model, healing, training, validation, Checkpoint(checkpoints / "heal"))
        history = {name: values + healed[name] for name, values in history.items()}
    compress.quantise(model)
    return model, history


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
        model, evaluate.score_model(model)(digits.validation.images), digits.validation.labels
    )
    export.write_networks(model, folder)
    export.write_golden(folder, digits.validation)
    warmup.write_warmup(folder, digits.validation.images)
    twin = evaluate.score_twin(folder / contract.TWIN)
    validation = twin(digits.validation.images)
    test = twin(digits.test.images)
    saved_model = evaluate.score_saved_model(folder)(digits.test.images)
    figures = evaluate.compare(test, saved_model, digits.test)
    plots.draw_report(folder / contract.REPORT, model, history, test, digits.test)
    print(evaluate.describe(figures))
    return {
        "recipe": recipe.name,
        "activation": recipe.activation,
        "seed": recipe.seed,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "temperature": temperature,
        "metrics": {
            "validation": evaluate.measure(validation, digits.validation.labels),
            "test": figures,
            "history": history,
        },
        "reject": evaluate.choose_thresholds(validation),
    }


def _recipe(options: argparse.Namespace) -> Recipe:
    changes = {"activation": options.activation, "seed": options.seed, "epochs": options.epochs}
    named = {name: value for name, value in changes.items() if value is not None}
    return replace(RECIPES[options.recipe], **named)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.set_defaults(command="run")
    commands = parser.add_subparsers(dest="command")
    train = commands.add_parser("run", help="train one version (the default)")
    measure = commands.add_parser("evaluate", help="measure a version folder on the test digits")
    measure.add_argument("folder", type=Path, help="models/alexnet/<version>")
    fetch = commands.add_parser("fetch", help="write MNIST's four files into a folder")
    fetch.add_argument("folder", type=Path)
    for command in (parser, train):
        command.add_argument("--recipe", choices=RECIPES, default="production")
        command.add_argument("--activation", choices=("relu", "maxout"), help="default: relu")
        command.add_argument("--seed", type=int, help="default: the recipe's")
        command.add_argument("--epochs", type=int, help="default: the recipe's")
        command.add_argument("--models", type=Path, default=Path("models"))
        command.add_argument("--runs", type=Path, default=Path("runs"), help="checkpoints")
    for command in (parser, train, measure, fetch):
        command.add_argument("--data", type=Path, help="folder of MNIST's idx files")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
