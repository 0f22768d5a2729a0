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
        total = backlog.count_queued(session)

    assert found == {"a": (2, clock.now()), "b": (1, clock.now())}
    assert total == 3


def test_an_empty_database_has_no_backlog(database: Database) -> None:
    with database.reading() as session:
        assert backlog.list_backlogs(session) == []
        assert backlog.count_queued(session) == 0


def test_a_job_waits_for_older_jobs_and_for_interactive_ones(database: Database) -> None:
    now = FakeClock().now()
    old = submit(database, ["旧"] * 5, now)
    middle = submit(database, ["中"] * 3, now)
    submit(database, ["新"] * 7, now)
    urgent = submit(database, ["急"], now, lane=Lane.INTERACTIVE)
    submit(database, ["别"] * 9, now, model="other")

    with database.reading() as session:
        ahead = backlog.count_ahead_by_job(session, {old, middle, urgent})

    assert ahead == {old: 5 + 1, middle: 5 + 3 + 1, urgent: 1}


def test_a_job_waits_for_no_more_texts_of_another_tenant_than_its_own_tenant_has(database: Database) -> None:
    now = FakeClock().now()
    big, small, smallest = create_tenants(database, 3)
    submit(database, ["大"] * 500, now, tenant_id=big)
    first = submit(database, ["小"] * 10, now, tenant_id=small)
    second = submit(database, ["小"] * 10, now, tenant_id=small)
    submit(database, ["微"] * 4, now, tenant_id=smallest)
    submit(database, ["急"] * 2, now, tenant_id=big, lane=Lane.INTERACTIVE)

    with database.reading() as session:
        ahead = backlog.count_ahead_by_job(session, {first, second})

    assert ahead == {first: 10 + 10 + 4 + 2, second: 20 + 20 + 4 + 2}


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
