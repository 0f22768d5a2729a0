"""Keys from the command line: made once, listed without secrets, ended now or after an overlap; on both databases."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from admin.__main__ import main
from admin.errors import KeyNotUsable
from admin.keys import Keys, Request
from shared.database import Database
from shared.keys import is_match
from shared.models import APIKey, TenantRow
from shared.quotas import Quotas
from shared.scopes import Scope
from tests.factories import get_key, make_key
from tests.fakes import FakeClock

DAY = timedelta(days=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keys(database: Database, clock: FakeClock) -> Keys:
    return Keys(database, clock)


@pytest.fixture
def command_line(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands find the test's database."""
    monkeypatch.setenv("SENTIQ_DATABASE_URL", database_url)


def ask(tenant: str = "shop", lifetime: timedelta | None = None) -> Request:
    return Request(tenant, "web", [Scope.READ, Scope.SUBMIT], lifetime)


@pytest.mark.usefixtures("command_line")
def test_a_new_key_is_alone_on_standard_output_and_only_its_hash_is_stored(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "create", "--tenant", "商店"]) == 0

    shown = capsys.readouterr()
    text = shown.out.removesuffix("\n")
    row = get_key(database, text)
    assert is_match(text, row.digest)
    assert text[-64:] not in shown.err
    assert "Made the tenant '商店'" in shown.err
    assert row.scopes == ["read", "submit"]
    stored = {str(value) for value in vars(row).values()}
    assert not any(text[-64:] in value for value in stored)


@pytest.mark.usefixtures("command_line")
def test_a_second_key_of_a_tenant_makes_no_second_tenant(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["keys", "create", "--tenant", "shop", "--json"])
    first = json.loads(capsys.readouterr().out)
    main(["keys", "create", "--tenant", "shop", "--name", "batch", "--expires-in", "90d", "--json"])
    captured = capsys.readouterr()
    second = json.loads(captured.out)

    assert "Made the tenant" not in captured.err
    assert (first["tenant"], first["expires_at"], first["state"]) == ("shop", None, "active")
    assert (second["name"], second["expires_at"] > second["created_at"]) == ("batch", True)
    assert get_key(database, first["key"]).tenant_id == get_key(database, second["key"]).tenant_id
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(TenantRow).where(TenantRow.name == "shop")) == 1


@pytest.mark.usefixtures("command_line")
def test_the_list_shows_no_secret_and_what_has_ended_only_when_asked(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    good, ended = make_key(database, "shop"), make_key(database, "bank")
    assert main(["keys", "revoke", ended]) == 0
    capsys.readouterr()

    def list_ids(*options: str) -> list[str]:
        assert main(["keys", "list", "--json", *options]) == 0
        output = capsys.readouterr().out
        assert not any(secret in output for secret in (good[-64:], ended[-64:], get_key(database, good).digest))
        return [f"{one['id']} {one['tenant']} {one['state']}" for one in json.loads(output)]

    usable = [f"{good[7:19]} shop active"]
    assert list_ids() == usable
    assert list_ids("--all") == [f"{ended[7:19]} bank revoked", *usable]
    assert list_ids("--tenant", "bank") == []
    assert main(["keys", "list"]) == 0
    assert good[7:19] in capsys.readouterr().out


@pytest.mark.usefixtures("command_line")
def test_tenants_are_listed_with_the_number_of_their_keys(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    make_key(database, "shop")
    make_key(database, "shop")

    assert main(["tenants", "list", "--json"]) == 0

    assert [(one["name"], one["keys"]) for one in json.loads(capsys.readouterr().out)] == [("local", 0), ("shop", 2)]
    assert main(["tenants", "list"]) == 0
    assert capsys.readouterr().out.startswith("TENANT")


@pytest.mark.usefixtures("command_line")
def test_revoking_twice_does_no_harm_and_a_key_that_is_not_there_is_named(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    key = make_key(database)

    assert [main(["keys", "revoke", key[7:19]]) for _ in range(2)] == [0, 0]
    assert "was revoked before" in capsys.readouterr().err
    assert main(["keys", "revoke", "0123456789ab"]) == 1
    assert "There is no key 0123456789ab" in capsys.readouterr().err


def test_a_rotated_key_lives_on_for_the_overlap_and_its_successor_is_like_it(
    keys: Keys, clock: FakeClock, database: Database
) -> None:
    old = keys.create(ask(lifetime=30 * DAY))
    clock.move(10 * 86_400)

    rotated = keys.rotate(old.key.public_id, DAY)

    new = get_key(database, rotated.made.key.text)
    assert (new.tenant_id, new.name, new.scopes) == (old.row.tenant_id, "web", ["read", "submit"])
    assert new.expires_at == clock.now() + 30 * DAY
    assert get_key(database, old.key.text).expires_at == clock.now() + DAY
    assert rotated.made.key.text != old.key.text


def test_an_overlap_never_makes_a_key_live_longer(keys: Keys, clock: FakeClock, database: Database) -> None:
    old = keys.create(ask(lifetime=DAY))

    keys.rotate(old.key.public_id, 7 * DAY)

    assert get_key(database, old.key.text).expires_at == clock.now() + DAY


def test_a_key_without_end_has_a_successor_without_end(keys: Keys, database: Database) -> None:
    rotated = keys.rotate(keys.create(ask()).key.public_id, DAY)

    assert get_key(database, rotated.made.key.text).expires_at is None


def test_a_key_is_rotated_once_and_only_while_it_is_good(keys: Keys, clock: FakeClock, database: Database) -> None:
    rotated, revoked, expired = (keys.create(ask(lifetime=DAY)).key.public_id for _ in range(3))
    successor = keys.rotate(rotated, timedelta(hours=1)).made.key.public_id
    keys.revoke(revoked)
    clock.move(3_599)

    with pytest.raises(KeyNotUsable, match=f"its successor is {successor}"):
        keys.rotate(rotated, DAY)
    with pytest.raises(KeyNotUsable, match="is revoked"):
        keys.rotate(revoked, DAY)
    clock.move(86_400)
    with pytest.raises(KeyNotUsable, match="is expired"):
        keys.rotate(expired, DAY)

    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(APIKey)) == 4


def test_a_database_that_was_never_brought_up_to_date_is_one_kind_line(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SENTIQ_STATE_DIR", str(tmp_path))

    assert main(["keys", "list"]) == 1

    assert "make migrate" in capsys.readouterr().err


def test_the_password_of_a_database_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SENTIQ_DATABASE_URL", "postgresql://someone:geheim@127.0.0.1:1/sentiq")

    assert main(["keys", "list"]) == 1

    shown = capsys.readouterr().err
    assert "127.0.0.1:1/sentiq" in shown
    assert "geheim" not in shown


def test_a_wrong_setting_is_one_kind_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SENTIQ_AUTH", "open")

    assert main(["keys", "list"]) == 1

    assert "SENTIQ_AUTH" in capsys.readouterr().err


@pytest.mark.usefixtures("command_line")
def test_a_key_gets_the_quotas_that_it_is_made_with_and_hands_them_to_its_successor(
    database: Database, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--requests-per-minute", "600", "--texts-per-day", "0", "--json"]

    assert main(["keys", "create", "--tenant", "shop", *options]) == 0

    shown = json.loads(capsys.readouterr().out)
    successor = keys.rotate(shown["id"], DAY).made.row
    assert shown["quotas"] == {"requests_per_minute": 600, "texts_per_day": 0, "waiting_texts": None}
    assert get_key(database, shown["key"]).quotas == successor.quotas == Quotas(600, 0, None)


@pytest.mark.parametrize("quota", ["-1", "many", "1.5", "2000000001", "٣"])
def test_what_is_no_quota_is_refused(quota: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["keys", "create", "--tenant", "shop", "--texts-per-day", quota])

    assert "is no quota" in capsys.readouterr().err
