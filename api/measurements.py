"""Prometheus metrics of the API: its own requests, and, read at each scrape, the queue and the workers.

With a metrics folder set, every process of the service writes its metrics there, and any API process shows them all.
"""

from collections.abc import Iterator

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from api.core import Core
from api.services.progress import find_last_sign_of_life, sum_speeds
from shared.queries import backlog, workers

log = structlog.get_logger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS = Counter("sentiq_http_requests_total", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "sentiq_http_request_seconds",
    "Seconds from a request to its answer, waiting included.",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    method = method if method in METHODS else "other"
    REQUESTS.labels(method, route, str(status)).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)


def render_metrics(core: Core) -> bytes:
    """Return all metrics in Prometheus' text format."""
    processes: CollectorRegistry = REGISTRY
    if core.settings.metrics_dir is not None:
        processes = CollectorRegistry()
        MultiProcessCollector(processes, str(core.settings.metrics_dir))  # type: ignore[no-untyped-call]
    service = CollectorRegistry()
    service.register(QueueCollector(core))
    return generate_latest(processes) + generate_latest(service)


class QueueCollector(Collector):
    """Reads the backlog and the live workers from the database when asked."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges, or only `sentiq_database_up 0` while the database is away."""
        is_up = GaugeMetricFamily("sentiq_database_up", "Whether the database answered this scrape.")
        try:
            gauges = self._read()
        except SQLAlchemyError as err:
            log.warning("scrape_without_database", error=type(err).__name__)
            gauges = []
        is_up.add_metric([], float(bool(gauges)))
        yield is_up
        yield from gauges

    def _read(self) -> list[GaugeMetricFamily]:
        now = self._core.clock.now()
        queued = GaugeMetricFamily("sentiq_queued_texts", "Texts that wait for a worker.", labels=["model"])
        running = GaugeMetricFamily("sentiq_running_texts", "Texts that a worker holds.", labels=["model"])
        age = GaugeMetricFamily(
            "sentiq_oldest_queued_seconds", "Since when the first text in line waits.", labels=["model"]
        )
        live = GaugeMetricFamily("sentiq_live_workers", "Worker processes heard of lately.", labels=["model"])
        speed = GaugeMetricFamily("sentiq_texts_per_second", "Measured speed of the live workers.", labels=["model"])
        with self._core.database.reading() as session:
            for waiting in backlog.list_backlogs(session):
                queued.add_metric([waiting.model], waiting.queued_texts)
                running.add_metric([waiting.model], waiting.running_texts)
                since = waiting.oldest_queued_at
                age.add_metric([waiting.model], (now - since).total_seconds() if since else 0.0)
            alive = workers.list_live(session, find_last_sign_of_life(self._core.settings, self._core.clock))
            for model, texts_per_second in sum_speeds(alive).items():
                live.add_metric([model], sum(worker.model == model for worker in alive))
                speed.add_metric([model], texts_per_second)
        return [queued, running, age, live, speed]
