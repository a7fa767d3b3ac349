"""The service's classifier without the service, for work that nobody waits for over HTTP."""

import contextlib
from collections.abc import AsyncIterator

from prometheus_client import CollectorRegistry

from app.classifier import Classifier
from app.lifecycle import Lifecycle
from app.metrics import Metrics
from app.settings import read_settings

UNBOUNDED = {"max_queue_rows": 1 << 20, "max_waiting_decodes": 1 << 20}
"""Nobody waits at the other end of a queue: what is given to it is all that there will be."""


class NoModel(Exception):
    """There is nothing to read with."""


@contextlib.asynccontextmanager
async def open_classifier(**chosen: object) -> AsyncIterator[Classifier]:
    """Load the model, lend what reads with it, and end its threads.

    Args:
        chosen: settings by their names; the environment's where one is not named.

    Raises:
        NoModel: no version can be served.
        SettingWrong: a setting of the environment is none.
    """
    settings = read_settings(**{**UNBOUNDED, **chosen})
    lifecycle = Lifecycle(settings, Metrics(CollectorRegistry()))
    lifecycle.start()
    await lifecycle.wait_until_loaded()
    if lifecycle.failure is not None:
        raise NoModel(f"No model can be loaded from {settings.models_dir}: {lifecycle.failure}")
    try:
        yield lifecycle.classifier
    finally:
        await lifecycle.stop()
