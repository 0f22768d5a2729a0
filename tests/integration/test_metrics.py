"""Every documented metric appears, with a value, after real processes have done some work."""

import re
from base64 import b64encode
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.faults.test_api_faults import GUNICORN, TEXTS, start_api
from tests.receivers import Receiver
from tests.servers import find_free_port
from tests.service import ROOT, Service, wait_until


@pytest.fixture
def service(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    folder = service.folder / "metrics"
    folder.mkdir()
    # Read by prometheus_client when a process imports it.
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    service.options = {
        "webhook_secret": "whsec_" + b64encode(b"s" * 32).decode(),
        "webhook_allow_private": True,
        "nudge_grace_seconds": 0.5,
        "metrics_dir": folder,
    }
    return service


def list_documented() -> set[str]:
    content = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(sentiq_[a-z_]+)`", content, re.MULTILINE))


def list_shown(document: str) -> set[str]:
    """Return the metrics that have at least one value, by the names of the documents."""
    families = [family for family in text_string_to_metric_families(document) if family.samples]
    return {f"{family.name}_total" if family.type == "counter" else family.name for family in families}


def count_processes(folder: Path) -> int:
    return len({re.sub(r"\D", "", path.stem) for path in folder.glob("*.db")})


def test_every_documented_metric_has_a_value_once_work_was_done(service: Service) -> None:
    port = find_free_port()
    service.submit(["这条没有人提醒"])  # which the sweeper has to see to
    service.start("sweeper", "worker.sweeper")
    service.start_worker()
    service.start("courier", "worker.courier", metrics_port=port)
    with Receiver() as receiver, start_api(service, *GUNICORN) as client:
        client.post("/v1/jobs", json=TEXTS | {"webhook": {"url": receiver.url}})
        wait_until(lambda: bool(receiver.requests), 60, "the event")

        def show() -> str:
            return client.get("/metrics").text

        wait_until(lambda: list_documented() <= list_shown(show()), 30, f"all of {list_documented()} being shown")
        document = show()
        from_the_courier = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text

    assert 'sentiq_delivery_attempts_total{outcome="delivered"} 1.0' in document
    assert 'sentiq_texts_total{model="structbert-small-zh",outcome="succeeded"} 3.0' in document
    assert 'sentiq_delivery_attempts_total{outcome="delivered"} 1.0' in from_the_courier
    assert count_processes(service.folder / "metrics") >= 4
