"""The official JavaScript library verifies what is signed, as it comes over the wire to a receiver.

It is installed from its lock file, with hashes, into `.cache` at the first run; without node or without a registry of
npm packages the tests are skipped, since the service itself needs neither.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.secret_box import create_secret
from shared.signing import sign
from tests.receivers import Receiver, Request
from tests.service import ROOT
from worker.webhook_sender import HTTPSender

SOURCE = ROOT / "tests" / "javascript"
FILES = ("package.json", "package-lock.json", "verify.mjs")
INSTALL_SECONDS = 60
EVENT = {"type": "job.completed", "data": {"id": "0190", "说明": "中文 😀", "count": 2}}


@pytest.fixture(scope="module")
def folder() -> Path:
    """Return a folder with the script and the library that it needs."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed, so the JavaScript library cannot be run")
    content = b"".join((SOURCE / name).read_bytes() for name in FILES)
    target = ROOT / ".cache" / f"javascript-{hashlib.sha256(content).hexdigest()[:16]}"
    if not target.exists():
        _install(target)
    return target


def _install(target: Path) -> None:
    """Install beside the target and move there at the end: another test process may be doing the same."""
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as draft:
        for name in FILES:
            shutil.copy(SOURCE / name, draft)
        _run_npm(draft)
        if not target.exists():
            shutil.copytree(draft, f"{draft}-done")
            try:
                os.rename(f"{draft}-done", target)
            except OSError:
                shutil.rmtree(f"{draft}-done")  # the other process was faster


def _run_npm(folder: str) -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0", "--loglevel=error"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, encoding="utf-8", timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not answer within {INSTALL_SECONDS} s, so the JavaScript library cannot be installed")
    if done.returncode != 0 and "EINTEGRITY" not in done.stderr:
        pytest.skip(f"npm cannot install the JavaScript library here: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr


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
