"""The judge finds each kind of fault; the schedule keeps to its seed."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from migrations.upgrade import upgrade
from shared.clock import SystemClock
from shared.database import Database
from shared.models import TextRow
from shared.queries import jobs, texts
from shared.queries.texts import NewText
from shared.states import Lane
from tests.chaos.audit import install_audit
from tests.chaos.faults import Fault
from tests.chaos.judging import Verdict, judge_jobs, judge_logs, judge_webhooks
from tests.chaos.schedule import plan_faults
from tests.chaos.texts import JobPlan, expect_result

PLAN = JobPlan(seed=1, number=1, size=3, is_interactive=False, has_webhook=True, poison_at=None)


@pytest.fixture
def audited(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'sentiq.db'}")
    upgrade(database)
    install_audit(database)
    return database


def store(database: Database, plan: JobPlan) -> UUID:
    """Store the plan's job as it is at its very end, scored as the judge expects."""
    contents, now = plan.list_texts(), SystemClock().now()
    how: dict[str, Any] = {"model": "m", "lane": Lane.BULK, "now": now}
    with database.writing() as session:
        job_id = jobs.insert_job(session, metadata={"marker": plan.marker}, total=plan.size, **how)
        texts.insert_texts(session, job_id, [NewText(text) for text in contents], **how)
        session.execute(update(TextRow).values(state="running"))
        for position, text in enumerate(contents):
            label, score = expect_result(text)
            session.execute(
                update(TextRow)
                .where(TextRow.job_id == job_id, TextRow.position == position)
                .values(state="succeeded", label=label, score=score)
            )
        jobs.apply_changes(session, {job_id: jobs.CountChange(queued=-plan.size, succeeded=plan.size)}, now)
    return job_id


def judge(database: Database, job_id: UUID) -> dict[str, int]:
    verdict = Verdict()
    judge_jobs(verdict, database, {PLAN.marker: (PLAN, str(job_id))})
    return {kind: times for kind, times in verdict.counts.items() if times}


def change_first_text(database: Database, **values: object) -> None:
    with database.writing() as session:
        session.execute(update(TextRow).where(TextRow.position == 0).values(**values))


def test_a_job_that_is_as_it_should_be_passes(audited: Database) -> None:
    assert judge(audited, store(audited, PLAN)) == {}


def test_a_job_that_was_stored_twice_is_doubled(audited: Database) -> None:
    store(audited, PLAN)

    assert judge(audited, store(audited, PLAN)) == {"doubled": 1}


def test_a_job_that_is_not_there_is_missing(audited: Database) -> None:
    assert judge(audited, UUID(int=1)) == {"missing": 3}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"label": "neutral"}, {"wrong": 1}),
        ({"score": 0.1}, {"wrong": 1}),
        ({"text": "另一条"}, {"wrong": 1}),
        ({"state": "running"}, {"unfinished": 1, "wrong": 1}),  # and the job's counts say otherwise
        ({"state": "cancelled"}, {"set_aside": 1, "wrong": 1}),
        ({"state": "failed"}, {"set_aside": 1, "wrong": 1, "doubled": 1}),  # a second outcome
    ],
)
def test_a_text_that_is_not_as_it_should_be_is_found(
    audited: Database, values: dict[str, object], expected: dict[str, int]
) -> None:
    job_id = store(audited, PLAN)

    change_first_text(audited, **values)

    assert judge(audited, job_id) == expected


def test_a_webhook_must_come_with_the_counts_of_its_job() -> None:
    accepted = {PLAN.marker: (PLAN, "id")}
    counts = {"total": 3, "succeeded": 3, "failed": 0, "cancelled": 0}
    verdicts = [Verdict(), Verdict(), Verdict()]

    for verdict, told in zip(verdicts, ({"id": counts}, {}, {"id": counts | {"succeeded": 2}}), strict=True):
        judge_webhooks(verdict, accepted, told)

    assert [verdict.untold for verdict in verdicts] == [0, 1, 1]


def test_a_change_that_the_database_had_to_refuse_is_found_in_the_logs() -> None:
    verdict = Verdict()

    judge_logs(verdict, {"worker-1": 'fine\n{"event": "raised unexpected: IntegrityError(…)"}\n', "api": "fine\n"})

    assert verdict.problems == ['refused: 1, e.g. worker-1: {"event": "raised unexpected: IntegrityError(…)"}']


def test_a_schedule_holds_every_kind_once_before_any_comes_twice() -> None:
    kinds = list(Fault)

    planned = plan_faults(3, kinds, 2 * len(kinds), seconds=60)

    assert {one.fault for one in planned[: len(kinds)]} == set(kinds)
    assert [one.at_seconds for one in planned] == sorted(one.at_seconds for one in planned)
    assert planned[-1].at_seconds <= 60
    assert planned == plan_faults(3, kinds, 2 * len(kinds), seconds=60)
