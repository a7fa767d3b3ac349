"""The command `alexnet-train`: what can be typed, its help, its exit codes.

What a command needs is imported when it runs, so that `--help` is there at once.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup


class RecipeName(StrEnum):
    """What `training.config.RECIPES` holds, which takes NumPy to look at."""

    tutorial = "tutorial"
    production = "production"
    smoke = "smoke"


class RunUnlessTold(TyperGroup):
    """Commands of which the first need not be named: options alone are those of `run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 # a private type
        """Put `run` in front where no command stands and the options are not the group's own."""
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        is_completing = ctx.resilient_parsing and not args
        if not is_completing and (not args or args[0].startswith("-")) and own.isdisjoint(args[:1]):
            args = ["run", *args]
        rest: list[str] = super().parse_args(ctx, args)
        return rest


# Plain help: the framework's coloured one takes longer to import than all else here.
app = typer.Typer(
    name="alexnet-train", cls=RunUnlessTold, rich_markup_mode=None, pretty_exceptions_enable=False
)

RecipeOption = Annotated[RecipeName, typer.Option(help="What to do; see training/config.py.")]
DataOption = Annotated[Path | None, typer.Option(help="Folder of MNIST's idx files.")]
RunsOption = Annotated[Path, typer.Option(help="Gets what runs leave.")]


@app.callback()
def describe() -> None:
    """Train AlexNet on MNIST into a version that can be served, and measure it.

    Without a command, `run`.

    \b
    Examples:
      alexnet-train --recipe smoke
      alexnet-train run --recipe production --seed 1
      alexnet-train evaluate models/alexnet/8
    """


@app.command()
def run(
    *,
    recipe: RecipeOption = RecipeName.production,
    activation: Annotated[
        Literal["relu", "maxout"] | None, typer.Option(help="Default: relu.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Default: the recipe's.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Default: the recipe's.")] = None,
    models: Annotated[Path, typer.Option(help="Gets alexnet/<version>/.")] = Path("models"),
    runs: RunsOption = Path("runs"),
    data: DataOption = None,
) -> None:
    """Train one version. A run that was stopped goes on when the same is typed again.

    \b
    Examples:
      alexnet-train run --recipe tutorial
      alexnet-train run --activation maxout --epochs 4
      alexnet-train run --data ~/mnist --models /srv/models
    """
    with _failures_told():
        from training.config import RECIPES  # noqa: PLC0415 # late, as all that is heavy
        from training.run import run as train  # noqa: PLC0415

        changes: dict[str, Any] = {"activation": activation, "seed": seed, "epochs": epochs}
        named = {name: value for name, value in changes.items() if value is not None}
        folder = train(replace(RECIPES[recipe], **named), data, models, runs)
        print(f"wrote {folder}")


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(help="models/alexnet/<version>")],
    *,
    engine: Annotated[
        Literal["twin", "saved_model"], typer.Option(help="What runs the version.")
    ] = "twin",
    out: Annotated[
        Path | None, typer.Option(help="Gets figures and plots; default: a folder in --runs.")
    ] = None,
    fonts: Annotated[
        Path | None, typer.Option(help="Folder of fonts; default: the machine's.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Pictures of each set, for a quick look.")
    ] = None,
    runs: RunsOption = Path("runs"),
    data: DataOption = None,
) -> None:
    """Measure a version: accuracy, calibration, damage, and what is no digit.

    \b
    Examples:
      alexnet-train evaluate models/alexnet/8
      alexnet-train evaluate models/alexnet/8 --limit 200
      alexnet-train evaluate models/alexnet/8 --engine saved_model --out figures
    """
    with _failures_told():
        from training import evaluation  # noqa: PLC0415 # late, as above

        material = evaluation.Material(data, fonts, limit)
        print(evaluation.describe(evaluation.evaluate(folder, engine, material, runs, out)))


@app.command()
def ablate(*, runs: RunsOption = Path("runs"), data: DataOption = None) -> None:
    """Train short runs without one ingredient each, and whole ones of three seeds: hours.

    \b
    Examples:
      alexnet-train ablate
      alexnet-train ablate --runs /srv/runs
    """
    with _failures_told():
        from training.ablation import ablate as compare  # noqa: PLC0415 # late, as above
        from training.ablation import describe as lay  # noqa: PLC0415

        print(lay(compare(data, runs)))


@app.command()
def fetch(
    folder: Annotated[Path, typer.Argument(help="data/, for an image build without a network.")],
    recipe: RecipeOption = RecipeName.production,
    data: DataOption = None,
) -> None:
    """Put what a run downloads into a folder, laid out as the cache is.

    \b
    Examples:
      alexnet-train fetch data
      alexnet-train fetch data --recipe smoke
    """
    with _failures_told():
        from training.config import RECIPES  # noqa: PLC0415 # late, as above
        from training.run import fetch as save  # noqa: PLC0415

        save(RECIPES[recipe], data, folder)


def main(arguments: list[str] | None = None) -> int:
    """Do what was typed.

    Returns:
        0 when all went well, 1 if something is not there or not what it should be, 2 if the
        command is wrong.
    """
    # Before TensorFlow is imported, which reads them then. oneDNN's kernels are off by default on
    # processors without AVX-512; XLA's convolutions use them.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        app(arguments)
    except SystemExit as done:
        return int(done.code or 0)
    return 0


@contextmanager
def _failures_told() -> Iterator[None]:
    """End with one line, not a trace, where the machine or a folder is at fault."""
    from training.run import ERRORS  # noqa: PLC0415 # late, as above

    try:
        yield
    except ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
