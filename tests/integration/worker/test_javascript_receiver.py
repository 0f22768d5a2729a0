"""The official JavaScript library verifies what is signed, as it comes over the wire to a receiver."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.secret_box import create_secret
from shared.signing import sign
from tests.javascript_library import install_javascript_library
from tests.receivers import Receiver, Request
from worker.webhook_sender import HTTPSender

EVENT = {"type": "job.completed", "data": {"id": "0190", "说明": "中文 😀", "count": 2}}


@pytest.fixture(scope="module")
def folder() -> Path:
    """Return a folder with the script and the library that it needs."""
    return install_javascript_library()


def verify(folder: Path, *messages: tuple[str, Request]) -> list[dict[str, Any]]:
    """Let the library verify each request with a secret."""
    given = [{"secret": secret, "headers": one.headers, "body": one.body.decode()} for secret, one in messages]
    done = subprocess.run(
        ["node", "verify.mjs"],
        cwd=folder, input=json.dumps(given), capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def receive(*secrets: str, sent_at: datetime | None = None) -> Request:
    """Return what a receiver gets that is sent the event."""
    body = json.dumps(EVENT, ensure_ascii=False)
    headers = sign(secrets, "0190-abc", sent_at or datetime.now(UTC), body)
    with Receiver() as receiver:
        assert HTTPSender(5, allow_private=True).send(receiver.url, headers, body.encode()).is_success
    (request,) = receiver.requests
    return request


def test_what_is_sent_is_verified(folder: Path) -> None:
    secret = create_secret()

    assert verify(folder, (secret, receive(secret))) == [{"event": EVENT}]


def test_during_a_rotation_either_secret_verifies(folder: Path) -> None:
    old, new = create_secret(), create_secret()
    request = receive(new, old)

    assert verify(folder, (old, request), (new, request)) == [{"event": EVENT}] * 2


def test_what_was_changed_or_is_old_or_comes_from_another_is_refused(folder: Path) -> None:
    secret = create_secret()
    request = receive(secret)
    changed = replace(request, body=request.body.replace(b"2", b"3"))
    renamed = replace(request, headers=request.headers | {"webhook-id": "0190-abd"})
    old = receive(secret, sent_at=datetime.now(UTC) - timedelta(minutes=6))

    answers = verify(folder, (secret, changed), (secret, renamed), (secret, old), (create_secret(), request))

    assert [answer.get("event") for answer in answers] == [None] * 4
    assert all("WebhookVerificationError" in answer["error"] for answer in answers)
