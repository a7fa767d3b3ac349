"""From start to stop: load the model beside the event loop, keep it in step, serve, drain."""

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from app.batching import Batcher
from app.classifier import Classifier, Limits, ModelFacts
from app.errors import ModelNotFound
from app.metrics import Metrics
from app.registry import Policy, Registry
from app.rehearsal import rehearse
from app.scores import scoring
from app.settings import Settings
from app.versions import Version, load_rehearsed, load_version

logger = logging.getLogger(__name__)

Status = Literal["starting", "ready", "draining"]

NICENESS = 10
"""Of the threads that decode: beside pictures of twelve megapixels, which keep a core busy for
hundredths of a second, the 99th percentile of small ones then took 2.2 times as long as without
them, instead of 2.7 times."""


class Lifecycle:
    """What is being served, and whether.

    Attributes:
        registry: the versions.
        status: starting until a version passed its self-test; draining once a stop was asked for.
        failure: why nothing can be served; None while there is hope.
        on_failure: called once when `failure` is set, to end the process.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        """Start nothing yet."""
        self.status: Status = "starting"
        self.failure: Exception | None = None
        self.on_failure: Callable[[], None] = lambda: None
        self._settings = settings
        self._metrics = metrics
        self._started = time.monotonic()
        self._decoders = ThreadPoolExecutor(
            settings.decode_threads, thread_name_prefix="decode", initializer=_step_back
        )
        self._loading: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._rehearsal: subprocess.Popen[bytes] | None = None
        self._is_stopping = False
        self._policy = Policy(settings.model_versions)
        self.registry = Registry(
            settings.models_dir,
            self._policy,
            load=self._load_classifier,
            on_load=metrics.observe_load,
            on_serve=self._name_model,
        )

    @property
    def uptime_seconds(self) -> float:
        """Since the process made this."""
        return time.monotonic() - self._started

    @property
    def classifier(self) -> Classifier:
        """What reads uploads with the version that is served, to the end of the drain.

        Raises:
            NotReady: no version yet.
        """
        return self.find()

    def find(self, version: int | None = None) -> Classifier:
        """What reads uploads with one version; with the one that is served if None.

        Raises:
            NotReady: it is not there yet.
            VersionNotFound: there is no such version, or it is not loaded.
        """
        return self.registry.classifier(version)

    def start(self) -> None:
        """Begin to load, so that health can be asked meanwhile."""
        self._loading = asyncio.create_task(self._load())

    async def wait_until_loaded(self) -> None:
        """Return once loading has ended, well or not."""
        if self._loading is not None:
            await self._loading

    def begin_draining(self) -> None:
        """Say to whoever asks for readiness that this process stops; what comes is answered."""
        self.status = "draining"

    async def stop(self) -> None:
        """Finish what was accepted and end every thread."""
        self.begin_draining()
        self._is_stopping = True
        if self._rehearsal is not None:
            self._rehearsal.kill()
        await self.wait_until_loaded()
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        for classifier in self.registry.classifiers():
            await classifier.close()
        self._decoders.shutdown()

    async def _load(self) -> None:
        try:
            await self.registry.refresh()
            if self.registry.served is None:
                count = len(self.registry.versions())
                raise ModelNotFound(f"None of {count} model versions can be served.")  # noqa: TRY301 # as a load that failed
        except ModelNotFound as error:
            told = {"code": error.code, "folder": str(self._settings.models_dir)}
            logger.critical("no model can be served", extra=told | self._wanted())
            self._fail(error)
        except Exception as error:  # whatever it is: starting for ever would be worse than ending
            logger.critical("the model could not be loaded", exc_info=True)
            self._fail(error)
        else:
            if self.status == "starting":
                self.status = "ready"
            logger.info("ready", extra={"seconds": round(self.uptime_seconds, 3)})
            self._warn_of_missing()
            self._watching = asyncio.create_task(self._watch())

    def _wanted(self) -> dict[str, object]:
        """What the settings ask for by number, as the log tells it."""
        settings = self._settings
        return {
            "model_versions": settings.model_versions,
            "version_labels": settings.version_labels,
        }

    def _warn_of_missing(self) -> None:
        """Say which versions are asked for and not loaded: they may come yet, or be a slip."""
        named = {*(self._policy.numbers or ()), *self._settings.version_labels.values()}
        loaded = {each.number for each in self.registry.versions() if each.facts is not None}
        if missing := sorted(named - loaded):
            logger.warning("versions are not there", extra={"missing": missing} | self._wanted())

    def _fail(self, error: Exception) -> None:
        self.failure = error
        self.on_failure()

    async def _watch(self) -> None:
        """Keep the registry in step with the folder, whatever becomes of the folder."""
        while True:
            await asyncio.sleep(self._settings.model_poll_seconds)
            try:
                await self.registry.refresh()
            except Exception:
                logger.exception("the folder of models cannot be read")

    def _name_model(self, facts: ModelFacts) -> None:
        self._metrics.name_model(facts.name, facts.version, facts.engine, facts.sha256)

    def _load_version(self, folder: Path) -> Version:
        engine, threads = self._settings.engine, self._settings.engine_threads
        # Until something is served there is nobody to disturb, and every second counts.
        if self.status == "starting":
            return load_version(folder, engine, threads=threads)
        rehearsed = rehearse(folder, engine, self._note_rehearsal)
        return load_rehearsed(folder, engine, rehearsed, threads=threads)

    def _note_rehearsal(self, process: subprocess.Popen[bytes]) -> None:
        """In the thread that loads: keep what a stop must not wait for."""
        self._rehearsal = process
        if self._is_stopping:
            process.kill()

    def _load_classifier(self, folder: Path) -> Classifier:
        settings = self._settings
        version = self._load_version(folder)
        batcher = Batcher(
            scoring(version.engine),
            max_batch_rows=settings.max_engine_rows,
            max_queue_rows=settings.max_queue_rows,
            on_batch=self._metrics.observe_batch,
            on_queue=self._metrics.observe_queue,
        )
        limits = Limits(settings.max_pixels, settings.decode_threads, settings.max_waiting_decodes)
        return Classifier(batcher, version.facts, self._decoders, limits, self._metrics)


def _step_back() -> None:
    """Have the event loop and the engine go first; Linux knows threads as it knows processes."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(
            os.PRIO_PROCESS, thread, max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread))
        )
