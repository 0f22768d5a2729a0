"""What the launcher hands to the programs that it starts."""

import pytest

from embedded.programs import build_environment
from embedded.state_folder import StateFolder
from shared.settings import load_settings


def test_the_address_of_another_broker_is_left_to_the_programs_to_read(state: StateFolder) -> None:
    assert "SENTIQ_BROKER_URL" not in build_environment(state, broker=None)


def test_a_metrics_port_is_taken_back_since_it_could_serve_one_program_only(
    state: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ({"SENTIQ_METRICS_PORT": "9100"} | build_environment(state, broker=None)).items():
        monkeypatch.setenv(name, value)

    settings = load_settings()

    assert settings.metrics_port is None
    assert settings.metrics_dir == state.metrics
