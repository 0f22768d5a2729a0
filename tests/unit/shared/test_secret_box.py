"""Secrets of endpoints at rest."""

import stat
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.errors import SecretUnreadable, SettingsError, WebhookKeysMissing
from shared.secret_box import KEY_FILE, SecretBox, create_secret, open_secret_box
from shared.settings import Settings, load_settings
from shared.signing import check_secret, split_encryption_keys
from tests.at_once import do_at_once

OLD = urlsafe_b64encode(b"o" * 32).decode()
NEW = urlsafe_b64encode(b"n" * 32).decode()


def test_every_secret_is_new_and_of_the_specifications_form() -> None:
    made = {create_secret() for _ in range(100)}

    assert len(made) == 100
    for secret in made:
        check_secret(secret)


def test_a_secret_comes_back_and_is_not_to_be_seen_meanwhile() -> None:
    secret, box = create_secret(), SecretBox([NEW])

    stored = box.encrypt(secret)

    assert box.decrypt(stored) == secret
    assert secret not in stored
    assert stored != box.encrypt(secret)
    assert len(stored) <= 255  # the column


def test_a_new_key_in_front_of_the_old_one_reads_both() -> None:
    stored = SecretBox([OLD]).encrypt("whsec_x")

    both = SecretBox([NEW, OLD])

    assert both.decrypt(stored) == "whsec_x"
    assert SecretBox([NEW]).decrypt(both.encrypt("whsec_y")) == "whsec_y"


def test_what_no_key_fits_is_an_error_of_its_own() -> None:
    for stored in (SecretBox([OLD]).encrypt("whsec_x"), "", "whsec_x", "密钥"):
        with pytest.raises(SecretUnreadable, match="SENTIQ_WEBHOOK_ENCRYPTION_KEYS"):
            SecretBox([NEW]).decrypt(stored)


def test_without_a_setting_the_key_lies_in_the_state_folder_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path / "state")

    stored = open_secret_box(settings).encrypt("whsec_x")

    file = tmp_path / "state" / KEY_FILE
    assert open_secret_box(settings).decrypt(stored) == "whsec_x"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [KEY_FILE]


def test_processes_that_make_the_key_at_the_same_time_agree_on_one(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)

    boxes = do_at_once(8, lambda: open_secret_box(settings))

    stored = boxes[0].encrypt("whsec_x")
    assert [box.decrypt(stored) for box in boxes] == ["whsec_x"] * 8


def test_a_database_elsewhere_needs_the_setting(tmp_path: Path) -> None:
    elsewhere = Settings(state_dir=tmp_path, database_url="postgresql://db/sentiq")

    with pytest.raises(WebhookKeysMissing):
        open_secret_box(elsewhere)

    assert list(tmp_path.iterdir()) == []
    configured = elsewhere.model_copy(update={"webhook_encryption_keys": SecretStr(f"{NEW}, {OLD}")})
    assert open_secret_box(configured).decrypt(SecretBox([OLD]).encrypt("whsec_x")) == "whsec_x"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("not base64!", "must be URL-safe base64"),
        (f"{NEW},", "holds 0"),
        (urlsafe_b64encode(b"k" * 31).decode(), "holds 31"),
        (f"{NEW},{OLD}x", "must be URL-safe base64"),
        ("密钥", "must be URL-safe base64"),
    ],
)
def test_keys_that_encrypt_nothing_are_refused_at_the_start_and_not_shown(
    keys: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTIQ_WEBHOOK_ENCRYPTION_KEYS", keys)

    with pytest.raises(SettingsError, match=reason) as raised:
        load_settings()

    assert raised.value.detail.startswith("SENTIQ_WEBHOOK_ENCRYPTION_KEYS: ")
    assert keys not in raised.value.detail


def test_several_keys_are_split_at_commas() -> None:
    assert split_encryption_keys(f"{NEW} ,{OLD}") == [NEW, OLD]
