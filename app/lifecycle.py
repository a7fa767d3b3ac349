"""From start to stop: load the model beside the event loop, serve, drain."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from app.batching import Batcher
from app.classifier import Classifier, Limits, ModelFacts
from app.errors import Draining, NotReady, ServiceError
from app.metrics import Metrics
from app.registry import NAME, Version, load_newest
from app.settings import Settings

logger = logging.getLogger(__name__)

Status = Literal["starting", "ready", "draining"]


class Lifecycle:
    """What is being served, and whether.

    Attributes:
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
        self._version: Version | None = None
        self._classifier: Classifier | None = None
        self._batcher: Batcher | None = None
        self._decoders = ThreadPoolExecutor(settings.decode_threads, thread_name_prefix="decode")
        self._loading: asyncio.Task[None] | None = None

    @property
    def uptime_seconds(self) -> float:
        """Since the process made this."""
        return time.monotonic() - self._started

    @property
    def served(self) -> Version | None:
        """The version that is served; None while there is none."""
        return self._version

    @property
    def classifier(self) -> Classifier:
        """What reads uploads.

        Raises:
            NotReady: no version yet.
            Draining: no longer.
        """
        if self.status == "draining":
            raise Draining("The service is shutting down.")
        if self._classifier is None:
            raise NotReady("The model is still being loaded.", retry_after_seconds=1)
        return self._classifier

    def start(self) -> None:
        """Begin to load, so that health can be asked meanwhile."""
        self._loading = asyncio.create_task(self._load())

    async def wait_until_loaded(self) -> None:
        """Return once loading has ended, well or not."""
        if self._loading is not None:
            await self._loading

    def begin_draining(self) -> None:
        """Say on every path that this process is stopping; what was accepted goes on."""
        self.status = "draining"

    async def stop(self) -> None:
        """Finish what was accepted and end every thread."""
        self.begin_draining()
        await self.wait_until_loaded()
        if self._batcher is not None:
            await self._batcher.close()
        self._decoders.shutdown()

    async def _load(self) -> None:
        settings = self._settings
        try:
            version = await asyncio.to_thread(
                load_newest, settings.models_dir, settings.engine, threads=settings.engine_threads
            )
        except ServiceError as error:
            logger.critical("no model can be served", extra={"code": error.code})
            self._fail(error)
        except Exception as error:  # whatever it is: starting for ever would be worse than ending
            logger.critical("the model could not be loaded", exc_info=True)
            self._fail(error)
        else:
            self._serve(version)

    def _fail(self, error: Exception) -> None:
        self.failure = error
        self.on_failure()

    def _serve(self, version: Version) -> None:
        settings = self._settings
        self._batcher = Batcher(
            version.engine,
            max_batch_rows=settings.max_engine_rows,
            max_queue_rows=settings.max_queue_rows,
            on_batch=self._metrics.observe_batch,
        )
        batcher = self._batcher
        self._metrics.watch_queue(lambda: batcher.waiting_rows)
        self._metrics.model.info(
            {
                "name": NAME,
                "version": str(version.number),
                "engine": version.engine_name,
                "sha256": version.sha256,
            }
        )
        limits = Limits(settings.max_pixels, settings.request_timeout_seconds)
        self._classifier = Classifier(
            batcher,
            ModelFacts(NAME, str(version.number), version.thresholds),
            self._decoders,
            limits,
            self._metrics,
        )
        self._version = version
        self._metrics.observe_load("available")
        if self.status == "starting":
            self.status = "ready"
        logger.info("ready", extra={"seconds": round(self.uptime_seconds, 3)})
