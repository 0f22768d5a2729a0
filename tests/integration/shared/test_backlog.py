"""What waits, for how long, and what comes before it."""

from sqlalchemy import update

from shared.database import Database
from shared.models import TextRow
from shared.queries import backlog, jobs
from shared.queries.jobs import CountChange
from shared.states import Lane
from tests.factories import create_tenants, submit
from tests.fakes import FakeClock


def test_backlogs_are_counted_by_model(database: Database) -> None:
    clock = FakeClock()
    submit(database, ["一", "二"], clock.now(), model="a")
    submit(database, ["三"], clock.now(), model="b")

    with database.reading() as session:
        found = {item.model: (item.queued_texts, item.oldest_queued_at) for item in backlog.list_backlogs(session)}

    assert found == {"a": (2, clock.now()), "b": (1, clock.now())}


def test_an_empty_database_has_no_backlog(database: Database) -> None:
    with database.reading() as session:
        assert backlog.list_backlogs(session) == []
        assert backlog.list_points(session) == []


def test_the_oldest_text_is_found_whoever_sent_it(database: Database) -> None:
    clock = FakeClock()
    early, late = create_tenants(database, 2)
    submit(database, ["旧"], clock.now(), tenant_id=late)
    clock.move(60)
    submit(database, ["新"], clock.now(), tenant_id=early)

    with database.reading() as session:
        oldest = backlog.find_oldest_queued(session, "m")

    assert oldest is not None
    assert (clock.now() - oldest).total_seconds() == 60


def test_a_lane_is_waiting_only_with_texts_of_its_own(database: Database) -> None:
    submit(database, ["慢"], FakeClock().now())

    with database.reading() as session:
        assert backlog.is_waiting(session, "m", Lane.BULK)
        assert not backlog.is_waiting(session, "m", Lane.INTERACTIVE)


def test_a_job_has_waited_since_its_first_text_that_is_still_in_line(database: Database) -> None:
    clock = FakeClock()
    mixed, begun, other = (submit(database, ["一", "二", "三"], clock.now()) for _ in range(3))
    first_at = clock.now()
    clock.move(60)
    with database.writing() as session:
        # As an upload does, whose later texts have waited for less time.
        session.execute(update(TextRow).where(TextRow.position > 0).values(queued_at=clock.now()))
        jobs.apply_changes(session, {mixed: CountChange(queued=-1, running=1)}, clock.now())
        jobs.apply_changes(session, {begun: CountChange(queued=-3, running=3)}, clock.now())

    with database.reading() as session:
        since = backlog.list_waiting_since(session, [mixed, begun, other])

    assert since == {mixed: clock.now(), other: first_at}
