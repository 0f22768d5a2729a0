"""A service without keys listens on this machine only; on both databases, and before gunicorn listens."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.checks import check_exposure
from shared.database import Database
from shared.errors import SettingsError
from shared.exposure import refuse_open_exposure
from shared.settings import Settings
from tests.factories import make_key
from tests.servers import find_free_port
from tests.service import ROOT

EXPOSED = ["0.0.0.0", "::", "", "192.0.2.1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_service_without_keys_may_listen_on_this_machine(settings: Settings, host: str) -> None:
    refuse_open_exposure(settings, [host])


@pytest.mark.parametrize("host", EXPOSED)
def test_a_service_without_keys_may_not_listen_elsewhere(settings: Settings, host: str) -> None:
    with pytest.raises(SettingsError, match="There are no keys") as caught:
        refuse_open_exposure(settings, ["127.0.0.1", host])

    for words in (host or "0.0.0.0", "sentiq-admin keys create", "SENTIQ_AUTH=keys", "SENTIQ_HOST=127.0.0.1"):
        assert words in caught.value.detail
    assert "\n" not in caught.value.detail


def test_the_launcher_asks_the_same(settings: Settings, database: Database) -> None:
    exposed = settings.model_copy(update={"host": "0.0.0.0"})

    with pytest.raises(SettingsError, match="There are no keys"):
        check_exposure(exposed)

    check_exposure(settings)
    check_exposure(exposed.model_copy(update={"auth": "keys"}))
    make_key(database)
    check_exposure(exposed)


@pytest.mark.parametrize("host", EXPOSED)
def test_with_a_key_or_by_the_setting_it_may_listen_anywhere(settings: Settings, database: Database, host: str) -> None:
    refuse_open_exposure(settings.model_copy(update={"auth": "keys"}), [host])
    make_key(database)

    refuse_open_exposure(settings, [host])


@pytest.mark.parametrize("url", ["sqlite:///{folder}/new.db", "postgresql+psycopg://postgres@127.0.0.1:1/none"])
def test_where_nobody_can_tell_it_may_not_listen_either(tmp_path: Path, url: str) -> None:
    settings = Settings(database_url=url.format(folder=tmp_path))

    with pytest.raises(SettingsError, match="does not tell whether there are keys"):
        refuse_open_exposure(settings, ["0.0.0.0"])


@pytest.mark.parametrize(
    ("host", "arguments"),
    [("0.0.0.0", []), ("127.0.0.1", ["--bind", "0.0.0.0:{port}"]), ("127.0.0.1", ["--bind", "unix:{socket}"])],
)
def test_gunicorn_refuses_before_it_listens(
    settings: Settings, tmp_path: Path, host: str, arguments: list[str]
) -> None:
    port, path = find_free_port(), tmp_path / "sentiq.sock"
    own = {
        "SENTIQ_HOST": host,
        "SENTIQ_PORT": str(port),
        "SENTIQ_DATABASE_URL": settings.resolved_database_url,
        "SENTIQ_BROKER_URL": settings.required_broker_url,
        "SENTIQ_STATE_DIR": str(tmp_path),
    }
    bind = [argument.format(port=port, socket=path) for argument in arguments]

    ended = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "api/gunicorn_conf.py", *bind],
        cwd=ROOT, env=os.environ | own, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip

    assert ended.returncode == 1
    assert "There are no keys" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not path.exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
