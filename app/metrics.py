"""Prometheus instruments, on a registry that is passed in."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

LATENCY_SECONDS = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0
)  # fmt: skip
STAGE_SECONDS = (0.0001, 0.00025, *LATENCY_SECONDS)
ROWS = (1, 2, 4, 8, 16, 32, 64)
CONFIDENCE = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)


class Metrics:
    """Every instrument of the service."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Make the instruments on a registry."""
        self.registry = registry
        self.requests = Counter(
            "http_requests",
            "Requests answered, by route template, method and status.",
            ("route", "method", "status"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "http_request_duration_seconds",
            "From the request's headers to the end of its answer.",
            ("route",),
            buckets=LATENCY_SECONDS,
            registry=registry,
        )
        self.decode_seconds = self._stage(registry, "decode", "Decoding one upload.")
        self.normalise_seconds = self._stage(registry, "normalise", "Normalising one picture.")
        self.queue_seconds = self._stage(registry, "queue", "Waiting for the engine.")
        self.inference_seconds = self._stage(registry, "inference", "One run of the engine.")
        self.batch_rows = Histogram(
            "digits_batch_rows",
            "Digits in one run of the engine.",
            buckets=ROWS,
            registry=registry,
        )
        self.queue_rows = Gauge(
            "digits_queue_rows", "Digits that wait for the engine now.", registry=registry
        )
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
        self.loads = Counter(
            "digits_model_loads",
            "Versions that were loaded, by outcome: available, or why each was refused.",
            ("outcome",),
            registry=registry,
        )
        ProcessCollector(registry=registry)  # memory, processor time, open files
        self.model = Info("digits_model", "The build and the model served.", registry=registry)

    @staticmethod
    def _stage(registry: CollectorRegistry, name: str, text: str) -> Histogram:
        return Histogram(f"digits_{name}_seconds", text, buckets=STAGE_SECONDS, registry=registry)

    def watch_queue(self, read_rows: Callable[[], float]) -> None:
        """Have the queue's depth read when it is scraped."""
        self.queue_rows.set_function(read_rows)

    def observe_load(self, outcome: str) -> None:
        """Count one load of a version."""
        self.loads.labels(outcome).inc()

    def observe_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self.requests.labels(route, method, status).inc()
        self.request_seconds.labels(route).observe(seconds)

    def observe_wait(self, seconds: float) -> None:
        """Count one submission's wait for the engine."""
        self.queue_seconds.observe(seconds)

    def observe_batch(self, rows: int, seconds: float) -> None:
        """Count one run of the engine, once for all who share it."""
        self.inference_seconds.observe(seconds)
        self.batch_rows.observe(rows)

    def observe_prediction(self, digit: int, confidence: float, outcome: str) -> None:
        """Count one digit read."""
        self.predictions.labels(digit, outcome).inc()
        self.confidence.observe(confidence)
