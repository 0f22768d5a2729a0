"""Knows how much waits and who stands where, without counting all of it for every request.

Counting takes time in proportion to the number of unfinished jobs. So what was counted serves for a while that grows
with that number: a short queue is counted for each request, a long one costs a few hundredths of a core.
"""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import attrgetter

from sqlalchemy.orm import Session

from shared.models import Job
from shared.queries import backlog
from shared.queries.backlog import Load, Point, count_ahead

FEW_JOBS = 500  # so many are counted every time
JOBS_PER_SECOND = 10_000  # of more, this many for each second that their count serves
MAX_SECONDS = 10.0

_find_line = attrgetter("model", "lane", "tenant_id")


@dataclass(frozen=True)
class Standing:
    """What was to be done at one moment."""

    points: Sequence[Point]  # in the order of their jobs

    @cached_property
    def lines(self) -> dict[tuple[str, int, int], list[Point]]:
        """Return the points of each line: of one tenant in one lane of one model."""
        ordered = sorted(self.points, key=_find_line)  # stable, so that each line keeps its order
        return {line: list(points) for line, points in groupby(ordered, key=_find_line)}

    @cached_property
    def loads(self) -> list[Load]:
        """Return what each line has to be done in all."""
        return [line[-1].load for line in self.lines.values()]

    @cached_property
    def queued(self) -> int:
        """Return how many texts wait."""
        return sum(line[-1].queued for line in self.lines.values())

    @property
    def seconds(self) -> float:
        """Return for how long this serves."""
        jobs = sum(line[-1].jobs for line in self.lines.values())
        return 0.0 if jobs <= FEW_JOBS else min(MAX_SECONDS, jobs / JOBS_PER_SECOND)

    def count_before_end(self, job: Job) -> int:
        """Return how many texts will be claimed until the last of this unfinished job is, it included.

        As far as is known now: what is submitted later to a lane before it, or by others, comes between.
        """
        own = job.queued_count + job.running_count
        line = self.lines.get((job.model, job.lane, job.tenant_id), [])
        index = bisect_left(line, job.id, key=attrgetter("job_id"))
        # What came after the count stands behind all of its line.
        texts = line[index].texts if index < len(line) else own + sum(point.texts for point in line[-1:])
        return count_ahead(Load(job.model, job.lane, job.tenant_id, max(own, texts)), self.loads)


@dataclass(slots=True)
class Lookout:
    """Counts now and then for all threads of a process."""

    clock: Callable[[], float] = time.monotonic
    _latest: Standing = field(default_factory=lambda: Standing(()))
    _serves_until: float = 0.0
    _admitted: int = 0  # texts, since the latest count
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _admitting: threading.Lock = field(default_factory=threading.Lock)

    def look(self, session: Session) -> Standing:
        """Return the latest count: a new one if the last has served its time and no other thread is counting."""
        if self.clock() >= self._serves_until and self._counting.acquire(blocking=False):
            try:
                self._count(session)
            finally:
                self._counting.release()
        return self._latest

    def _count(self, session: Session) -> None:
        with self._admitting:
            self._admitted = 0
        self._latest = Standing(backlog.list_points(session))
        self._serves_until = self.clock() + self._latest.seconds

    def count_queued(self, session: Session) -> int:
        """Return about how many texts wait; what other processes have let in since the latest count is not in it."""
        return self.look(session).queued + self._admitted

    def note_admitted(self, texts: int) -> None:
        """Count what this process lets in between two counts."""
        with self._admitting:
            self._admitted += texts
