"""Secrets that lie in files: read whole, never shown, and one clear line when they are not there."""

import traceback
from base64 import b64encode
from pathlib import Path

import pytest

from shared.errors import SettingsError
from shared.secret_files import MAX_SECRET_BYTES
from shared.settings import SECRETS, Settings, load_settings

DATABASE_URL = "postgresql://sentiq:geheim-4711@db/sentiq"
VALUES = {
    "database_url": DATABASE_URL,
    "broker_url": "redis://sentiq:geheim-4711@redis:6379/0",
    "webhook_secret": "whsec_" + b64encode(b"k" * 32).decode(),
    "webhook_encryption_keys": b64encode(b"k" * 32).decode(),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secret"


@pytest.mark.parametrize("name", SECRETS)
def test_each_secret_can_come_from_a_file(name: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(f"{VALUES[name]}\n", encoding="utf-8")
    monkeypatch.setenv(f"SENTIQ_{name.upper()}_FILE", str(file))

    settings = load_settings()

    read = getattr(settings, name)
    assert (read if isinstance(read, str) else read.get_secret_value()) == VALUES[name]
    assert VALUES[name] not in repr(settings)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b" \n", "it is empty"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b"x" * (MAX_SECRET_BYTES + 1), "more than 4,096 bytes"),
    ],
    ids=["missing", "empty", "binary", "long"],
)
def test_a_file_without_a_secret_is_one_clear_line(
    content: bytes | None, reason: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SENTIQ_DATABASE_URL_FILE", str(file))

    with pytest.raises(SettingsError) as raised:
        load_settings()

    (line,) = raised.value.detail.splitlines()
    assert line.startswith(f"SENTIQ_DATABASE_URL: cannot be read from the file {file}: ")
    assert reason in line


def test_a_folder_in_place_of_a_file_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIQ_BROKER_URL_FILE", str(tmp_path))

    with pytest.raises(SettingsError, match=r"SENTIQ_BROKER_URL: cannot be read from the file .*: Is a directory"):
        load_settings()


def test_a_secret_and_its_file_at_once_are_refused_and_neither_is_shown(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(DATABASE_URL, encoding="utf-8")
    monkeypatch.setenv("SENTIQ_DATABASE_URL", DATABASE_URL)
    monkeypatch.setenv("SENTIQ_DATABASE_URL_FILE", str(file))

    with pytest.raises(SettingsError, match="use one of them") as raised:
        load_settings()

    assert "geheim" not in raised.value.detail


def test_a_wrong_secret_in_a_file_is_reported_with_the_other_problems_and_not_shown(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("whsec_geheim", encoding="utf-8")
    monkeypatch.setenv("SENTIQ_WEBHOOK_SECRET_FILE", str(file))
    monkeypatch.setenv("SENTIQ_PORT", "0")

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert [line.split(":")[0] for line in raised.value.detail.splitlines()] == ["SENTIQ_PORT", "SENTIQ_WEBHOOK_SECRET"]
    assert "geheim" not in raised.value.detail


def test_an_empty_setting_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(f"SENTIQ_{name.upper()}", "")
        monkeypatch.setenv(f"SENTIQ_{name.upper()}_FILE", "")

    assert load_settings() == Settings()


def test_a_malformed_secret_is_shown_nowhere_in_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIQ_WEBHOOK_SECRET", "not-a-secret-of-webhooks")

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert "not-a-secret" not in "".join(traceback.format_exception(raised.value))
