"""Alerts, dashboard and documents speak of metrics that exist, and every alert says what to do."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.compose import list_services
from tests.service import ROOT

OPERATIONS = ROOT / "docs" / "operations.md"
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "sentiq.json"
METRIC = re.compile(r"\bsentiq_[a-z_]+\b")
MADE = re.compile(r'\(\s*"(sentiq_[a-z_]+)",\s*"')  # a call with a metric's name and what it says of itself
SUFFIXES = ("_bucket", "_sum", "_count")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def list_alerts() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(read(PROMETHEUS / "alerts.yml"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def list_documented_metrics() -> set[str]:
    """Return the metrics of the table in docs/operations.md."""
    return set(re.findall(r"^\| `(sentiq_[a-z_]+)`", read(OPERATIONS), re.MULTILINE))


def list_code_metrics() -> set[str]:
    """Return the metrics that the code makes, by the names under which they are shown."""
    sources = [path for folder in ("api", "shared", "worker") for path in (ROOT / folder).rglob("*.py")]
    return {name for path in sources for name in MADE.findall(read(path))}


def strip(name: str) -> str:
    """Return a histogram's name for one of its series."""
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


def test_every_metric_is_documented_and_every_documented_one_exists() -> None:
    assert list_documented_metrics() == list_code_metrics()


@pytest.mark.parametrize("path", [PROMETHEUS / "alerts.yml", DASHBOARD], ids=lambda path: path.name)
def test_what_is_asked_for_exists(path: Path) -> None:
    asked = {strip(name) for name in METRIC.findall(read(path)) if name.removeprefix("sentiq_")}

    assert len(asked) > 10
    assert asked - list_documented_metrics() == set()


def test_every_alert_says_what_to_do_and_no_other_is_spoken_of() -> None:
    rows = re.findall(r"^\| `(Sentiq[A-Za-z]+)` \| (.+) \| (.+) \|$", read(OPERATIONS), re.MULTILINE)

    assert sorted(name for name, _, _ in rows) == sorted(2 * list(list_alerts()))  # in Chinese and in English
    assert all(len(meaning) > 5 and len(action) > 10 for _, meaning, action in rows)


def test_what_an_alert_counts_is_shown_as_zero_before_it_has_happened() -> None:
    code = "import worker.measurements, prometheus_client as p; print(p.generate_latest().decode())"
    fresh = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    absolute = [rule["expr"] for rule in list_alerts().values() if re.search(r"(>|==) 0$", rule["expr"])]

    series = {one for expression in absolute for one in re.findall(r"sentiq_[a-z_]+\{[^}]*\}", expression)}

    assert len(series) >= 3
    assert [one for one in sorted(series) if f"\n{one} 0.0\n" not in fresh.stdout] == []


def test_every_alert_has_a_severity_and_a_summary() -> None:
    for rule in list_alerts().values():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"].endswith(".")


def test_prometheus_asks_every_process_on_the_port_that_it_listens_on() -> None:
    jobs = yaml.safe_load(read(PROMETHEUS / "prometheus.yml"))["scrape_configs"]
    asked = {job["job_name"]: job["dns_sd_configs"][0] for job in jobs}
    port = int(list_services()["worker"]["environment"]["SENTIQ_METRICS_PORT"])

    assert {name: (where["names"], where["port"]) for name, where in asked.items()} == {
        "api": (["api"], 7860), "worker": (["worker"], port),
        "courier": (["courier"], port), "sweeper": (["sweeper"], port),
    }  # fmt: skip


def test_the_dashboard_is_whole_and_asks_the_data_source_that_is_provisioned() -> None:
    dashboard = json.loads(read(DASHBOARD))
    provisioned = yaml.safe_load(read(ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml"))["datasources"]
    panels = dashboard["panels"]

    assert [source["uid"] for source in provisioned] == ["prometheus"]
    assert {target["datasource"]["uid"] for panel in panels for target in panel["targets"]} == {"prometheus"}
    assert len({panel["id"] for panel in panels}) == len(panels) >= 15
    assert all(panel["title"] and panel["description"] for panel in panels)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels)
