"""The process's life around one served version."""

import logging

import pytest
from prometheus_client import CollectorRegistry

from app import lifecycle
from app.metrics import Metrics
from app.settings import Settings

pytestmark = pytest.mark.anyio


async def test_unforeseen_error_while_loading_ends_the_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody foresaw is logged and ends the process, where it could start for ever."""

    def load_newest(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(lifecycle, "load_newest", load_newest)
    ended: list[bool] = []
    life = lifecycle.Lifecycle(settings, Metrics(CollectorRegistry()))
    life.on_failure = lambda: ended.append(True)
    with caplog.at_level(logging.CRITICAL):
        life.start()
        await life.wait_until_loaded()
    await life.stop()

    assert ended == [True]
    assert isinstance(life.failure, OSError)
    assert "the disk is gone" in caplog.text
