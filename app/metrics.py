"""Prometheus instruments, on a registry that is passed in."""

import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    values,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from app.errors import ModelDamaged, ModelError, ModelNotFound, SelfTestFailed
from app.timing import Stage

LATENCY_SECONDS = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0
)  # fmt: skip
STAGE_SECONDS = (0.0001, 0.00025, *LATENCY_SECONDS)
ROWS = (1, 2, 4, 8, 16, 32, 64)
MODEL_LABELS = ("name", "version", "engine", "sha256")
PROCESS_SUFFIX = ".pid"
"""Of the files beside what is counted that say which process counts in a slot."""
LOAD_OUTCOMES = (
    "available",
    *(error.code for error in (ModelError, ModelNotFound, ModelDamaged, SelfTestFailed)),
)
CONFIDENCE = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)


class Metrics:
    """Every instrument of the service.

    Attributes:
        exposed: what is scraped.
    """

    def __init__(
        self, registry: CollectorRegistry, exposed: CollectorRegistry | None = None
    ) -> None:
        """Make the instruments.

        Args:
            registry: to make them on.
            exposed: what is scraped in its place, where several processes count together.
        """
        self.exposed = exposed or registry
        self.requests = Counter(
            "http_requests",
            "Requests answered, by route template, method and status.",
            ("route", "method", "status"),
            registry=registry,
        )
        self.refused_connections = Counter(
            "http_connections_refused",
            "Connections refused before there was a request, by the error's code.",
            ("code",),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "http_request_duration_seconds",
            "From the request's headers to the end of its answer.",
            ("route",),
            buckets=LATENCY_SECONDS,
            registry=registry,
        )
        self._stages = {
            "decode": self._stage(registry, "decode", "Decoding one upload."),
            "normalise": self._stage(registry, "normalise", "Normalising one picture."),
            "queue": self._stage(registry, "queue", "Waiting for the engine."),
        }
        self.inference_seconds = self._stage(registry, "inference", "One run of the engine.")
        self.batch_rows = Histogram(
            "digits_batch_rows",
            "Digits in one run of the engine.",
            buckets=ROWS,
            registry=registry,
        )
        self.queue_rows = Gauge(
            "digits_queue_rows",
            "Digits that wait for the engine now.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.queue_rows.set(0)  # of the worker that this one replaces, none wait any more
        self.predictions = Counter(
            "digits_predictions",
            "Digits read, by what they were read as and what became of the reading.",
            ("digit", "outcome"),
            registry=registry,
        )
        self.confidence = Histogram(
            "digits_prediction_confidence",
            "Probability of the digit that was answered.",
            buckets=CONFIDENCE,
            registry=registry,
        )
        ProcessCollector(registry=registry)  # memory, processor time, open files
        self.loads = Counter(
            "digits_model_loads",
            "Versions that were loaded, by outcome: available, or why each was refused.",
            ("outcome",),
            registry=registry,
        )
        for outcome in LOAD_OUTCOMES:  # from 0 on, or the first is no increase
            self.loads.labels(outcome)
        self.model = Gauge(
            "digits_model_info",
            "The model that answers where no version is named: 1; those before it: 0.",
            MODEL_LABELS,
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._model: tuple[str, ...] | None = None
        # The library looks for a child by its labels under a lock, at the cost of counting it.
        self._answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._readings: dict[tuple[int, str], Counter] = {}

    @staticmethod
    def _stage(registry: CollectorRegistry, name: str, text: str) -> Histogram:
        return Histogram(f"digits_{name}_seconds", text, buckets=STAGE_SECONDS, registry=registry)

    def name_model(self, *model: str) -> None:
        """Say which model answers from now on, by the labels of `digits_model_info`."""
        if self._model is not None:
            self.model.labels(*self._model).set(0)
        self.model.labels(*model).set(1)
        self._model = model

    def observe_queue(self, change: int) -> None:
        """Count digits that wait for the engine, or do no longer."""
        self.queue_rows.inc(change)

    def observe_load(self, outcome: str) -> None:
        """Count one load of a version."""
        self.loads.labels(outcome).inc()

    def observe_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        kind = (route, method, status)
        if kind not in self._answers:
            self._answers[kind] = (
                self.requests.labels(*kind),
                self.request_seconds.labels(route),
            )
        count, duration = self._answers[kind]
        count.inc()
        duration.observe(seconds)

    def observe_refused_connection(self, code: str) -> None:
        """Count one connection that got no request through."""
        self.refused_connections.labels(code).inc()

    def observe_stages(self, stages: Iterable[Stage]) -> None:
        """Count what a request went through; but for runs of the engine, which are shared."""
        for stage in stages:
            if stage.name in self._stages:
                self._stages[stage.name].observe(stage.seconds)

    def observe_batch(self, rows: int, seconds: float) -> None:
        """Count one run of the engine, once for all who share it."""
        self.inference_seconds.observe(seconds)
        self.batch_rows.observe(rows)

    def observe_prediction(self, digit: int, confidence: float, outcome: str) -> None:
        """Count one digit read."""
        kind = (digit, outcome)
        if kind not in self._readings:
            self._readings[kind] = self.predictions.labels(*kind)
        self._readings[kind].inc()
        self.confidence.observe(confidence)


def share(folder: Path, slot: int | str) -> Metrics:
    """Instruments that several processes count with together; to be made before any other.

    Args:
        folder: where each process keeps what it counted, in files mapped into memory.
        slot: the name of this one's files. They are by slot and not by process, as is the
            library's default: who replaces a dead worker counts on where that one stopped, and
            there are never more files than slots.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: slot)
    (folder / f"{slot}{PROCESS_SUFFIX}").write_text(str(os.getpid()))
    exposed = CollectorRegistry()
    MultiProcessCollector(exposed, str(folder))
    exposed.register(_Processes(folder))
    return Metrics(CollectorRegistry(), exposed)


class _Processes(Collector):
    """What a `ProcessCollector` tells, of each process that counts in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for file in sorted(self._folder.glob(f"*{PROCESS_SUFFIX}")):
            for family in ProcessCollector(pid=file.read_text, registry=None).collect():
                whole = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                for sample in family.samples:
                    whole.add_sample(sample.name, {"worker": file.stem}, sample.value)
        return families.values()


def forget_dead(folder: Path, slot: int) -> None:
    """Drop what was true of a worker only while it lived."""
    mark_process_dead(slot, str(folder))


def count_restarts(folder: Path) -> Counter:
    """The supervisor's own instrument: how often a worker was replaced."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    (folder / f"supervisor{PROCESS_SUFFIX}").write_text(str(os.getpid()))
    values.ValueClass = values.MultiProcessValue(lambda: "supervisor")
    return Counter(
        "digits_worker_restarts",
        "Workers that died and were replaced.",
        registry=CollectorRegistry(),
    )
