"""`sentiq listen` takes what is genuine, refuses what is not, and says both."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from sentiq.cli.listen import Listener
from shared.signing import sign
from tests.client.commands import make_environment
from tests.client.test_webhooks import BODY, OTHER, SECRET


@pytest.fixture
def listener() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a listener that leaves after two events, and yield it with its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sentiq.cli", "listen", "--port", "0", "--count", "2", "--json"],
        env=make_environment("", SENTIQ_WEBHOOK_SECRET=SECRET, PYTHONUNBUFFERED="1"), encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    first = process.stderr.readline()
    yield process, next(word.rstrip(";") for word in first.split() if word.startswith("http://"))
    process.kill()
    process.communicate()


def send(url: str, webhook_id: str, secret: str) -> int:
    headers = sign([secret], webhook_id, datetime.now(UTC), BODY.decode())
    return httpx.post(url, content=BODY, headers=headers, timeout=10).status_code


def test_genuine_events_are_printed_and_others_refused(listener: tuple[subprocess.Popen[str], str]) -> None:
    process, url = listener

    statuses = [send(url, "m1", SECRET), send(url, "m1", SECRET), send(url, "m2", OTHER), send(url, "m2", SECRET)]
    out, said = process.communicate(timeout=30)

    assert statuses == [204, 204, 400, 204]
    events = [json.loads(line) for line in out.splitlines()]
    assert [(event["id"], event["repeated"]) for event in events] == [("m1", False), ("m1", True), ("m2", False)]
    assert "Refused (400)" in said
    assert process.returncode == 0


def test_the_last_event_is_answered_before_the_listening_ends() -> None:
    listener = Listener(SECRET, lambda event, is_repeated: None, count=1)

    assert listener.take(sign([SECRET], "m1", datetime.now(UTC), BODY.decode()).items(), BODY)
    assert not listener.is_done.is_set()

    listener.end_when_enough()
    assert listener.is_done.is_set()
