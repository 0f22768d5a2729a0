"""What the jobs of `Client` and of `AsyncClient` have in common: how far they were when last seen."""

import uuid
from uuid import UUID

from sentiq.models import Counts, JobInfo, JobState, TextState
from sentiq.streams import Selection


class JobHandle:
    """A job of the service; `info` is what the service said last, which `refresh` and `wait` renew."""

    def __init__(self, info: JobInfo) -> None:
        self.info = info

    def __repr__(self) -> str:
        counts = self.counts
        return f"<{type(self).__name__} {self.id} {self.state} {counts.finished}/{counts.total}>"

    @property
    def id(self) -> UUID:
        """The job's id, which finds it again: `client.job(id)`."""
        return self.info.id

    @property
    def state(self) -> JobState:
        """How far the job was."""
        return self.info.state

    @property
    def counts(self) -> Counts:
        """How many of its texts were in each state."""
        return self.info.counts

    @property
    def is_finished(self) -> bool:
        """Whether it was done."""
        return self.info.is_finished

    def _select(self, state: TextState | None, after: int | None) -> Selection:
        return Selection(self.id, state, after, self._settled_total)

    @property
    def _settled_total(self) -> int | None:
        return self.counts.total if self.is_finished and not self.info.receiving else None


def make_key() -> str:
    """Return a new idempotency key."""
    return str(uuid.uuid4())
