"""The judge: compares what callers were promised with what the database and the receiver hold."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from shared.database import Database
from shared.models import Job, TextRow
from shared.states import ErrorCode, JobState, TextState
from tests.chaos.audit import count_doubled
from tests.chaos.texts import JobPlan, expect_result

POISON_ATTEMPTS = 3
TOLERANCE = 1e-4
OUTCOMES = (TextState.SUCCEEDED, TextState.FAILED, TextState.CANCELLED)
Accepted = Mapping[str, tuple[JobPlan, str]]


@dataclass(slots=True)
class Verdict:
    """How often each promise was broken; all zero, or the run has failed."""

    missing: int = 0  # texts of accepted jobs that are not in the database
    unfinished: int = 0  # texts without an outcome, and jobs that do not say that they are done
    doubled: int = 0  # jobs stored twice for one request, and outcomes stored for texts that nobody held
    wrong: int = 0  # results that are not the text's own, and counts that are not the job's
    set_aside: int = 0  # innocent texts given up
    not_isolated: int = 0  # poison texts that were not given up at the third attempt
    untold: int = 0  # due webhooks that never came, or told something else
    refused: int = 0  # changes that only the database's own constraints have kept out
    late: int = 0  # texts that no nudge woke a worker for while nothing was broken
    undone: int = 0  # planned faults for which there was nothing to break: the run has proved less than it was to
    unexpected: int = 0  # answers over HTTP that no fault explains
    examples: dict[str, str] = field(default_factory=dict)  # of each kind, the first one in words

    def note(self, kind: str, what: str, times: int = 1) -> None:
        """Count a broken promise."""
        if times:
            setattr(self, kind, getattr(self, kind) + times)
            self.examples.setdefault(kind, what)

    @property
    def counts(self) -> dict[str, int]:
        """Return how often each promise was broken."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "examples"}

    @property
    def problems(self) -> list[str]:
        """Return what was wrong, a line a kind; empty if nothing was."""
        return [f"{kind}: {times}, e.g. {self.examples[kind]}" for kind, times in self.counts.items() if times]


def judge_jobs(verdict: Verdict, database: Database, accepted: Accepted) -> None:
    """Judge every job and every text in the database, and the absence of any."""
    verdict.note("doubled", "an outcome stored for a text that nobody held", count_doubled(database))
    with database.reading() as session:
        jobs: Sequence[Row[Any]] = session.execute(select(*_JOB_COLUMNS)).all()
        by_marker: dict[str, list[Row[Any]]] = defaultdict(list)
        for job in jobs:
            by_marker[(job.details or {}).get("marker", "")].append(job)
        for marker, (plan, job_id) in accepted.items():
            stored = by_marker[marker]
            verdict.note("doubled", f"job {marker} is there {len(stored)} times", max(0, len(stored) - 1))
            _judge_job(verdict, session, plan, [job for job in stored if job.id == UUID(job_id)])


def _judge_job(verdict: Verdict, session: Session, plan: JobPlan, found: Sequence[Row[Any]]) -> None:
    if not found:
        verdict.note("missing", f"all {plan.size} texts of job {plan.marker}", plan.size)
        return
    rows: list[Any] = list(session.execute(select(*_TEXT_COLUMNS).where(TextRow.job_id == found[0].id)))
    _judge_texts(verdict, plan, rows)
    _judge_counts(verdict, plan, found[0], rows)


_JOB_COLUMNS = (
    Job.id, Job.details, Job.state, Job.total_count, Job.queued_count, Job.running_count, Job.succeeded_count,
    Job.failed_count, Job.cancelled_count,
)  # fmt: skip
_TEXT_COLUMNS = (
    TextRow.position, TextRow.text, TextRow.state, TextRow.label, TextRow.score, TextRow.attempts, TextRow.error_code,
)  # fmt: skip


def _judge_texts(verdict: Verdict, plan: JobPlan, rows: Iterable[Row[Any]]) -> None:
    stored = {row.position: row for row in rows}
    for position, text in enumerate(plan.list_texts()):
        row, where = stored.get(position), f"text {position} of job {plan.marker}"
        if row is None:
            verdict.note("missing", where)
        elif row.state not in OUTCOMES:
            verdict.note("unfinished", f"{where}, which is {row.state}")
        elif position == plan.poison_at:
            is_isolated = (row.error_code, row.attempts) == (ErrorCode.ATTEMPTS_EXHAUSTED, POISON_ATTEMPTS)
            verdict.note("not_isolated", f"{where}: {row.state} after {row.attempts} attempts", not is_isolated)
        elif row.state != TextState.SUCCEEDED:
            verdict.note("set_aside", f"{where}: {row.error_code} after {row.attempts} attempts")
        else:
            label, score = expect_result(text)
            is_right = row.text == text and row.label == label and abs(row.score - score) < TOLERANCE
            verdict.note("wrong", f"{where}: {row.label} {row.score}, not {label} {score:.6f}", not is_right)


def _judge_counts(verdict: Verdict, plan: JobPlan, job: Row[Any], rows: Iterable[Row[Any]]) -> None:
    states = Counter(row.state for row in rows)
    told = {state.value: getattr(job, f"{state}_count") for state in TextState}
    is_right = job.total_count == plan.size and all(told[state] == states[state] for state in told)
    verdict.note("wrong", f"job {plan.marker} counts {told} where its texts are {dict(states)}", not is_right)
    if job.state != JobState.COMPLETED:
        verdict.note("unfinished", f"job {plan.marker}, which is {job.state}")


def judge_webhooks(verdict: Verdict, accepted: Accepted, told: Mapping[str, dict[str, Any]]) -> None:
    """Judge whether every job with a webhook was told of, with the counts that it must have."""
    for marker, (plan, job_id) in accepted.items():
        if not plan.has_webhook:
            continue
        failed = int(plan.poison_at is not None)
        expected = {"total": plan.size, "succeeded": plan.size - failed, "failed": failed, "cancelled": 0}
        counts = told.get(job_id)
        verdict.note("untold", f"job {marker}, expected {expected}, told {counts}", not _includes(counts, expected))


def _includes(counts: Mapping[str, int] | None, expected: Mapping[str, int]) -> bool:
    return counts is not None and all(counts.get(name) == value for name, value in expected.items())


def judge_logs(verdict: Verdict, logs: Mapping[str, str]) -> None:
    """Judge whether the database ever had to refuse a change: the guards of the service should have done so."""
    for name, log in logs.items():
        refusals = re.findall(r"^.*IntegrityError.*$", log, re.MULTILINE)
        verdict.note("refused", f"{name}: {''.join(refusals[:1])[:300]}", len(refusals))
