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
from typing import Any, get_args

# oneDNN's kernels are off by default on processors without AVX-512; XLA's convolutions use them.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from numpy.typing import NDArray

from training import (
    alexnet,
    compress,
    contract,
    dataset,
    evaluate,
    evaluation,
    export,
    fonts,
    plots,
    strangers,
    versions,
    warmup,
)
from training.answers import SEED
from training.config import RECIPES, Recipe
from training.extras import prepare
from training.fit import Checkpoint, History, fit

ERRORS = (dataset.DatasetError, fonts.FontsError, versions.VersionError, FileNotFoundError)
"""What ends a command with one line: something is not there, or not what it should be."""


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and do what it says; 0 when all went well."""
    options = _parse(arguments)
    try:
        if options.command == "evaluate":
            print(evaluation.describe(measure(options)))
        elif options.command == "fetch":
            fetch(RECIPES[options.recipe], options.data, options.folder)
        else:
            folder = run(_recipe(options), options.data, options.models, options.runs)
            print(f"wrote {folder}")
    except ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def fetch(recipe: Recipe, data: Path | None, folder: Path) -> None:
    """Put what a run downloads into a folder, laid out as the cache is."""
    dataset.save(folder / "mnist", *dataset.load(data))
    if recipe.mixture is not None:
        fonts.save(folder / "fonts")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure a version on everything, or on some of it, and say where the figures are."""
    _, test = dataset.load(options.data)
    version = versions.read(options.folder)
    unknown = strangers.gather(SEED, options.fonts)
    if options.limit is not None:
        test = test.take(_spread(len(test), options.limit))
        unknown = {
            name: pictures.take(_spread(len(pictures), options.limit))
            for name, pictures in unknown.items()
        }
    out = options.out or options.runs / f"evaluation-{version.number}-{options.engine}"
    metrics = evaluation.measure_version(version, options.engine, test, unknown, out)
    print(f"wrote {out}")
    return metrics


def _spread(count: int, limit: int) -> NDArray[np.intp]:
    """At most so many places, evenly far apart."""
    return np.linspace(0, count - 1, min(count, limit)).astype(np.intp)


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
    model, history = _fit_and_compress(recipe, learnt, checkpoints)

    version = export.next_version(models)
    with export.written_aside(models, version) as folder:
        facts = _export(folder, recipe, model, history, digits)
        export.write_manifest(folder, version, facts)
    shutil.rmtree(checkpoints)
    return models / contract.NAME / str(version)


def _fit_and_compress(
    recipe: Recipe, digits: dataset.Split, checkpoints: Path
) -> tuple[keras.Model, History]:
    """Fit; if the recipe says so, prune and heal; put the weights on the int8 grid."""
    extras = None
    if recipe.mixture is not None:
        path = checkpoints / "extras.npz"
        extras = prepare(digits.training, recipe.mixture, path, seed=recipe.seed)
    print(f"fitting {recipe.name}: {len(digits.training):,} digits, {recipe.epochs} epochs")
    checkpoint = Checkpoint(checkpoints / "fit")
    model, history = fit(alexnet.build(recipe), recipe, digits, checkpoint, extras=extras)
    if recipe.compression is not None:
        print("pruning and healing")
        compress.prune(model, recipe.compression.densities)
        healing = compress.healing(recipe)
        checkpoint = Checkpoint(checkpoints / "heal")
        model, healed = fit(model, healing, digits, checkpoint, extras=extras)
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
    measuring = commands.add_parser("evaluate", help="measure all that is said of a version")
    measuring.add_argument("folder", type=Path, help="models/alexnet/<version>")
    measuring.add_argument("--engine", choices=get_args(versions.EngineName), default="twin")
    measuring.add_argument("--out", type=Path, help="default: a folder under --runs")
    measuring.add_argument("--fonts", type=Path, help="a folder of them; default: the machine's")
    measuring.add_argument("--limit", type=_positive, help="pictures of each set, for a quick look")
    get = commands.add_parser("fetch", help="put what a run downloads into a folder")
    get.add_argument("folder", type=Path, help="data/, for an image build without a network")
    for command in (parser, train, get):
        command.add_argument("--recipe", choices=RECIPES, default="production")
    for command in (parser, train):
        command.add_argument("--activation", choices=("relu", "maxout"), help="default: relu")
        command.add_argument("--seed", type=int, help="default: the recipe's")
        command.add_argument("--epochs", type=int, help="default: the recipe's")
        command.add_argument("--models", type=Path, default=Path("models"))
    for command in (parser, train, measuring):
        command.add_argument("--runs", type=Path, default=Path("runs"), help="what runs leave")
    for command in (parser, train, measuring, get):
        command.add_argument("--data", type=Path, help="folder of MNIST's idx files")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
