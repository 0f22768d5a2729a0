"""Says how far a job has come: how many texts stand before it, and when it should be done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from api.core import Core
from api.services.standing import Standing
from shared.clock import Clock
from shared.models import Job, WorkerRow
from shared.queries import workers
from shared.settings import Settings

MIN_SILENCE_SECONDS = 10.0
HEARTBEATS_MISSED = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands in the queue."""

    texts_ahead: int = 0  # of other jobs
    eta_seconds: float | None = 0.0  # None: nobody is alive to tell the speed


def find_last_sign_of_life(settings: Settings, clock: Clock) -> datetime:
    """Return since when a worker must have been heard of to count as alive."""
    silence = max(MIN_SILENCE_SECONDS, HEARTBEATS_MISSED * settings.heartbeat_seconds)
    return clock.now() - timedelta(seconds=silence)


def sum_speeds(alive: Iterable[WorkerRow]) -> dict[str, float]:
    """Return the texts per second of each model that has live workers."""
    speeds: dict[str, float] = {}
    for worker in alive:
        speeds[worker.model] = speeds.get(worker.model, 0.0) + worker.texts_per_second
    return speeds


def measure_speeds(session: Session, core: Core) -> dict[str, float]:
    """Return the texts per second of each model, as its live workers last measured."""
    return sum_speeds(workers.list_live(session, find_last_sign_of_life(core.settings, core.clock)))


def estimate_seconds(texts: int, texts_per_second: float) -> float | None:
    """Return how long so many texts take, to a tenth of a second, or None while nobody works."""
    return round(texts / texts_per_second, 1) if texts_per_second > 0 else None


def measure_progress(session: Session, core: Core, jobs: Iterable[Job]) -> dict[UUID, Progress]:
    """Return the progress of each job, with two queries however many jobs there are."""
    rows = list(jobs)
    if all(row.finished_at is not None for row in rows):
        return {row.id: Progress() for row in rows}
    standing, speeds = core.lookout.look(session), measure_speeds(session, core)
    return {row.id: _place(row, standing, speeds) for row in rows}


def _place(row: Job, standing: Standing, speeds: dict[str, float]) -> Progress:
    if row.finished_at is not None:
        return Progress()
    texts, own = standing.count_before_end(row), row.queued_count + row.running_count
    return Progress(max(0, texts - own), estimate_seconds(texts, speeds.get(row.model, 0.0)))
