"""The receivers of docs/webhooks.md, run as they are written, take what is signed for them and nothing else."""

import os
import re
import runpy
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.queries.delivery_claims import Answer
from shared.secret_box import create_secret
from shared.signing import sign
from tests.javascript_library import install_javascript_library
from tests.servers import find_free_port
from tests.service import ROOT, wait_until
from worker.webhook_sender import HTTPSender

BODY = '{"type":"job.completed","data":{"id":"0190","说明":"中文"}}'


def read_example(language: str) -> str:
    document = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    (example,) = re.findall(rf"^```{language}\n(.*?)^```$", document, re.DOTALL | re.MULTILINE)
    return str(example)


def make_headers(secret: str) -> dict[str, str]:
    return sign([secret], "0190-abc", datetime.now(UTC), BODY)


def test_the_python_receiver_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    secret, module = create_secret(), tmp_path / "receiver.py"
    module.write_text(read_example("python"), encoding="utf-8")
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    client = runpy.run_path(str(module), run_name="receiver")["app"].test_client()

    taken = client.post("/sentiq", data=BODY, headers=make_headers(secret))
    refused = client.post("/sentiq", data=BODY, headers=make_headers(create_secret()))

    assert (taken.status_code, refused.status_code) == (204, 400)
    assert capsys.readouterr().out == "0190-abc job.completed 0190\n"


@contextmanager
def serve_example(secret: str, port: int) -> Iterator[None]:
    folder = install_javascript_library()
    process = subprocess.Popen(
        ["node", "--input-type=module", "-e", read_example("javascript").replace("listen(8000)", f"listen({port})")],
        cwd=folder, env=os.environ | {"WEBHOOK_SECRET": secret}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def test_the_javascript_receiver_works() -> None:
    secret, port, sender = create_secret(), find_free_port(), HTTPSender(5, allow_private=True)

    def send(with_secret: str) -> Answer:
        return sender.send(f"http://127.0.0.1:{port}/", make_headers(with_secret), BODY.encode())

    with serve_example(secret, port):
        wait_until(lambda: send(secret).is_success, 20, "the receiver taking the event")

        assert send(create_secret()).status_code == 400
