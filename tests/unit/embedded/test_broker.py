"""The embedded broker's configuration."""

import socket
import stat
import subprocess
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded.broker import configure_broker, find_binary
from embedded.errors import LaunchError
from embedded.state_folder import StateFolder
from tests.service import wait_until


def connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0))


def test_address_and_password_stay_the_same_over_restarts(state: StateFolder) -> None:
    assert configure_broker(state).url == configure_broker(state).url


def test_a_port_that_was_taken_meanwhile_is_given_up(state: StateFolder) -> None:
    first = configure_broker(state)
    with socket.socket() as other:
        other.bind(("127.0.0.1", int((state.broker / "port").read_text())))
        other.listen()

        second = configure_broker(state)

    assert second.url != first.url


@pytest.mark.parametrize("spoilt", ["", "not a port", "99999999", "-1"])
def test_a_spoilt_port_file_is_replaced(state: StateFolder, spoilt: str) -> None:
    (state.broker / "port").write_text(spoilt)

    configure_broker(state)

    assert 0 < int((state.broker / "port").read_text()) < 65_536


@pytest.mark.parametrize("name", ["password", "valkey.conf"])
def test_nobody_else_can_read_the_password(state: StateFolder, name: str) -> None:
    (state.broker / name).touch(mode=0o644)

    configure_broker(state)

    assert stat.S_IMODE((state.broker / name).stat().st_mode) == 0o600


def test_a_missing_program_is_one_kind_line() -> None:
    with pytest.raises(LaunchError, match="SENTIQ_BROKER_URL") as caught:
        find_binary("a-package-that-nobody-has")

    assert "\n" not in caught.value.detail


def test_the_server_keeps_its_data_and_asks_for_the_password(state: StateFolder) -> None:
    broker = configure_broker(state)
    with (state.logs / "broker.log").open("ab") as log:
        process = subprocess.Popen(broker.command, stdout=log, cwd="/")
    try:
        wait_until(lambda: _answers(broker.url), 10, "the broker's answer")

        with connect(broker.url) as client:
            assert client.config_get("appendonly") == {"appendonly": "yes"}
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert Path(client.config_get("dir")["dir"]) == state.broker
        without_password = f"redis://{broker.url.partition('@')[2]}"
        with connect(without_password) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        with connect(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
