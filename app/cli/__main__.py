"""The command: alexnet, and the same as python -m app.cli."""

import sys


def main() -> None:
    """Run what was typed, if what reads it is installed: the service does without."""
    try:
        from app.cli.commands import app  # noqa: PLC0415 # to be able to say so
    except ModuleNotFoundError as error:
        if error.name != "typer":
            raise
        sys.exit("error: The command line is not installed: pip install 'alexnet-digits[cli]'.")
    app()


if __name__ == "__main__":
    main()
