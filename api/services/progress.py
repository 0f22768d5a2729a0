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
from shared.queries import backlog, workers
from shared.settings import Settings

MIN_SILENCE_SECONDS = 10.0
HEARTBEATS_MISSED = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands in the queue, and how fast it moves."""

    texts_ahead: int = 0  # of other jobs
    eta_seconds: float | None = 0.0  # None: nobody is alive to tell the speed
    texts_per_second: float | None = None  # None: likewise, or the job has finished
    oldest_queued_seconds: float | None = None  # None: none of its texts waits


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
    """Return the progress of each job, with three queries however many jobs there are."""
    rows = list(jobs)
    unfinished = [row.id for row in rows if row.finished_at is None]
    if not unfinished:
        return {row.id: Progress() for row in rows}
    standing, speeds = core.lookout.look(session), measure_speeds(session, core)
    waiting_since, now = backlog.list_waiting_since(session, unfinished), core.clock.now()
    return {
        row.id: _place(row, standing, speeds.get(row.model, 0.0), _measure_age(waiting_since.get(row.id), now))
        for row in rows
    }


def _place(row: Job, standing: Standing, speed: float, oldest_queued_seconds: float | None) -> Progress:
    """Return the progress of one job, whose model's workers have this speed in all."""
    if row.finished_at is not None:
        return Progress()
    texts, own = standing.count_before_end(row), row.queued_count + row.running_count
    return Progress(
        texts_ahead=max(0, texts - own),
        eta_seconds=estimate_seconds(texts, speed),
        # Its share of what the workers do until it is done: others are served before it and beside it.
        texts_per_second=round(speed * own / texts, 1) if speed > 0 and texts > 0 else None,
        oldest_queued_seconds=oldest_queued_seconds,
    )


def _measure_age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else round(max(0.0, (now - since).total_seconds()), 1)
