"""How soon and how fast a million results leave the service as CSV, with flat memory.

The results are written straight into the database: scoring them would take a quarter of an hour and say nothing here.
"""

import http.client
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from bench.report import Row
from bench.service import Service
from bench.texts import make_texts
from shared.database import Database
from shared.models import JOBS, TEXTS
from shared.queries import jobs
from shared.states import JobState, Label, Lane, TextState

RESULTS = 1_000_000
INSERT_ROWS = 10_000
VARIETY = 10_000  # texts that are made; the others repeat them
READ_BYTES = 1_000_000
ROUNDS = 5


def measure_export(service: Service, folder: Path, model: str) -> list[Row]:
    """Time downloads of one job of a million results from a service that keeps its state in `folder`."""
    job_id = store_results(Database(f"sqlite:///{folder / 'sentiq.db'}"), model)
    downloads = [_download(service, job_id)]
    before = service.measure_memory_mb()["api"]
    downloads += [_download(service, job_id) for _ in range(ROUNDS - 1)]
    after = service.measure_memory_mb()["api"]
    first_bytes, rates = zip(*downloads, strict=True)
    slowest = max(first_bytes)
    return [
        Row("a million results as CSV: first byte, the slowest of 5, s", f"{slowest:.3f}", "≤ 0.3", slowest <= 0.3),
        Row("a million results as CSV, results/s", f"{min(rates):,.0f} to {max(rates):,.0f}"),
        Row(
            "api memory after one → five of them, MB",
            f"{before:.0f} → {after:.0f}",
            "within 10 %",
            after <= 1.1 * before,
        ),
    ]


def store_results(database: Database, model: str, count: int = RESULTS) -> UUID:
    """Store a finished job with so many results and return its id."""
    now = datetime.now(UTC)
    with database.writing() as session:
        job_id = jobs.insert_job(session, model=model, lane=Lane.BULK, metadata=None, total=count, now=now)
        rows = _make_rows(job_id, model, count, now)
        while chunk := list(islice(rows, INSERT_ROWS)):
            session.connection().execute(insert(TEXTS), chunk)
        session.connection().execute(
            update(JOBS)
            .where(JOBS.c.id == job_id)
            .values(queued_count=0, succeeded_count=count, state=JobState.COMPLETED, started_at=now, finished_at=now)
        )
    database.close()
    return job_id


def _make_rows(job_id: UUID, model: str, count: int, now: datetime) -> Iterator[dict[str, Any]]:
    source, texts = random.Random(5), make_texts(VARIETY)
    for position in range(count):
        text, positive = texts[position % VARIETY], round(source.random(), 6)
        yield {
            "job_id": job_id, "tenant_id": 0, "position": position, "client_id": f"review-{position}", "text": text,
            "metadata": {"shop": f"A{position % 100}", "stars": position % 5 + 1}, "char_count": len(text),
            "model": model, "lane": Lane.BULK, "state": TextState.SUCCEEDED, "queued_at": now, "finished_at": now,
            "label": Label.POSITIVE if positive >= 0.5 else Label.NEGATIVE, "score": max(positive, 1 - positive),
            "scores": {"negative": round(1 - positive, 6), "positive": positive}, "token_count": len(text),
            "window_count": 1, "model_version": f"{model}@0123456789ab",
        }  # fmt: skip


def _download(service: Service, job_id: UUID) -> Sequence[float]:
    """Return the seconds to the first byte of the body, and the results per second of the whole."""
    connection = service.connect()
    started = time.perf_counter()
    connection.request("GET", f"/v1/jobs/{job_id}/results?format=csv")
    answer = connection.getresponse()
    lines = answer.read(1).count(b"\n")
    first_byte = time.perf_counter() - started
    if answer.status != http.client.OK:
        raise RuntimeError(f"The service refused the download: {answer.read().decode()}")
    while piece := answer.read(READ_BYTES):
        lines += piece.count(b"\n")
    connection.close()
    if lines != RESULTS + 1:
        raise RuntimeError(f"The file has {lines} lines, so the figure would be wrong.")
    return first_byte, RESULTS / (time.perf_counter() - started)
