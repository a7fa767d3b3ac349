"""Serve: python -m app."""

import gc
import sys

if __name__ == "__main__":
    # Hardly anything of an import is garbage: to look for it took a tenth of the time to ready.
    gc.disable()

from pathlib import Path
from typing import Any

from app import logs
from app.guards.keys import Keys, KeysUnreadable
from app.listeners import listen, port_of
from app.main import create_app
from app.server import Server
from app.settings import SettingWrong, read_settings
from app.supervisor import supervise

SAMPLE = Path("samples/seven.png")


def main(chosen: dict[str, Any] | None = None) -> int:
    """Read the settings and serve until told to stop.

    Args:
        chosen: settings that were chosen otherwise than by the environment, which they overrule.

    Returns:
        0 after a drain, 1 if nothing could be served, 2 if a setting is wrong.
    """
    gc.freeze()  # else the first look would be for all of it
    gc.enable()
    try:
        settings = read_settings(**(chosen or {}))
    except SettingWrong as error:
        print(error, file=sys.stderr)  # noqa: T201 # before there is a log
        return 2
    logs.configure(settings.log_level)
    try:
        listeners = listen(settings.host, settings.port)
        _greet(settings.host, port_of(listeners[0]))
        if settings.workers > 1:
            if settings.api_keys_file is not None:
                Keys(settings.api_keys_file)  # said once and here, not by every worker
            return supervise(settings, listeners)
        app = create_app(settings)
    except (KeysUnreadable, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 # what a person needs to know, without a trace
        return 2
    Server(app, settings).run(listeners)
    return 1 if app.state.lifecycle.failure else 0


def _greet(host: str, port: int) -> None:
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    print(  # noqa: T201 # what a person who types the command wants to see
        f"Serving on {address} (API: {address}/docs). Try:\n"
        f"  curl -F file=@{SAMPLE} {address}/predict",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
