"""Prometheus metrics of the API: its own requests, and, read at each scrape, the queue and the workers.

With a metrics folder set, every process of the service writes its metrics there, and any API process shows them all.
"""

from collections.abc import Iterator
from datetime import datetime

import redis
import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.core import Core
from api.services.progress import find_last_sign_of_life, sum_speeds
from shared.metrics import render_process_metrics
from shared.queries import backlog, workers
from shared.queries.backlog import Backlog
from shared.queries.delivery_backlog import measure_delivery_backlog

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
    service = CollectorRegistry()
    service.register(QueueCollector(core))
    return render_process_metrics(core.settings) + generate_latest(service)


class QueueCollector(Collector):
    """Reads the backlogs and the live workers from the database when asked."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; those that the database knows are missing while it is away."""
        try:
            gauges = self._read()
        except SQLAlchemyError as err:
            log.warning("scrape_without_database", error=type(err).__name__)
            gauges = []
        yield _make_gauge("sentiq_database_up", "Whether the database answered this scrape.", float(bool(gauges)))
        yield _make_gauge("sentiq_broker_up", "Whether the broker answered this scrape.", float(self._hears_broker()))
        yield from gauges

    def _hears_broker(self) -> bool:
        try:
            self._core.ping_broker()
        except (redis.RedisError, OSError):
            return False
        return True

    def _read(self) -> list[GaugeMetricFamily]:
        now = self._core.clock.now()
        with self._core.database.reading() as session:
            return [
                *_read_queue(session, now),
                *_read_workers(session, find_last_sign_of_life(self._core.settings, self._core.clock)),
                *_read_deliveries(session, now),
            ]


def _read_queue(session: Session, now: datetime) -> list[GaugeMetricFamily]:
    size = GaugeMetricFamily("sentiq_queue_size", "Texts that wait for a worker.", labels=["model"])
    running = GaugeMetricFamily("sentiq_queue_running", "Texts that a worker holds.", labels=["model"])
    oldest = GaugeMetricFamily(
        "sentiq_queue_oldest_seconds", "How long the first text in line has waited.", labels=["model"]
    )
    backlogs = {waiting.model: waiting for waiting in backlog.list_backlogs(session)}
    # A model for which nothing waits is shown too: what is missing could as well be broken.
    idle = {model.name: Backlog(model.name, 0, 0, None) for model in workers.list_served_models(session)}
    for waiting in (idle | backlogs).values():
        size.add_metric([waiting.model], waiting.queued_texts)
        running.add_metric([waiting.model], waiting.running_texts)
        oldest.add_metric([waiting.model], _measure_age(waiting.oldest_queued_at, now))
    return [size, running, oldest]


def _read_workers(session: Session, seen_after: datetime) -> list[GaugeMetricFamily]:
    live = GaugeMetricFamily("sentiq_live_workers", "Worker processes heard of lately.", labels=["model"])
    speed = GaugeMetricFamily("sentiq_texts_per_second", "Measured speed of the live workers.", labels=["model"])
    alive = workers.list_live(session, seen_after)
    for model, texts_per_second in sum_speeds(alive).items():
        live.add_metric([model], sum(worker.model == model for worker in alive))
        speed.add_metric([model], texts_per_second)
    return [live, speed]


def _read_deliveries(session: Session, now: datetime) -> list[GaugeMetricFamily]:
    found = measure_delivery_backlog(session, now)
    return [
        _make_gauge("sentiq_deliveries_due", "Webhook deliveries that wait for a courier.", found.due),
        _make_gauge(
            "sentiq_deliveries_oldest_seconds",
            "How long the first due delivery has waited.",
            _measure_age(found.oldest_due_at, now),
        ),
    ]


def _make_gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, value=value)


def _measure_age(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() if since else 0.0
