"""The callers: several threads that submit all the time, and see to it that each job is there exactly once.

A caller that got no answer does not know whether its job was stored. It sends it again, under the same
`Idempotency-Key`; that this never makes a second job is judged by the marker in the job's metadata.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from tests.chaos.options import Options
from tests.chaos.texts import JobPlan, expect_result, plan_job

# Longer than any wait inside the service, so that what was not answered is not still being done.
TIMEOUT_SECONDS = 40
PAUSE_SECONDS = 0.5
GIVE_UP_SECONDS = 120  # no fault may last as long
MAX_WAITING_TEXTS = 6_000
WAIT_SECONDS = 5
LANES = (True, False, False)  # a caller each; the first one waits for its results


@dataclass(slots=True)
class Ledger:
    """What was sent and what came back; the judge compares it with the database."""

    options: Options
    webhook_url: str
    waiting_texts: int = 0  # as last seen in the database
    lost_answers: int = 0  # requests after which nobody knew what had become of them
    unexpected: list[str] = field(default_factory=list)  # answers that no fault explains
    accepted: dict[str, tuple[JobPlan, str]] = field(default_factory=dict)  # marker -> plan and the job's id
    _numbers: dict[bool, Iterator[int]] = field(default_factory=lambda: {True: count(), False: count()})  # by lane
    _planned_texts: int = 0
    _started_at: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_complete(self) -> bool:
        """Whether as many texts as wanted are, or are being, submitted."""
        return self._planned_texts >= self.options.texts

    @property
    def texts(self) -> int:
        """How many texts have been accepted."""
        return sum(plan.size for plan, _ in tuple(self.accepted.values()))

    def plan_next(self, *, is_interactive: bool) -> JobPlan | None:
        """Return the next job, or None while the service has enough to do for now."""
        with self._lock:
            due = self.options.texts * (time.monotonic() - self._started_at) / self.options.seconds
            if self.is_complete or self._planned_texts > due or self.waiting_texts > MAX_WAITING_TEXTS:
                return None
            number = next(self._numbers[is_interactive])
            plan = plan_job(self.options.seed, number, is_interactive=is_interactive, poisons=self.options.poisons)
            self._planned_texts += plan.size
            return plan


class Caller(threading.Thread):
    """Submits jobs of one kind until it is stopped or all are in."""

    def __init__(self, url: str, ledger: Ledger, stopped: threading.Event, *, is_interactive: bool) -> None:
        super().__init__(name="caller")
        self._url, self._ledger, self._stopped, self._is_interactive = url, ledger, stopped, is_interactive

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=TIMEOUT_SECONDS) as client:
            while not self._stopped.is_set() and not self._ledger.is_complete:
                plan = self._ledger.plan_next(is_interactive=self._is_interactive)
                if plan is None:
                    time.sleep(0.02)
                else:
                    self._submit(client, plan)

    def _submit(self, client: httpx.Client, plan: JobPlan) -> None:
        give_up_at = time.monotonic() + GIVE_UP_SECONDS
        job = self._post(client, plan)
        while job is None and time.monotonic() < give_up_at:
            self._ledger.lost_answers += 1
            time.sleep(PAUSE_SECONDS)
            job = self._post(client, plan)
        if job is None:
            self._ledger.unexpected.append(f"job {plan.marker} was not taken in for {GIVE_UP_SECONDS} s")
            return
        self._ledger.accepted[plan.marker] = (plan, job["id"])
        self._check_inline(plan, job)

    def _post(self, client: httpx.Client, plan: JobPlan) -> dict[str, Any] | None:
        """Send the job and return it as stored; None if nobody knows whether it is."""
        body: dict[str, Any] = {"texts": plan.list_texts(), "metadata": {"marker": plan.marker}}
        headers = {"Idempotency-Key": plan.marker}
        if plan.has_webhook:
            body["webhook"] = {"url": self._ledger.webhook_url}
        if plan.is_interactive:
            headers["Prefer"] = f"wait={WAIT_SECONDS}"
        try:
            answer = client.post("/v1/jobs", json=body, headers=headers)
        except httpx.TransportError:
            return None
        if answer.status_code in (200, 202):
            job: dict[str, Any] = answer.json()
            return job
        # 409: the first request with this key is still being answered, or its process died while it was.
        if answer.status_code not in (409, 503):
            self._ledger.unexpected.append(f"POST /v1/jobs: {answer.status_code} {answer.text[:300]}")
        return None

    def _check_inline(self, plan: JobPlan, job: dict[str, Any]) -> None:
        texts = plan.list_texts()
        for result in job.get("results", ()):
            if result["label"] != expect_result(texts[result["index"]])[0]:
                self._ledger.unexpected.append(f"job {plan.marker} was answered with a wrong label: {result}")


@contextmanager
def submitting(url: str, ledger: Ledger) -> Iterator[None]:
    """Keep all callers submitting for as long as the `with` block lasts."""
    stopped = threading.Event()
    callers = [Caller(url, ledger, stopped, is_interactive=is_interactive) for is_interactive in LANES]
    for caller in callers:
        caller.start()
    try:
        yield
    finally:
        stopped.set()
        for caller in callers:
            caller.join()
