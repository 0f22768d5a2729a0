"""Prometheus' text format of what the processes of this machine or container have measured."""

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from shared.settings import Settings


def render_process_metrics(settings: Settings) -> bytes:
    """Return the metrics of every process that shares the metrics folder, or of this one alone where there is none."""
    if settings.metrics_dir is None:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together, str(settings.metrics_dir.resolve()))  # type: ignore[no-untyped-call]
    return generate_latest(together)
