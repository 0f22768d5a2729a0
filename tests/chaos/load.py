"""`make load`: the service as `make run` starts it, real model and all, at 70 % of what it can do.

It must answer quickly all the time, and take no more memory, keys or connections at the end than at the start.
"""

import argparse
import http.client
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from bench.server import call
from bench.service import Service
from bench.texts import make_texts
from tests.chaos.ending import clean_up_on_sigterm

JOB_TEXTS = 20
CALLERS = 16
CAPACITY_SECONDS = 20.0
SHARE = 0.7
SAMPLE_SECONDS = 2.0
MAX_P99_MS = 200.0
MAX_GROWTH = 0.05
MAX_MORE_CONNECTIONS = 2  # one may be just coming, one just going
EDGE = 5  # the first fifth of the samples is compared with the last


@dataclass(frozen=True, slots=True)
class Sample:
    """The service at one moment."""

    memory_mb: float  # resident, of all its processes together
    keys: int
    connections: int


@dataclass(frozen=True, slots=True)
class Load:
    """What a time under load has shown."""

    texts_per_second: float  # at full speed
    latencies_ms: Sequence[float]  # of each POST
    refused: int  # that were not answered with 202
    samples: Sequence[Sample]

    @property
    def p99_ms(self) -> float:
        """Return how long all but one POST in a hundred took at most."""
        ordered = sorted(self.latencies_ms)
        return ordered[max(0, int(len(ordered) * 0.99) - 1)]

    @property
    def edges(self) -> tuple[Sample, Sample]:
        """Return the service at the start and at the end, each the highest of several samples."""
        size = max(1, len(self.samples) // EDGE)
        return _find_highest(self.samples[:size]), _find_highest(self.samples[-size:])

    def list_rows(self) -> list[tuple[str, str, str, bool]]:
        """Return what was measured, what is promised, and whether that was kept."""
        start, end = self.edges
        growth = end.memory_mb / start.memory_mb - 1
        return [
            ("requests not accepted", f"{self.refused} of {len(self.latencies_ms):,}", "0", self.refused == 0),
            ("p99 of POST /v1/jobs", f"{self.p99_ms:.0f} ms", f"< {MAX_P99_MS:.0f} ms", self.p99_ms < MAX_P99_MS),
            (
                "memory of all processes",
                f"{start.memory_mb:.0f} to {end.memory_mb:.0f} MB ({growth:+.1%})",
                f"within {MAX_GROWTH:.0%}",
                growth <= MAX_GROWTH,
            ),
            ("keys in Redis", f"{start.keys} to {end.keys}", "no more", end.keys <= start.keys),
            (
                "connections to Redis",
                f"{start.connections} to {end.connections}",
                "no more",
                end.connections <= start.connections + MAX_MORE_CONNECTIONS,
            ),
        ]


def _find_highest(samples: Sequence[Sample]) -> Sample:
    return Sample(
        max(one.memory_mb for one in samples), max(one.keys for one in samples), max(one.connections for one in samples)
    )


def measure_load(minutes: float) -> Load:
    """Start the service, measure what it can do, then keep it at 70 % of that."""
    with (
        tempfile.TemporaryDirectory(prefix="sentiq-load-") as name,
        Service(Path(name)) as service,
        _connect_broker(Path(name)) as broker,
    ):
        capacity = _measure_capacity(service)
        pause = JOB_TEXTS / (SHARE * capacity)
        latencies, refused, samples = _keep_busy(service, broker, pause, minutes * 60)
    return Load(capacity, latencies, refused, samples)


def _connect_broker(state: Path) -> redis.Redis:
    port, password = ((state / "broker" / name).read_text().strip() for name in ("port", "password"))
    return redis.Redis(port=int(port), password=password)


def _make_jobs() -> Iterator[list[str]]:
    texts = make_texts(100 * JOB_TEXTS)
    while True:
        for start in range(0, len(texts), JOB_TEXTS):
            yield texts[start : start + JOB_TEXTS]


def _measure_capacity(service: Service) -> float:
    """Return the texts a second when as many callers as the service has use for wait for their results all the time."""
    deadline = time.monotonic() + CAPACITY_SECONDS

    def count() -> int:
        connection, jobs, done = service.connect(), _make_jobs(), 0
        while time.monotonic() < deadline:
            status, _ = call(connection, "POST", "/v1/jobs", {"texts": next(jobs)}, {"Prefer": "wait=30"})
            done += JOB_TEXTS * (status == http.client.OK)
        return done

    with ThreadPoolExecutor(CALLERS) as callers:
        counts = [callers.submit(count) for _ in range(CALLERS)]
        return sum(one.result() for one in counts) / CAPACITY_SECONDS


def _keep_busy(
    service: Service, broker: redis.Redis, pause: float, seconds: float
) -> tuple[list[float], int, list[Sample]]:
    """Send a job every `pause` seconds, however long the one before takes; return latencies, refusals and samples."""
    started, posts, samples, jobs = time.monotonic(), list[Future[tuple[int, float]]](), list[Sample](), _make_jobs()
    with ThreadPoolExecutor(CALLERS) as callers:
        while (now := time.monotonic() - started) < seconds:
            posts.append(callers.submit(_post, service, next(jobs)))
            if now >= len(samples) * SAMPLE_SECONDS:
                samples.append(_take_sample(service, broker))
            time.sleep(max(0.0, started + len(posts) * pause - time.monotonic()))
    answers = [post.result() for post in posts]
    return [taken for _, taken in answers], sum(status != http.client.ACCEPTED for status, _ in answers), samples


def _post(service: Service, texts: list[str]) -> tuple[int, float]:
    connection = service.connect()
    started = time.perf_counter()
    status, _ = call(connection, "POST", "/v1/jobs", {"texts": texts})
    taken = (time.perf_counter() - started) * 1000
    connection.close()
    return status, taken


def _take_sample(service: Service, broker: redis.Redis) -> Sample:
    assert service.process is not None
    root = psutil.Process(service.process.pid)
    memory = sum(process.memory_info().rss for process in (root, *root.children(recursive=True)))
    return Sample(memory / 1e6, int(broker.dbsize()), int(broker.info("clients")["connected_clients"]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure for as long as the arguments say; return 1 if any promise was broken."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    given = parser.parse_args(arguments)
    clean_up_on_sigterm()
    load = measure_load(given.minutes)
    rows = load.list_rows()
    sys.stdout.write(f"\nAt {SHARE:.0%} of {load.texts_per_second:.0f} texts/s:\n\n| what | measured | promised | |\n")
    sys.stdout.write("| --- | --- | --- | --- |\n")
    for what, measured, promised, met in rows:
        sys.stdout.write(f"| {what} | {measured} | {promised} | {'kept' if met else 'broken'} |\n")
    return int(not all(met for *_, met in rows))


if __name__ == "__main__":
    sys.exit(main())
