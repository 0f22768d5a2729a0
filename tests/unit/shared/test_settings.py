"""Settings come from the environment, and all their problems are told at once."""

from pathlib import Path

import pytest

from shared.errors import SettingsError
from shared.settings import Settings, load_settings


def test_every_default_suits_one_machine() -> None:
    settings = load_settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 7860)
    assert settings.resolved_database_url == f"sqlite:///{Path('.sentiq').resolve() / 'sentiq.db'}"
    assert settings.model_path == Path("models/structbert-small-zh").resolve()


def test_all_problems_are_reported_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIQ_PORT", "99999")
    monkeypatch.setenv("SENTIQ_BACKEND", "magic")

    with pytest.raises(SettingsError) as raised:
        load_settings()

    lines = raised.value.detail.splitlines()
    assert [line.split(":")[0] for line in lines] == ["SENTIQ_PORT", "SENTIQ_BACKEND"]
    assert "99999" in lines[0]


def test_an_impossible_pair_refuses_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIQ_LEASE_SECONDS", "1")
    monkeypatch.setenv("SENTIQ_TARGET_BATCH_MS", "900")

    with pytest.raises(SettingsError, match="at least four micro-batches"):
        load_settings()


def test_settings_are_read_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("SENTIQ_CORS_ORIGINS=https://a.example, https://b.example\nOTHER=1\n", encoding="utf-8")
    monkeypatch.setitem(Settings.model_config, "env_file", env_file)

    settings = load_settings()

    assert settings.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_addresses_use_the_installed_driver(scheme: str) -> None:
    settings = Settings(database_url=f"{scheme}://user@host/db")

    assert settings.resolved_database_url == "postgresql+psycopg://user@host/db"


def test_an_absolute_model_directory_is_served_under_its_own_name(tmp_path: Path) -> None:
    settings = Settings(model=str(tmp_path / "my-model"))

    assert (settings.model_path, settings.model_name) == (tmp_path / "my-model", "my-model")


def test_a_model_name_that_cannot_name_a_queue_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIQ_MODEL", "a model")

    with pytest.raises(SettingsError, match="use letters, digits"):
        load_settings()


def test_a_process_without_a_broker_says_what_to_do() -> None:
    with pytest.raises(SettingsError, match="SENTIQ_BROKER_URL is not set"):
        _ = Settings().required_broker_url
