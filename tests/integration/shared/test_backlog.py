"""What waits, for how long, and what comes before it."""

from shared.database import Database
from shared.queries import backlog
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
