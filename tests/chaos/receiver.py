"""The receiver of a run's webhooks: takes most in, refuses some at first, and remembers which jobs it was told of."""

import json
import random
from collections.abc import Sequence
from typing import Any

from shared.states import EventType
from tests.receivers import Receiver, Request

REFUSED_SHARE = 0.1
ANSWERS = 10_000


def plan_answers(seed: int) -> list[int]:
    """Return the statuses that the receiver answers with in turn; the last one for ever."""
    draw = random.Random(seed)
    return [503 if draw.random() < REFUSED_SHARE else 200 for _ in range(ANSWERS)] + [200]


def list_told(requests: Sequence[Request]) -> dict[str, dict[str, Any]]:
    """Return, by the job's id, the counts that each completed job was told with in a request that was taken in."""
    events = [json.loads(request.body) for request in requests if request.status < 300]
    completed = [event["data"] for event in events if event["type"] == EventType.JOB_COMPLETED]
    return {job["id"]: job["counts"] for job in completed}


def open_receiver(seed: int) -> Receiver:
    """Return a receiver for a `with` block."""
    return Receiver(plan_answers(seed))
