"""What docker-compose.yml promises: nobody is root, nothing is written outside of volumes, only the API is reached."""

import re
from typing import Any

import pytest

from embedded.programs import list_programs
from shared.settings import Settings
from tests.deploy.compose import list_own_services, list_services, read_compose
from tests.servers import DISCREET
from tests.service import ROOT

SERVICES = sorted(list_services())
PROCESSES = {"api", "worker", "courier", "sweeper"}
MONITORING = {"prometheus", "grafana"}
# An exact version: three numbers, or PostgreSQL's two.
PINNED = re.compile(r"^[a-z0-9./-]+:v?\d+(\.\d+){1,2}(@sha256:[0-9a-f]{64})?$")


def read_service(name: str) -> dict[str, Any]:
    return list_services()[name]


def count_seconds(duration: str) -> int:
    assert duration.endswith("s")
    return int(duration.removesuffix("s"))


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_rights_that_it_does_not_need(name: str) -> None:
    service = read_service(name)

    user, _, _ = service["user"].partition(":")
    assert int(user) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    assert service["pids_limit"] > 0
    assert service["logging"]["options"]["max-size"] == "10m"


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned_to_an_exact_version(name: str) -> None:
    assert PINNED.match(read_service(name)["image"])


def test_the_image_that_is_built_starts_from_a_pinned_one_and_is_not_root() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-[a-z]+$", dockerfile, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+) AS", dockerfile, re.MULTILINE)) == {"${PYTHON_IMAGE}"}
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE) == ["10001:10001"]
    assert {service["user"] for service in list_own_services().values()} == {"10001:10001"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_says_whether_it_is_well(name: str) -> None:
    check = read_service(name)["healthcheck"]

    if name == "migrate":  # it runs once and ends
        assert check == {"disable": True}
    else:
        assert {"test", "interval", "timeout", "retries", "start_period"} == set(check)


def test_the_database_is_well_only_once_its_set_up_is_over() -> None:
    check = read_service("database")["healthcheck"]["test"]

    # The server that the image starts for its set-up listens on its socket alone.
    assert check[check.index("--host") + 1] == "127.0.0.1"


def test_the_database_logs_no_rows() -> None:
    command = read_service("database")["command"]

    assert tuple(command[-len(DISCREET) :]) == DISCREET  # with which tests/faults/test_privacy.py searches its log


def test_only_the_api_and_the_dashboard_are_published_and_both_on_loopback_at_first() -> None:
    published = {name: service["ports"] for name, service in list_services().items() if "ports" in service}

    assert published == {"api": ["127.0.0.1:7860:7860"], "grafana": ["127.0.0.1:3000:3000"]}


def test_the_database_and_the_broker_can_be_reached_from_inside_only() -> None:
    inside = read_compose()["networks"]["inside"]
    outside = {name for name, service in list_services().items() if "outside" in service["networks"]}

    assert inside == {"internal": True}
    assert outside == {"api", "courier", "grafana"}


def test_every_process_of_the_service_has_its_container_and_the_same_command() -> None:
    programs = {
        program.name: program.command[1:] for program in list_programs(Settings(broker_url="redis://x"), broker=None)
    }
    commands = {name: tuple(service["command"][1:]) for name, service in list_own_services().items()}

    assert commands.pop("migrate") == ("-m", "migrations.upgrade")
    assert commands == programs


def test_migrations_run_once_and_before_the_rest() -> None:
    for name in PROCESSES:
        assert read_service(name)["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "broker": {"condition": "service_healthy"},
        }
    assert read_service("migrate")["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert read_service("migrate")["restart"] == "on-failure:3"


@pytest.mark.parametrize("name", sorted(list_own_services()))
def test_every_setting_that_is_passed_on_exists_and_is_accepted(name: str) -> None:
    environment = {key: str(value) for key, value in read_service(name)["environment"].items()}
    given = {key.removeprefix("SENTIQ_").lower(): value for key, value in environment.items() if "SENTIQ_" in key}
    files = {key: given.pop(key) for key in tuple(given) if key.endswith("_file")}

    assert set(given) | set(files) <= set(Settings.model_fields)
    assert Settings.model_validate(given).model_fields_set == set(given)
    assert environment["PROMETHEUS_MULTIPROC_DIR"] == environment["SENTIQ_METRICS_DIR"]


def test_secrets_come_from_files_and_every_container_has_those_it_reads() -> None:
    declared = read_compose()["secrets"]

    assert {name: secret["file"] for name, secret in declared.items()} == {name: f"secrets/{name}" for name in declared}
    for service in list_services().values():
        text = str(service.get("environment", "")) + str(service.get("command", "")) + str(service["healthcheck"])
        read = set(re.findall(r"/run/secrets/([a-z_]+)", text))
        assert read <= set(service.get("secrets", ()))
        assert not re.search(r"(PASSWORD|SECRET|URL)'?: '?[a-z0-9+]+:", text, re.IGNORECASE)


@pytest.mark.parametrize("name", sorted(list_own_services()))
def test_what_a_process_writes_it_writes_to_memory(name: str) -> None:
    service = read_service(name)
    memory = {mount.partition(":")[0] for mount in service["tmpfs"]}

    assert memory == {"/tmp", "/run/metrics"}
    assert all(mount.endswith(":ro") for mount in service["volumes"])
    assert service["environment"]["SENTIQ_STATE_DIR"].startswith("/tmp/")
    assert service["environment"]["SENTIQ_METRICS_DIR"] in memory


def test_every_process_has_the_time_that_it_may_need_to_stop() -> None:
    settings = Settings()
    grace = {name: count_seconds(read_service(name)["stop_grace_period"]) for name in PROCESSES}
    longest_attempt = 50  # what SENTIQ_WEBHOOK_TIMEOUT_SECONDS may be at most

    assert grace["api"] > 5 + settings.lease_seconds / 2
    # Results are stored for as long as a lease lasts while the database is away, then one statement ends the round.
    assert grace["worker"] >= settings.lease_seconds + 30
    assert grace["courier"] > longest_attempt + settings.lease_seconds
    assert grace["sweeper"] >= 45


def test_the_broker_keeps_what_it_has_and_never_drops_a_message() -> None:
    command = read_service("broker")["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))

    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--aclfile"] == "/run/secrets/broker_acl"


def test_monitoring_is_started_only_when_asked_for() -> None:
    assert {name for name, service in list_services().items() if "profiles" in service} == MONITORING
