"""`make recovery`: how soon work goes on after a death, and that a graceful restart costs no text an attempt."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import func, select

from shared.models import IS_RUNNING, TextRow
from tests.chaos.ending import clean_up_on_sigterm
from tests.chaos.faults import Fault, inject
from tests.chaos.options import Options
from tests.chaos.receiver import open_receiver
from tests.chaos.service import WORKERS, ChaosService
from tests.chaos.submitting import Ledger, submitting
from tests.service import LEASE_SECONDS, wait_until

DEFAULT_TIMES = 20
AFTER_WORKER_SECONDS = LEASE_SECONDS + 3
AFTER_BROKER_SECONDS = 15.0
PATIENCE_SECONDS = 60
BACKLOG_TEXTS = 3_000
TEXTS_PER_SECOND = 200
UNTIL_STOPPED = 3_600.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was measured, and what it may be at most."""

    name: str
    times: int
    worst: float
    limit: float
    unit: str = "s"

    @property
    def met(self) -> bool:
        """Whether even the worst time kept the promise."""
        return self.worst <= self.limit

    def __str__(self) -> str:
        verdict = "kept" if self.met else "broken"
        return f"| {self.name} | {self.times} | {self.worst:.1f} {self.unit} | {self.limit:g} {self.unit} | {verdict} |"


def measure_recovery(options: Options, times: int) -> list[Recovery]:
    """Do each of the three exercises so many times on one service."""
    with tempfile.TemporaryDirectory(prefix="sentiq-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with ChaosService(folder, options) as service:
            attempts = _restart_workers_under_load(service, options, times)
            workers = [_kill_worker(service) for _ in range(times)]
            brokers = [_kill_broker(service) for _ in range(times)]
    return [
        Recovery("worker killed: until what it held is claimed again", times, max(workers), AFTER_WORKER_SECONDS),
        Recovery("broker killed: until a new text is scored", times, max(brokers), AFTER_BROKER_SECONDS),
        Recovery("rolling restarts under load: most attempts of a text", times, attempts, 1, "attempts"),
    ]


def _restart_workers_under_load(service: ChaosService, options: Options, times: int) -> int:
    """Stop the workers in turn by SIGTERM while texts come in; return the most attempts that any text has needed."""
    with open_receiver(options.seed) as receiver:
        with submitting(service.url, Ledger(options, receiver.url)):
            for number in range(times):
                worker = service.find_process(WORKERS[number % len(WORKERS)])
                worker.send_signal(signal.SIGTERM)
                worker.wait(PATIENCE_SECONDS)
                _wait_for_scoring(service)
        wait_until(lambda: _is_idle(service), PATIENCE_SECONDS, "the end of the load")
    with service.database.reading() as session:
        return session.scalar(select(func.max(TextRow.attempts))) or 0


def _kill_worker(service: ChaosService) -> float:
    """Kill one of two workers at work; return the seconds until one of the texts that it held is claimed again."""
    seconds = None
    while seconds is None:
        seconds = _kill_worker_once(service)
    return seconds


def _kill_worker_once(service: ChaosService) -> float | None:
    """Do it; None if the worker held nothing just then, which proves nothing."""
    with httpx.Client(base_url=service.url, timeout=PATIENCE_SECONDS) as client:
        texts = [f"第{number}条：东西收到了。" for number in range(BACKLOG_TEXTS)]
        client.post("/v1/jobs", json={"texts": texts}).raise_for_status()
    wait_until(lambda: _count(service, IS_RUNNING) > 0, PATIENCE_SECONDS, "the workers being at work")
    retried, started = _count(service, TextRow.attempts > 1), time.monotonic()

    def is_claimed_again() -> bool:
        return _count(service, TextRow.attempts > 1) > retried

    inject(Fault.KILL_WORKER, service, 0)
    wait_until(lambda: is_claimed_again() or _is_idle(service), PATIENCE_SECONDS, "a held text being claimed again")
    seconds = time.monotonic() - started
    wait_until(lambda: _is_idle(service), PATIENCE_SECONDS, "the end of the job")
    return seconds if is_claimed_again() else None


def _is_idle(service: ChaosService) -> bool:
    return _count(service, TextRow.finished_at.is_(None)) == 0


def _kill_broker(service: ChaosService) -> float:
    """Kill the broker; return the seconds until a text that comes in right afterwards is scored."""
    inject(Fault.KILL_BROKER, service, 0)
    return _wait_for_scoring(service)


def _wait_for_scoring(service: ChaosService) -> float:
    """Submit one text and return the seconds until it is scored."""
    started = time.monotonic()
    with httpx.Client(base_url=service.url, timeout=PATIENCE_SECONDS) as client:
        answer = client.post("/v1/jobs", json={"texts": ["还好吗？"]}, headers={"Prefer": "wait=10"})
        link = answer.raise_for_status().json()["links"]["self"]
        wait_until(
            lambda: client.get(link).json()["state"] == "completed", PATIENCE_SECONDS, "a single text being scored"
        )
    return time.monotonic() - started


def _count(service: ChaosService, *conditions: object) -> int:
    with service.database.reading() as session:
        return session.scalar(select(func.count()).select_from(TextRow).where(*conditions)) or 0  # type: ignore[arg-type]


_HEAD = "| what | times | worst | at most | promise |\n| --- | --- | --- | --- | --- |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure on the databases that the arguments name; return 1 if any promise was broken."""
    parser = argparse.ArgumentParser(prog="make recovery", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--times", type=int, default=DEFAULT_TIMES)
    given = parser.parse_args(arguments)
    clean_up_on_sigterm()
    met = True
    for database in given.database:
        measured = measure_recovery(list_options(database), given.times)
        sys.stdout.write(f"\n{database}\n\n{_HEAD}\n" + "".join(f"{one}\n" for one in measured))
        met = met and all(one.met for one in measured)
    return int(not met)


def list_options(database: str) -> Options:
    """Return the options of a service under a steady load that goes on until it is stopped."""
    return Options(database=database, poisons=0, seconds=UNTIL_STOPPED, texts=int(UNTIL_STOPPED * TEXTS_PER_SECOND))


if __name__ == "__main__":
    sys.exit(main())
