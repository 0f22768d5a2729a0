"""Tenants share what the workers can do, however long one's line is, on both databases."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, event, text

from shared.database import Database
from shared.models import TextRow
from shared.queries import claims, lines, turns
from shared.queries.claims import ClaimedText, Failure
from shared.queries.turns import MAX_TENANTS, ClaimLimits, Turns
from shared.states import ErrorCode, Lane
from tests.factories import create_tenants, submit
from tests.fakes import FakeClock


class Process:
    """One worker process: it claims again and again, and remembers whose turn it is."""

    def __init__(self, database: Database, *, max_texts: int = 100, max_chars: int = 10_000, model: str = "m") -> None:
        self.turns, self.clock = Turns(), FakeClock()
        self._database, self._model, self._max_texts, self._max_chars = database, model, max_texts, max_chars

    def claim(self, last_lane: Lane = Lane.BULK) -> list[ClaimedText]:
        now = self.clock.now()
        limits = ClaimLimits(
            self._model, uuid4(), now + timedelta(seconds=15), self._max_texts, self._max_chars, turns=self.turns
        )
        with self._database.writing() as session:
            return claims.claim_texts(session, limits, now, last_lane).texts

    def count(self) -> Counter[int]:
        """Claim once and return how many texts of each tenant that were."""
        claimed = self.claim()
        with self._database.reading() as session:
            return Counter(session.get_one(TextRow, text.id).tenant_id for text in claimed)

    def give_back(self, seconds: float = 20) -> None:
        """Let the leases of all that is claimed run out."""
        self.clock.move(seconds)
        with self._database.writing() as session:
            claims.take_back_expired(session, self.clock.now(), max_attempts=100, limit=1_000)


def test_ten_texts_are_claimed_at_once_beside_a_long_line(database: Database) -> None:
    big, small = create_tenants(database, 2)
    submit(database, ["大"] * 3_000, FakeClock().now(), tenant_id=big)
    submit(database, ["小"] * 10, FakeClock().now(), tenant_id=small)

    first = Process(database).count()

    assert first == {small: 10, big: 90}


def test_two_tenants_are_scored_at_the_same_pace_while_both_wait(database: Database) -> None:
    big, small = create_tenants(database, 2)
    submit(database, ["大"] * 2_000, FakeClock().now(), tenant_id=big)
    submit(database, ["小"] * 300, FakeClock().now(), tenant_id=small)
    process = Process(database, max_texts=60)

    counts = [process.count() for _ in range(10)]

    assert counts == [{big: 30, small: 30}] * 10


def test_what_counts_is_characters_not_texts(database: Database) -> None:
    wordy, terse = create_tenants(database, 2)
    submit(database, ["长" * 40] * 50, FakeClock().now(), tenant_id=wordy)
    submit(database, ["短" * 4] * 500, FakeClock().now(), tenant_id=terse)
    process = Process(database, max_texts=500, max_chars=800)

    counts = [process.count() for _ in range(4)]

    assert counts == [{wordy: 10, terse: 100}] * 4


@pytest.mark.parametrize("texts_in_a_claim", [1, 2, 3, 7])
def test_a_text_left_over_goes_to_each_tenant_in_turn(database: Database, texts_in_a_claim: int) -> None:
    tenants = create_tenants(database, 2)
    for tenant in tenants:
        submit(database, ["字"] * 100, FakeClock().now(), tenant_id=tenant)
    process = Process(database, max_chars=texts_in_a_claim)

    total: Counter[int] = sum((process.count() for _ in range(6)), Counter())

    assert total == dict.fromkeys(tenants, 3 * texts_in_a_claim)


def test_of_each_tenant_the_oldest_texts_go_first(database: Database) -> None:
    one, two = create_tenants(database, 2)
    for tenant, contents in [(one, ["甲一", "甲二"]), (two, ["乙一", "乙二"]), (one, ["甲三"])]:
        submit(database, contents, FakeClock().now(), tenant_id=tenant)

    claimed = Process(database, max_texts=4).claim()

    assert {text.text for text in claimed} == {"甲一", "甲二", "乙一", "乙二"}


def test_an_interactive_text_goes_first_whoever_sends_it(database: Database) -> None:
    big, small = create_tenants(database, 2)
    submit(database, ["慢"] * 200, FakeClock().now(), tenant_id=big)
    submit(database, ["慢"] * 5, FakeClock().now(), tenant_id=small)
    submit(database, ["急"], FakeClock().now(), tenant_id=big, lane=Lane.INTERACTIVE)
    process = Process(database)

    urgent, none, rest = process.claim(Lane.INTERACTIVE), process.claim(Lane.INTERACTIVE), process.count()

    assert ([text.text for text in urgent], none) == (["急"], [])
    assert rest == {small: 5, big: 95}


def test_interactive_claims_do_not_disturb_the_turns_of_bulk_work(database: Database) -> None:
    tenants = create_tenants(database, 3)
    for tenant in tenants:
        submit(database, ["慢"] * 10, FakeClock().now(), tenant_id=tenant)
        submit(database, ["急"] * 10, FakeClock().now(), tenant_id=tenant, lane=Lane.INTERACTIVE)
    process = Process(database, max_chars=1)

    for _ in range(9):
        process.claim()
    with database.writing() as session:
        session.execute(text("UPDATE texts SET state = 'cancelled' WHERE lane = 0"))

    assert {tenant for _ in range(3) for tenant in process.count()} == set(tenants)


def test_bulk_texts_are_claimed_though_interactive_ones_never_end(database: Database) -> None:
    busy, patient = create_tenants(database, 2)
    submit(database, ["慢"] * 300, FakeClock().now(), tenant_id=patient)
    process = Process(database)

    lanes = []
    for _ in range(6):
        submit(database, ["急"] * 200, FakeClock().now(), tenant_id=busy, lane=Lane.INTERACTIVE)
        lanes.append({text.lane for text in process.claim()})

    assert lanes == [{Lane.INTERACTIVE}, {Lane.BULK}] * 3


def test_what_is_let_in_between_two_micro_batches_does_not_make_interactive_texts_wait(database: Database) -> None:
    submit(database, ["慢"] * 300, FakeClock().now())
    process = Process(database)
    process.claim()

    lanes = []
    for last_lane in (Lane.INTERACTIVE, Lane.INTERACTIVE, Lane.BULK):
        submit(database, ["急"], FakeClock().now(), lane=Lane.INTERACTIVE)
        lanes += [text.lane for text in process.claim(last_lane)]

    assert lanes == [Lane.INTERACTIVE] * 3


@pytest.mark.parametrize("texts_in_a_claim", [1, 20, 100])
def test_of_fifty_tenants_each_is_served_within_a_round(database: Database, texts_in_a_claim: int) -> None:
    tenants = create_tenants(database, 50)
    submit(database, ["多"] * 500, FakeClock().now(), tenant_id=tenants[0])
    for tenant in tenants[1:]:
        submit(database, ["字"] * 3, FakeClock().now(), tenant_id=tenant)
    process = Process(database, max_texts=texts_in_a_claim)

    round_ = -(-len(tenants) // min(MAX_TENANTS, texts_in_a_claim))
    served = {tenant for _ in range(round_) for tenant in process.count()}

    assert served == set(tenants)


def test_each_model_has_lines_of_its_own(database: Database) -> None:
    big, small = create_tenants(database, 2)
    submit(database, ["大"] * 200, FakeClock().now(), tenant_id=big, model="a")
    submit(database, ["大"] * 200, FakeClock().now(), tenant_id=big, model="b")
    submit(database, ["小"] * 5, FakeClock().now(), tenant_id=small, model="b")

    assert Process(database, model="a").count() == {big: 100}
    assert Process(database, model="b").count() == {small: 5, big: 95}


def test_texts_that_kill_workers_do_not_hold_up_other_tenants(database: Database) -> None:
    poisonous, innocent = create_tenants(database, 2)
    process = Process(database, max_texts=20)
    submit(database, ["毒"] * 20, FakeClock().now(), tenant_id=poisonous)
    process.claim()
    process.give_back()
    submit(database, ["好"] * 30, FakeClock().now(), tenant_id=innocent)

    counts = [process.count() for _ in range(4)]

    # Which of the two begins is drawn by lot; from then on they alternate.
    assert sorted(counts, key=Counter.total) == [{poisonous: 1}] * 2 + [{innocent: 10}] * 2
    assert counts[0] == counts[2] != counts[1] == counts[3]


@pytest.mark.parametrize("count", [3, 5])
def test_a_tenant_whose_first_text_was_tried_before_is_served_within_a_round(database: Database, count: int) -> None:
    """As after a kill: the text goes alone, so its tenant is left out of each claim that another one begins."""
    tenants = create_tenants(database, count)
    submit(database, ["毒"], FakeClock().now(), tenant_id=tenants[1])
    process = Process(database)
    process.claim()
    process.give_back()
    for tenant in tenants:
        submit(database, ["好"] * 300, FakeClock().now(), tenant_id=tenant)
    process.turns.last[Lane.BULK] = tenants[-1]

    counts = [process.count() for _ in tenants]

    assert {tenants[1]: 1} in counts
    assert all(sum(tenant in served for served in counts) > 1 for tenant in tenants)


@pytest.mark.parametrize("begin", range(4))
def test_a_tenant_whose_texts_fit_beside_nobody_is_served_within_a_round(database: Database, begin: int) -> None:
    tenants = create_tenants(database, 4)
    for tenant, chars in zip(tenants, (60, 80, 1, 90), strict=True):
        submit(database, ["字" * chars] * 400, FakeClock().now(), tenant_id=tenant)
    process = Process(database, max_chars=100)
    process.turns.last[Lane.BULK] = tenants[begin]

    rounds = [[set(process.count()) for _ in tenants] for _ in range(3)]

    assert [set.union(*served) for served in rounds] == [set(tenants)] * 3


def test_a_process_that_starts_anew_each_time_begins_with_anybody(database: Database) -> None:
    tenants = create_tenants(database, 2)
    for tenant in tenants:
        submit(database, ["字"] * 60, FakeClock().now(), tenant_id=tenant)

    served = {tenant for _ in range(40) for tenant in Process(database, max_chars=1).count()}

    assert served == set(tenants)  # by chance this fails once in 2 ** 39 runs


def test_the_last_texts_of_all_tenants_are_shared_among_the_processes(database: Database) -> None:
    tenants = create_tenants(database, 3)
    for tenant in tenants:
        submit(database, ["字"] * 20, FakeClock().now(), tenant_id=tenant)
    now = FakeClock().now()

    with database.writing() as session:
        limits = ClaimLimits("m", uuid4(), now + timedelta(seconds=15), 100, 1_000, sharers=2)
        claimed = claims.claim_texts(session, limits, now).texts

    assert len(claimed) == 30


def test_a_lane_that_others_have_just_claimed_does_not_hide_the_next(database: Database) -> None:
    """On PostgreSQL a text that is being claimed still looks as if it waited."""
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    submit(database, ["急"], FakeClock().now(), lane=Lane.INTERACTIVE)
    submit(database, ["慢"], FakeClock().now())

    with database.writing() as other:
        other.execute(text("SELECT id FROM texts WHERE lane = 0 FOR UPDATE"))
        claimed = Process(database).claim()

    assert [text.text for text in claimed] == ["慢"]


def count_statements(database: Database, process: Process) -> int:
    seen: list[str] = []

    def remember(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):  # which only SQLite is told by a statement
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", remember)
    process.claim()
    event.remove(database.engine, "before_cursor_execute", remember)
    return len(seen)


@pytest.mark.parametrize(("tenants", "statements"), [(1, 6), (3, 8), (40, MAX_TENANTS + 5)])
def test_a_claim_costs_a_statement_more_for_each_tenant_however_long_the_lines(
    database: Database, tenants: int, statements: int
) -> None:
    for tenant in create_tenants(database, tenants):
        submit(database, ["字"] * 200, FakeClock().now(), tenant_id=tenant)

    # The lines, each tenant's texts, the claim, the jobs' requests, counts, and beginning.
    assert count_statements(database, Process(database)) == statements


def test_a_claim_costs_the_same_whichever_lane_it_takes_first(database: Database) -> None:
    for lane in Lane:
        submit(database, ["字"] * 200, FakeClock().now(), lane=lane)
    process = Process(database)

    assert [count_statements(database, process) for _ in range(4)] == [6] * 4


@pytest.mark.parametrize("statement", [lines._LINES, turns._WAITING])
def test_lines_and_texts_are_found_by_the_index_of_what_waits(database: Database, statement: object) -> None:
    """Among a million texts that are done, a full scan would take seconds."""
    if database.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL plans by the size of the table, which is empty here")
    compiled = str(statement.compile(database.engine))  # type: ignore[attr-defined]

    with database.reading() as session:
        values = (*"m" * (compiled.count("?") - 1), 1)
        steps = " ".join(
            str(row) for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)
        )

    assert "ix_texts_waiting" in steps
    assert "SCAN texts" not in steps


def test_texts_of_several_tenants_are_settled_together(database: Database) -> None:
    tenants = create_tenants(database, 2)
    jobs = [submit(database, ["字"], FakeClock().now(), tenant_id=tenant) for tenant in tenants]
    now = FakeClock().now()
    limits = ClaimLimits("m", uuid4(), now + timedelta(seconds=15), 10, 100)

    with database.writing() as session:
        claimed = claims.claim_texts(session, limits, now).texts
        outcomes = [Failure(text, ErrorCode.SCORING_FAILED, "理由") for text in claimed]
        finished = claims.settle_texts(session, limits.token, outcomes, now)

    assert set(finished.job_ids) == set(jobs)
