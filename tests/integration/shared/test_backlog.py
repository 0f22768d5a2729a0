"""What waits, for how long, and what comes before it."""

from shared.database import Database
from shared.queries import backlog
from shared.states import Lane
from tests.factories import get_job, submit
from tests.fakes import FakeClock


def test_backlogs_are_counted_by_model(database: Database) -> None:
    clock = FakeClock()
    submit(database, ["一", "二"], clock.now(), model="a")
    submit(database, ["三"], clock.now(), model="b")

    with database.reading() as session:
        found = {item.model: (item.queued_texts, item.oldest_queued_at) for item in backlog.list_backlogs(session)}
        total = backlog.count_queued(session)

    assert found == {"a": (2, clock.now()), "b": (1, clock.now())}
    assert total == 3


def test_an_empty_database_has_no_backlog(database: Database) -> None:
    with database.reading() as session:
        assert backlog.list_backlogs(session) == []
        assert backlog.count_queued(session) == 0


def test_a_job_waits_for_older_jobs_and_for_interactive_ones(database: Database) -> None:
    now = FakeClock().now()
    submit(database, ["旧"] * 5, now)
    middle = submit(database, ["中"] * 3, now)
    submit(database, ["新"] * 7, now)
    urgent = submit(database, ["急"], now, lane=Lane.INTERACTIVE)

    with database.reading() as session:
        ahead_of_middle = backlog.count_ahead(session, get_job(database, middle))
        ahead_of_urgent = backlog.count_ahead(session, get_job(database, urgent))

    assert (ahead_of_middle, ahead_of_urgent) == (5 + 3 + 1, 1)


def test_a_lane_is_waiting_only_with_texts_of_its_own(database: Database) -> None:
    submit(database, ["慢"], FakeClock().now())

    with database.reading() as session:
        assert backlog.is_waiting(session, "m", Lane.BULK)
        assert not backlog.is_waiting(session, "m", Lane.INTERACTIVE)
