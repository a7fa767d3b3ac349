"""Serve: python -m app."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from pydantic import ValidationError

from app import logs
from app.lifecycle import Lifecycle
from app.main import create_app
from app.settings import Settings

SAMPLE = Path("samples/seven.png")


class Server(uvicorn.Server):
    """Uvicorn, which says on every path that it is stopping as soon as it was told so."""

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle) -> None:
        """Keep the lifecycle to tell."""
        super().__init__(config)
        self._lifecycle = lifecycle

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 # uvicorn's
        """Drain; a second signal stops at once.

        Uvicorn's own would raise the signal again after the drain and so end the process by it,
        where a supervisor wants to see that all went well: 0.
        """
        self._lifecycle.begin_draining()
        self.force_exit = self.should_exit
        self.should_exit = True

    def stop(self) -> None:
        """End as after a signal."""
        self.should_exit = True


def main(chosen: dict[str, Any] | None = None) -> int:
    """Read the settings and serve until told to stop.

    Args:
        chosen: settings that were chosen otherwise than by the environment, which they overrule.

    Returns:
        0 after a drain, 1 if no model could be served, 2 if a setting is wrong.
    """
    try:
        settings = Settings(**(chosen or {}))
    except ValidationError as error:
        print(f"A setting is wrong: {error}", file=sys.stderr)  # noqa: T201 # before there is a log
        return 2
    logs.configure(settings.log_level)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.drain_timeout_seconds,
    )
    lifecycle: Lifecycle = app.state.lifecycle
    server = Server(config, lifecycle)
    lifecycle.on_failure = server.stop
    _greet(settings)
    server.run()
    return 1 if lifecycle.failure else 0


def _greet(settings: Settings) -> None:
    address = f"http://{settings.host}:{settings.port}"
    print(  # noqa: T201 # what a person who types the command wants to see
        f"Serving on {address} (API: {address}/docs). Try:\n"
        f"  curl -F file=@{SAMPLE} {address}/predict",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
