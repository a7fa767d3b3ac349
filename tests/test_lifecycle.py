"""The process's life around one served version."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from app import lifecycle
from app.metrics import Metrics
from app.settings import Settings

pytestmark = pytest.mark.anyio


async def test_unforeseen_error_while_loading_ends_the_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody foresaw is logged and ends the process, where it could start for ever."""

    def find_versions(_models_dir: Path) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("app.registry.find_versions", find_versions)
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


async def test_versions_that_are_not_there_are_told(
    settings: Settings, version_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Named by number or by label; those that are there are served."""
    named = {"model_versions": f"{version_folder.name},998", "version_labels": {"canary": 999}}
    life = lifecycle.Lifecycle(settings.model_copy(update=named), Metrics(CollectorRegistry()))
    life.start()
    await life.wait_until_loaded()
    await life.stop()

    told = [vars(each)["missing"] for each in caplog.records if "missing" in vars(each)]
    assert told == [[998, 999]]


async def test_empty_folder_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where there is nothing to serve, it is told where that was looked for."""
    empty = Settings(models_dir=tmp_path)
    life = lifecycle.Lifecycle(empty, Metrics(CollectorRegistry()))
    life.start()
    await life.wait_until_loaded()
    await life.stop()

    (told,) = [vars(each) for each in caplog.records if each.levelno == logging.CRITICAL]
    assert (told["folder"], told["model_versions"]) == (str(tmp_path), "latest")


async def test_folder_that_cannot_be_read_is_outlived(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once a version is served, trouble with the folder is logged and looked at again."""
    life = lifecycle.Lifecycle(
        settings.model_copy(update={"model_poll_seconds": 0.001}), Metrics(CollectorRegistry())
    )
    life.start()
    await life.wait_until_loaded()
    looks: list[Path] = []
    is_looked_at_again = asyncio.Event()

    def find_versions(models_dir: Path) -> None:
        looks.append(models_dir)
        if len(looks) == 3:
            loop.call_soon_threadsafe(is_looked_at_again.set)
        raise OSError("the disk is gone")

    loop = asyncio.get_running_loop()
    monkeypatch.setattr("app.registry.find_versions", find_versions)
    with caplog.at_level(logging.ERROR):
        await asyncio.wait_for(is_looked_at_again.wait(), 30)
    status = life.status
    await life.stop()

    assert status == "ready"
    assert life.failure is None
    assert "the disk is gone" in caplog.text


async def test_decoding_lets_the_event_loop_go_first(application: FastAPI) -> None:
    """A thread that decodes is nicer than the one that answers."""
    classifier = application.state.lifecycle.classifier
    niceness = await classifier.run_aside(
        lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    )

    # Not the sum of both: whoever is nice already may be told to be less so.
    assert niceness == max(lifecycle.NICENESS, os.getpriority(os.PRIO_PROCESS, 0))


async def test_stop_waits_for_no_rehearsal(settings: Settings) -> None:
    """The process that tries a version is ended; so is one that begins after all."""
    life = lifecycle.Lifecycle(settings, Metrics(CollectorRegistry()))
    hang = [sys.executable, "-c", "import time; time.sleep(600)"]
    first, second = (subprocess.Popen(hang) for _ in range(2))  # noqa: ASYNC220 # as it is started
    with first, second:
        life._note_rehearsal(first)  # noqa: SLF001 # as the thread that loads does
        await life.stop()
        life._note_rehearsal(second)  # noqa: SLF001

    assert (first.returncode, second.returncode) == (-signal.SIGKILL, -signal.SIGKILL)
