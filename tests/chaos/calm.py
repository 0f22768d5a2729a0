"""The calm after the faults: nothing is broken any more, so each text must be scored at once."""

import time
from statistics import median

import httpx

from tests.chaos.judging import Verdict

PROBES = 5
WAIT_SECONDS = 10
# A text that no nudge wakes a worker for waits until the sweeper sees it: beyond its grace period of 2 s.
LATE_SECONDS = 2.0


def probe_calm(verdict: Verdict, url: str) -> float:
    """Submit single texts one by one and return the median of their waits, in seconds."""
    waits = []
    with httpx.Client(base_url=url, timeout=WAIT_SECONDS + 5) as client:
        for number in range(PROBES):
            started = time.monotonic()
            body = {"texts": [f"雨过天晴，第{number}条。"]}
            client.post("/v1/jobs", json=body, headers={"Prefer": f"wait={WAIT_SECONDS}"}).raise_for_status()
            waits.append(time.monotonic() - started)
    typical = median(waits)  # one slow moment of the machine proves nothing
    late = sum(wait > LATE_SECONDS for wait in waits) if typical > LATE_SECONDS else 0
    verdict.note("late", f"with nothing broken, a text waited {typical:.1f} s: no nudge woke a worker", late)
    return typical
