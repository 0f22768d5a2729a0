"""One run: start the service, submit, break things by the schedule, wait for all to be done, judge."""

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.models import Job
from shared.queries import backlog
from tests.chaos.audit import install_audit
from tests.chaos.calm import probe_calm
from tests.chaos.faults import Fault, inject, list_possible
from tests.chaos.judging import Verdict, judge_jobs, judge_logs, judge_webhooks
from tests.chaos.options import Options
from tests.chaos.receiver import list_told, open_receiver
from tests.chaos.schedule import PlannedFault, plan_faults
from tests.chaos.service import ChaosService
from tests.chaos.submitting import Ledger, submitting
from tests.receivers import Receiver
from tests.service import ROOT

POLL_SECONDS = 0.5
OVERTIME = 2.0  # callers may take so many times the planned seconds to send all their texts
KEPT_LOGS = ROOT / "build" / "chaos"


@dataclass(slots=True)
class Outcome:
    """What a run did, and what the judge says."""

    options: Options
    verdict: Verdict = field(default_factory=Verdict)
    faults: dict[str, int] = field(default_factory=dict)  # how often each was done
    not_possible: list[str] = field(default_factory=list)
    seconds: float = 0.0
    drain_seconds: float = 0.0
    calm_seconds: float = 0.0  # the median wait of a single text afterwards
    texts: int = 0
    poisons: int = 0
    webhooks: int = 0  # due
    lost_answers: int = 0  # requests whose caller had to find out what had become of them
    restarts: int = 0  # programs that were started again

    @property
    def fault_count(self) -> int:
        """How many faults there were, of all kinds."""
        return sum(self.faults.values())

    @property
    def kept_disk(self) -> bool:
        """Whether SQLite's disk could not be filled, for want of one of its own."""
        return self.options.database == "sqlite" and Fault.FILL_DISK in self.not_possible

    @property
    def is_short(self) -> bool:
        """Whether fewer texts were sent than were to be, since the machine was too slow."""
        return self.texts < self.options.texts


def run_chaos(options: Options) -> Outcome:
    """Do one run and return what came of it; the logs are kept if it failed."""
    outcome, started = Outcome(options), time.monotonic()
    # Not in a folder that only this user may enter: as root, PostgreSQL is run as another one.
    with tempfile.TemporaryDirectory(prefix="sentiq-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with open_receiver(options.seed) as receiver, ChaosService(folder, options) as service:
            install_audit(service.database)
            ledger = Ledger(options, receiver.url)
            _submit_and_break(service, ledger, outcome)
            _drain(service.database, ledger, receiver, outcome)
            _judge(service, ledger, receiver, outcome)
        outcome.seconds = time.monotonic() - started
        if outcome.verdict.problems:
            _keep_logs(folder, options)
    return outcome


def _submit_and_break(service: ChaosService, ledger: Ledger, outcome: Outcome) -> None:
    options = ledger.options
    possible = list_possible(service)
    outcome.not_possible = [fault for fault in Fault if fault not in possible]
    chosen = [fault for fault in possible if not options.only or fault in options.only]
    schedule = plan_faults(options.seed, chosen, options.faults, options.seconds)
    deadline = time.monotonic() + OVERTIME * options.seconds
    with submitting(service.url, ledger), ThreadPoolExecutor(1, "breaker") as breaker:
        broken = breaker.submit(_break, service, schedule, outcome)
        while not broken.done() or (not ledger.is_complete and time.monotonic() < deadline):
            ledger.waiting_texts = _read(lambda: _count_waiting(service.database), ledger.waiting_texts)
            time.sleep(POLL_SECONDS)
        broken.result()  # a fault that could not be done is the harness's own mistake


def _break(service: ChaosService, schedule: Sequence[PlannedFault], outcome: Outcome) -> None:
    started = time.monotonic()
    for planned in schedule:
        time.sleep(max(0.0, started + planned.at_seconds - time.monotonic()))
        if inject(planned.fault, service, planned.draw):
            outcome.faults[planned.fault] = outcome.faults.get(planned.fault, 0) + 1
        else:
            outcome.verdict.note("undone", planned.fault)


def _drain(database: Database, ledger: Ledger, receiver: Receiver, outcome: Outcome) -> None:
    """Wait until every job is done and told of; what is not by then is for the judge."""
    started = time.monotonic()
    due = {job_id for plan, job_id in ledger.accepted.values() if plan.has_webhook}
    while time.monotonic() - started < ledger.options.drain_seconds:
        if _read(lambda: _count_unfinished(database), 1) == 0 and due <= list_told(receiver.requests).keys():
            break
        time.sleep(POLL_SECONDS)
    outcome.drain_seconds = time.monotonic() - started


def _judge(service: ChaosService, ledger: Ledger, receiver: Receiver, outcome: Outcome) -> None:
    verdict, plans = outcome.verdict, [plan for plan, _ in ledger.accepted.values()]
    outcome.texts, outcome.lost_answers, outcome.restarts = ledger.texts, ledger.lost_answers, service.restarts
    outcome.poisons = sum(plan.poison_at is not None for plan in plans)
    outcome.webhooks = sum(plan.has_webhook for plan in plans)
    judge_jobs(verdict, service.database, ledger.accepted)
    judge_webhooks(verdict, ledger.accepted, list_told(receiver.requests))
    judge_logs(verdict, service.read_logs())
    for answer in ledger.unexpected:
        verdict.note("unexpected", answer)
    if not verdict.unfinished:  # or the probes would wait behind what is stuck
        try:
            outcome.calm_seconds = probe_calm(verdict, service.url)
        except httpx.HTTPError as err:
            verdict.note("unexpected", f"with nothing broken: {err!r}")


def _count_waiting(database: Database) -> int:
    with database.reading() as session:
        return sum(one.queued_texts for one in backlog.list_backlogs(session))


def _count_unfinished(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.finished_at.is_(None))) or 0


def _read(query: Callable[[], int], otherwise: int) -> int:
    """Return what the database says, or `otherwise` while it is away."""
    try:
        return query()
    except SQLAlchemyError:
        return otherwise


def _keep_logs(folder: Path, options: Options) -> None:
    kept = KEPT_LOGS / options.name.replace(" ", "-")
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)
