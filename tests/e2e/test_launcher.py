"""The launcher's story with the real service: start, serve, stop, start again, and how each of these can break."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.e2e.launched import LaunchedService
from tests.service import ROOT, wait_until

MANY = [f"第{number}次购买，质量一直很好，物流也快，包装完整，客服很耐心。" for number in range(2_500)]
EACH_ONCE = {(index, "succeeded"): 1 for index in range(len(MANY))}


def test_make_run_serves_a_text_and_says_where(running_service: LaunchedService) -> None:
    output = running_service.read_output()

    answer = httpx.post(f"{running_service.url}/api/sentiment", json={"text": "物流太慢了，包装也破了。"}, timeout=30)

    assert (answer.status_code, answer.json()["sentiment"]) == (200, "Negative")
    for part in (running_service.url, "Self-check", "Positive", str(running_service.state / "logs"), "Ctrl-C"):
        assert part in output
    assert "Traceback" not in output


def test_every_program_of_the_service_runs_and_writes_a_log(running_service: LaunchedService) -> None:
    for module in ("gunicorn", "worker", "worker.courier", "worker.sweeper"):
        assert running_service.find_program(module).is_running()
    assert {path.name for path in (running_service.state / "logs").glob("*.log")} >= {
        "api.log", "broker.log", "courier.log", "supervisord.log", "sweeper.log", "worker.log",
    }  # fmt: skip


def test_metrics_of_the_workers_show_at_the_api(running_service: LaunchedService) -> None:
    httpx.post(f"{running_service.url}/api/sentiment", json={"text": "很好"}, timeout=30)

    metrics = httpx.get(f"{running_service.url}/metrics", timeout=10).text

    assert 'sentiq_texts_total{model="structbert-small-zh",outcome="succeeded"}' in metrics


def test_a_second_launcher_in_the_same_folder_is_refused_in_one_line(running_service: LaunchedService) -> None:
    second = LaunchedService(running_service.state.parent / "second", settings={
        "SENTIQ_STATE_DIR": str(running_service.state),
    })  # fmt: skip

    said = second.run_until_it_fails()

    assert "already running" in said
    assert len(_own_lines(said)) == 1
    assert httpx.get(f"{running_service.url}/health/ready", timeout=10).status_code == 200


def test_ctrl_c_leaves_no_process(service: LaunchedService) -> None:
    service.start()

    seconds = service.stop(signal.SIGINT, whole_group=True)

    assert service.list_processes() == []
    assert seconds < 20
    assert "Stopped" in service.read_output()


def test_a_hasty_second_ctrl_c_does_no_harm(service: LaunchedService) -> None:
    service.start()
    launcher = service.find_launcher()

    launcher.send_signal(signal.SIGINT)
    launcher.send_signal(signal.SIGINT)
    service.stop(signal.SIGINT, whole_group=True)

    assert service.list_processes() == []
    assert "Traceback" not in service.read_output()


def test_a_job_and_its_queue_survive_a_restart_and_the_second_start_is_quick(service: LaunchedService) -> None:
    service.start()
    job_id = service.submit(MANY)
    service.wait_until_under_way(job_id)

    service.stop(signal.SIGTERM)
    left_behind = service.list_processes()
    seconds = service.start()

    assert left_behind == []
    # Ready in 5 s by measurement on an idle machine; this one may be busy with other tests.
    assert seconds < 20
    service.wait_until_done(job_id)
    assert service.count_outcomes(job_id) == EACH_ONCE


def test_a_killed_launcher_costs_time_only(service: LaunchedService) -> None:
    service.start()
    job_id = service.submit(MANY)
    service.wait_until_under_way(job_id)

    service.find_launcher().kill()
    service.start()

    service.wait_until_done(job_id)
    assert service.count_outcomes(job_id) == EACH_ONCE


def test_a_killed_supervisor_ends_the_service_and_leaves_no_process(service: LaunchedService) -> None:
    service.start()

    supervisor = int((service.state / "supervisord.pid").read_text())
    next(process for process in service.list_processes() if process.pid == supervisor).kill()
    assert service.make is not None
    exit_code = service.make.wait(60)

    assert exit_code == 2
    assert "The supervisor ended unexpectedly" in service.read_output()
    assert service.list_processes() == []


def test_a_killed_make_leaves_no_service_that_nobody_sees(service: LaunchedService) -> None:
    service.start()

    service.stop(signal.SIGKILL)

    wait_until(lambda: service.list_processes() == [], 30, "the end of every process")


def test_a_killed_worker_is_started_again_and_said(service: LaunchedService) -> None:
    service.start()
    job_id = service.submit(MANY)
    service.wait_until_under_way(job_id)

    service.find_program("worker").kill()

    wait_until(lambda: "worker ended unexpectedly" in service.read_output(), 10, "the line about the worker")
    service.wait_until_done(job_id)
    assert service.count_outcomes(job_id) == EACH_ONCE


def test_a_program_that_keeps_dying_is_named_with_its_last_words(service: LaunchedService) -> None:
    service.settings["SENTIQ_BROKER_URL"] = "nonsense://127.0.0.1/0"

    said = service.run_until_it_fails()

    assert "keeps ending" in said
    assert str(service.state / "logs") in said
    assert service.list_processes() == []


def test_a_taken_port_is_one_kind_line(service: LaunchedService) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", service.port))
        other.listen()

        said = service.run_until_it_fails()

    assert f"Port {service.port} on 127.0.0.1 is taken" in said
    assert len(_own_lines(said)) == 1


def test_a_folder_that_cannot_be_written_is_one_kind_line(service: LaunchedService, tmp_path: Path) -> None:
    # Below a regular file, since nothing else stops root from writing.
    (tmp_path / "file").touch()
    service.settings["SENTIQ_STATE_DIR"] = str(tmp_path / "file" / "state")

    said = service.run_until_it_fails()

    assert "cannot be written to" in said
    assert len(_own_lines(said)) == 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SENTIQ_MODEL", "absent", "There is no model directory"),
        ("SENTIQ_WORKERS", "none", "SENTIQ_WORKERS"),
        ("SENTIQ_HOST", "192.0.2.1", "Cannot listen on 192.0.2.1"),
    ],
)
def test_a_wrong_setting_is_one_kind_line(service: LaunchedService, name: str, value: str, words: str) -> None:
    service.settings[name] = value

    said = service.run_until_it_fails()

    assert words in said
    assert len(_own_lines(said)) == 1


def test_a_service_without_keys_is_not_opened_to_other_machines(service: LaunchedService) -> None:
    service.settings["SENTIQ_HOST"] = "0.0.0.0"

    said = service.run_until_it_fails()

    assert "There are no keys" in said
    assert "Traceback" not in said
    assert service.list_processes() == []


def test_a_service_with_keys_opens_to_who_has_one(service: LaunchedService) -> None:
    service.settings["SENTIQ_AUTH"] = "keys"
    service.start()
    made = subprocess.run(
        [ROOT / "bin" / "sentiq-admin", "keys", "create", "--tenant", "shop"],
        env=os.environ | {"SENTIQ_STATE_DIR": str(service.state)}, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    key = {"Authorization": f"Bearer {made.stdout.strip()}"}

    refused = httpx.post(f"{service.url}/api/sentiment", json={"text": "很好"})
    scored = httpx.post(f"{service.url}/api/sentiment", json={"text": "很好"}, headers=key, timeout=30)

    assert "since the service asks for a key" in service.read_output()
    assert (refused.status_code, refused.json()["code"]) == (401, "key_missing")
    assert (scored.status_code, scored.json()["sentiment"]) == (200, "Positive")


def _own_lines(said: str) -> list[str]:
    """Return what was said, without what `make` adds to it."""
    return [line for line in said.splitlines() if not line.startswith("make")]
