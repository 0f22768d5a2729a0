"""How much waits, who stands where, and how often that is counted; on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import event

from api.services.standing import FEW_JOBS, JOBS_PER_SECOND, Lookout, Standing
from shared.database import Database
from shared.models import Job
from shared.queries import backlog
from shared.states import Lane
from tests.factories import create_tenants, submit
from tests.fakes import FakeClock


def count_before_end(database: Database, *job_ids: UUID) -> dict[UUID, int]:
    with database.reading() as session:
        standing = Standing(backlog.list_points(session))
        return {job_id: standing.count_before_end(session.get_one(Job, job_id)) for job_id in job_ids}


@contextmanager
def counting_counts(database: Database) -> Iterator[list[str]]:
    """Yield a list that fills with the statements that count all unfinished jobs."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "row_number()" in statement:
            seen.append(statement)

    engine = database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_job_waits_for_older_jobs_and_for_interactive_ones(database: Database) -> None:
    now = FakeClock().now()
    old = submit(database, ["旧"] * 5, now)
    middle = submit(database, ["中"] * 3, now)
    submit(database, ["新"] * 7, now)
    urgent = submit(database, ["急"], now, lane=Lane.INTERACTIVE)
    submit(database, ["别"] * 9, now, model="other")

    ahead = count_before_end(database, old, middle, urgent)

    assert ahead == {old: 5 + 1, middle: 5 + 3 + 1, urgent: 1}


def test_a_job_waits_for_no_more_texts_of_another_tenant_than_its_own_tenant_has(database: Database) -> None:
    now = FakeClock().now()
    big, small, smallest = create_tenants(database, 3)
    submit(database, ["大"] * 500, now, tenant_id=big)
    first = submit(database, ["小"] * 10, now, tenant_id=small)
    second = submit(database, ["小"] * 10, now, tenant_id=small)
    submit(database, ["微"] * 4, now, tenant_id=smallest)
    submit(database, ["急"] * 2, now, tenant_id=big, lane=Lane.INTERACTIVE)

    ahead = count_before_end(database, first, second)

    assert ahead == {first: 10 + 10 + 4 + 2, second: 20 + 20 + 4 + 2}


def test_what_came_after_the_count_stands_behind_all_of_its_line(database: Database) -> None:
    now = FakeClock().now()
    submit(database, ["旧"] * 5, now)
    with database.reading() as session:
        standing = Standing(backlog.list_points(session))
    late = submit(database, ["新"] * 2, now)

    with database.reading() as session:
        assert standing.count_before_end(session.get_one(Job, late)) == 5 + 2


def test_of_a_long_line_some_points_are_kept_and_the_last(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "MAX_POINTS", 10)
    now = FakeClock().now()
    ids = [submit(database, ["文"], now) for _ in range(35)]

    with database.reading() as session:
        points = backlog.list_points(session)
        standing = Standing(points)
        last, first = (standing.count_before_end(session.get_one(Job, ids[index])) for index in (-1, 0))

    assert [point.texts for point in points] == [4, 8, 12, 16, 20, 24, 28, 32, 35]
    assert (standing.queued, last, first) == (35, 35, 4)  # the first one's place is known to within one point


def test_a_short_queue_is_counted_every_time_and_a_long_one_now_and_then(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.services.standing.FEW_JOBS", 2)
    moments, now = [0.0], FakeClock().now()
    lookout = Lookout(clock=lambda: moments[-1])

    with counting_counts(database) as seen, database.reading() as session:
        for _ in range(3):
            lookout.count_queued(session)
    assert len(seen) == 3

    for _ in range(3):
        submit(database, ["文"] * 2, now)
    with counting_counts(database) as seen, database.reading() as session:
        first = lookout.count_queued(session)
        lookout.note_admitted(4)
        moments.append(3 / JOBS_PER_SECOND / 2)
        second = lookout.count_queued(session)
        moments.append(3 / JOBS_PER_SECOND * 2)
        third = lookout.count_queued(session)

    assert (first, second, third) == (6, 10, 6)
    assert len(seen) == 2
    assert FEW_JOBS >= 100
