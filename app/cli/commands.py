"""What can be typed: names, options, help, exit codes."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer

FOUND_NOTHING_WRONG = 0
SOME_UNREAD = 1
WRONG_COMMAND = 2
NO_READER = 3
NO_WRITER = 4

SOURCE_AND_DESTINATION = 2


Engine = Literal["auto", "litert", "tensorflow"]
"""What runs the model."""


EXIT_CODES = """\b
Exit codes: 0 all were read, 1 some could not be, 2 the command is wrong,
3 there is nothing to read with (no model, no server), 4 no room for the answers."""

# Plain help: the framework's coloured one takes longer to import than all else here.
app = typer.Typer(
    name="alexnet", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)
models = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Look after the versions of the model."
)
app.add_typer(models, name="models")

ModelsOption = Annotated[
    Path,
    typer.Option("--models", envvar="MODELS_DIR", help="Folder that holds alexnet/<version>/."),
]
EngineOption = Annotated[
    Engine, typer.Option(envvar="ENGINE", help="What runs the model.", case_sensitive=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.callback()
def describe() -> None:
    """Read handwritten digits with an AlexNet, here or on a server.

    \b
    Examples:
      alexnet serve --port 9000
      alexnet predict seven.png
      alexnet predict scans/ --csv > digits.csv
      alexnet models verify
    """


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    models_dir: Annotated[
        Path | None, typer.Option("--models", help="Folder that holds alexnet/<version>/.")
    ] = None,
    engine: Annotated[Engine | None, typer.Option(help="What runs the model.")] = None,
) -> None:
    """Serve the model over HTTP; every setting is an environment variable too.

    \b
    Examples:
      alexnet serve
      alexnet serve --host 0.0.0.0 --port 9000
      MAX_UPLOAD_BYTES=1000000 alexnet serve
    """
    from app.__main__ import main as run  # noqa: PLC0415 # late, as all that is heavy

    chosen = {
        "host": host,
        "port": port,
        "models_dir": models_dir,
        "engine": engine,
    }
    raise typer.Exit(run({name: value for name, value in chosen.items() if value is not None}))


FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILES...", help="Pictures, folders, globs; - is stdin.")
]
CsvOption = Annotated[bool, typer.Option("--csv", help="A table with a header.")]
UrlOption = Annotated[str | None, typer.Option(help="Ask this server instead of a model here.")]
KeyOption = Annotated[
    str | None, typer.Option(envvar="API_KEY", help="For a server that asks for one.")
]


@app.command(epilog=EXIT_CODES)
def predict(
    files: FilesArgument,
    *,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    url: UrlOption = None,
    key: KeyOption = None,
    models_dir: ModelsOption = Path("models"),
    engine: Annotated[
        Literal[Engine, "ray"],
        typer.Option(
            envvar="ENGINE",
            help="What runs the model; ray takes SRC DEST and scores on a cluster.",
            case_sensitive=False,
        ),
    ] = "auto",
) -> None:
    """Read the digit of each picture. What cannot be read is named, and stops nothing.

    With --engine ray, SRC is a folder or address (s3://…, gs://…) of pictures and Parquet files,
    and DEST one for the rows, as Parquet; run again, it does what has no row yet. RAY_ADDRESS names
    the cluster; without it this machine is one.

    \b
    Examples:
      alexnet predict seven.png two.png
      alexnet predict scans/ 'more/*.jpg' --csv > digits.csv
      curl -s http://camera/still.jpg | alexnet predict - --json
      alexnet predict scans/ --url http://127.0.0.1:8000
      alexnet predict --engine ray s3://bucket/scans s3://bucket/digits
    """
    if engine == "ray":
        _score(files, models_dir, is_plain=not (as_json or as_csv or url))
    form = _choose_form(as_json=as_json, as_csv=as_csv)
    _read(
        files,
        is_number=False,
        form=form,
        url=url,
        key=key,
        models_dir=models_dir,
        engine=engine,
    )


@app.command(epilog=EXIT_CODES)
def read(
    files: FilesArgument,
    *,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    url: UrlOption = None,
    key: KeyOption = None,
    models_dir: ModelsOption = Path("models"),
    engine: EngineOption = "auto",
) -> None:
    """Read the number in each picture: all of its digits, from left to right.

    \b
    Examples:
      alexnet read postcode.jpg
      alexnet read meters/ --json
    """
    form = _choose_form(as_json=as_json, as_csv=as_csv)
    _read(
        files,
        is_number=True,
        form=form,
        url=url,
        key=key,
        models_dir=models_dir,
        engine=engine,
    )


@models.command("list")
def list_models(models_dir: ModelsOption = Path("models"), *, as_json: JsonOption = False) -> None:
    """List the versions, newest first, with what each says of itself."""
    from app.cli.shelf import list_versions  # noqa: PLC0415 # late, as all that is heavy

    if not list_versions(models_dir, as_json=as_json):
        _stop(f"There is no version in {models_dir}.", SOME_UNREAD)


@models.command("verify")
def verify_models(
    models_dir: ModelsOption = Path("models"),
    engine: EngineOption = "auto",
    version: Annotated[int | None, typer.Option(help="Only this one.")] = None,
) -> None:
    """Check each version's files by their digests, load it, and have it read its golden digits.

    \b
    Exit codes: 0 every version passed, 1 one did not or there is none.
    """
    from app.cli.shelf import verify_versions  # noqa: PLC0415 # late, as all that is heavy

    if not verify_versions(models_dir, engine, version):
        raise typer.Exit(SOME_UNREAD)


def _stop(text: str, code: int) -> NoReturn:
    print(f"error: {text}", file=sys.stderr)
    raise typer.Exit(code)


def _choose_form(*, as_json: bool, as_csv: bool) -> str:
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other.")
    return "json" if as_json else "csv" if as_csv else "text"


def _read(files: list[str], **wanted: Any) -> NoReturn:  # noqa: ANN401 # the fields of a Wish
    from app.cli import predicting  # noqa: PLC0415 # late, as all that is heavy
    from app.cli.sources import NothingFound, find_sources  # noqa: PLC0415
    from app.settings import SettingWrong  # noqa: PLC0415

    try:
        is_complete = predicting.run(find_sources(files), predicting.Wish(**wanted))
    except (NothingFound, SettingWrong) as error:
        _stop(str(error), WRONG_COMMAND)
    except predicting.NoReader as error:
        _stop(str(error), NO_READER)
    except predicting.NoWriter as error:
        _stop(str(error), NO_WRITER)
    raise typer.Exit(FOUND_NOTHING_WRONG if is_complete else SOME_UNREAD)


def _score(places: list[str], models_dir: Path, *, is_plain: bool) -> NoReturn:
    if len(places) != SOURCE_AND_DESTINATION or not is_plain:
        raise typer.BadParameter("--engine ray takes SRC DEST, and no form and no server.")
    try:
        from app.bulk.running import NothingToScore, Unfinished  # noqa: PLC0415 # late, and optional
        from app.cli import scoring  # noqa: PLC0415
        from app.offline import NoModel  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in {"ray", "pyarrow"}:
            raise
        _stop("Ray is not installed: pip install 'alexnet-digits[bulk]'.", WRONG_COMMAND)
    source, destination = places
    try:
        is_complete = scoring.run(source, destination, models_dir)
    except (NothingToScore, ValueError, OSError) as error:
        _stop(str(error), WRONG_COMMAND)
    except (NoModel, Unfinished) as error:
        _stop(str(error), NO_READER)
    raise typer.Exit(FOUND_NOTHING_WRONG if is_complete else SOME_UNREAD)
