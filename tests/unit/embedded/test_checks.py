"""What is looked at before anything starts."""

import socket
from pathlib import Path

import pytest

from embedded.checks import check_model, check_port
from embedded.errors import LaunchError
from shared.settings import Settings
from tests.servers import find_free_port


def test_a_free_port_passes() -> None:
    check_port("127.0.0.1", find_free_port())


def test_a_taken_port_is_one_kind_line_that_names_another() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(LaunchError, match=f"SENTIQ_PORT={port + 1} make run") as caught:
            check_port("127.0.0.1", port)

    assert "\n" not in caught.value.detail


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_of_another_machine_is_one_kind_line(host: str) -> None:
    with pytest.raises(LaunchError, match="SENTIQ_HOST"):
        check_port(host, find_free_port())


def test_a_missing_model_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=str(tmp_path / "absent")):
        check_model(Settings(models_dir=tmp_path, model="absent"))


def test_a_folder_that_is_no_model_directory_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(LaunchError, match=r"manifest\.json"):
        check_model(Settings(models_dir=tmp_path, model="empty"))
