"""Who may call what: keys, their scopes, their end, and a service that has none yet; on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from admin.keys import Keys
from api.app import create_app
from api.core import Core
from api.services.keyring import Keyring
from shared.database import Database
from shared.scopes import Scope
from tests.factories import get_key, make_key
from tests.fakes import FakeClock

DAY = timedelta(days=1)


class Fading(Database):
    """A database that can be away."""

    is_away = False

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session, or fail as if nobody listened."""
        if self.is_away:
            raise OperationalError("SELECT", {}, ConnectionError("away"))
        with super().reading() as session:
            yield session


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def core(core: Core, clock: FakeClock) -> Core:
    """Return the core with a keyring whose time the test moves."""
    return replace(core, keyring=Keyring(core.database, clock))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def read_problem(answer: TestResponse) -> tuple[int, str, str]:
    """Return status, code and challenge of an answer that is a problem."""
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, answer.get_json()["code"], answer.headers["WWW-Authenticate"]


@contextmanager
def count_statements(database: Database) -> Iterator[list[str]]:
    """Yield a list that fills with the statements about keys."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "api_keys" in statement:
            seen.append(statement.split()[0])

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_good_key_opens_what_its_scope_says(client: FlaskClient, database: Database, clock: FakeClock) -> None:
    key = make_key(database, scopes=[Scope.READ], now=clock.now())

    assert client.get("/v1/jobs", headers=bearer(key)).status_code == 200
    assert client.get("/v1/jobs", headers={"Authorization": f"bearer {key}"}).status_code == 200


def test_once_there_is_a_key_calls_need_one(client: FlaskClient, database: Database) -> None:
    make_key(database)

    answer = client.get("/v1/jobs")

    assert read_problem(answer) == (401, "key_missing", 'Bearer realm="sentiq"')
    assert "Authorization: Bearer" in answer.get_json()["detail"]


@pytest.mark.parametrize("authorization", ["Basic dXNlcjpwYXNz", "Bearer", "Token x", "x", ""])
def test_what_is_no_bearer_key_counts_as_none(client: FlaskClient, database: Database, authorization: str) -> None:
    make_key(database)

    status, code, _ = read_problem(client.get("/v1/jobs", headers={"Authorization": authorization}))

    assert status == 401
    assert code in ("key_missing", "key_unknown")


@pytest.mark.parametrize(
    "change",
    [
        lambda key: "x",
        lambda key: key[:-1],
        lambda key: key + "0",
        lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
        lambda key: "sentiq_" + "0" * 12 + key[19:],
        lambda key: key.upper(),
        lambda key: f"{key},Bearer {key}",
    ],
)
def test_no_other_key_opens_anything(client: FlaskClient, database: Database, change: Any) -> None:
    key = make_key(database)

    problem = read_problem(client.get("/v1/jobs", headers=bearer(change(key))))

    assert problem == (401, "key_unknown", 'Bearer realm="sentiq", error="invalid_token"')


def test_a_key_ends_at_its_time(client: FlaskClient, database: Database, clock: FakeClock) -> None:
    key = make_key(database, now=clock.now(), expires_at=clock.now() + DAY)

    before = client.get("/v1/jobs", headers=bearer(key)).status_code
    clock.move(86_400)
    after = read_problem(client.get("/v1/jobs", headers=bearer(key)))

    assert before == 200
    assert after == (401, "key_expired", 'Bearer realm="sentiq", error="invalid_token"')


def test_a_revoked_key_opens_nothing_after_five_seconds(
    client: FlaskClient, database: Database, clock: FakeClock
) -> None:
    key = make_key(database, now=clock.now())
    assert client.get("/v1/jobs", headers=bearer(key)).status_code == 200

    Keys(database, clock).revoke(key[7:19])
    clock.move(5)

    assert read_problem(client.get("/v1/jobs", headers=bearer(key)))[:2] == (401, "key_revoked")


def test_both_keys_work_during_the_overlap_of_a_rotation(
    client: FlaskClient, database: Database, clock: FakeClock
) -> None:
    old = make_key(database, now=clock.now())
    new = Keys(database, clock).rotate(old[7:19], timedelta(hours=1)).made.key.text

    during = [client.get("/v1/jobs", headers=bearer(key)).status_code for key in (old, new)]
    clock.move(3_600)
    afterwards = [client.get("/v1/jobs", headers=bearer(key)).status_code for key in (old, new)]

    assert (during, afterwards) == ([200, 200], [401, 200])


@pytest.mark.parametrize(
    ("scope", "opened"),
    [
        (Scope.SUBMIT, {"POST /v1/jobs", "GET /v1/models"}),
        (Scope.READ, {"GET /v1/jobs", "GET /v1/models"}),
        (Scope.WEBHOOKS, set()),
        (Scope.ADMIN, {"GET /metrics"}),
    ],
)
def test_no_scope_includes_another(client: FlaskClient, database: Database, scope: Scope, opened: set[str]) -> None:
    headers = bearer(make_key(database, scopes=[scope]))
    calls = {
        "POST /v1/jobs": client.post("/v1/jobs", json={"texts": ["好"]}, headers=headers),
        "GET /v1/jobs": client.get("/v1/jobs", headers=headers),
        "GET /v1/models": client.get("/v1/models", headers=headers),
        "GET /metrics": client.get("/metrics", headers=headers),
    }

    assert {call for call, answer in calls.items() if answer.status_code < 400} == opened
    assert {answer.status_code for call, answer in calls.items() if call not in opened} == {403}


def test_a_missing_scope_is_named(client: FlaskClient, database: Database) -> None:
    answer = client.post("/api/sentiment", json={"text": "好"}, headers=bearer(make_key(database, scopes=[Scope.READ])))

    challenge = 'Bearer realm="sentiq", error="insufficient_scope", scope="submit"'
    assert read_problem(answer) == (403, "scope_missing", challenge)
    assert "submit" in answer.get_json()["detail"]


def test_the_key_is_asked_for_before_anything_else_is_looked_at(client: FlaskClient, database: Database) -> None:
    make_key(database)

    answers = [
        client.post("/v1/jobs", data="no json", content_type="text/plain"),
        client.get("/v1/jobs?limit=x"),
        client.get("/v1/jobs/not-an-id"),
        client.post("/api/sentiment", json={"text": ""}),
    ]

    assert {answer.status_code for answer in answers} == {401}


def test_probes_and_the_description_need_no_key(client: FlaskClient, database: Database) -> None:
    make_key(database)

    paths = ("/health/live", "/docs", "/docs/redoc.js", "/openapi.json")
    assert {client.get(path, buffered=True).status_code for path in paths} == {200}
    assert client.get("/nothing").status_code == 404


def test_a_browser_may_ask_what_it_may_send_without_a_key(core: Core, database: Database) -> None:
    make_key(database)
    allowing = core.settings.model_copy(update={"cors_origins": ("https://shop.example",)})
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type"}
    client = create_app(replace(core, settings=allowing)).test_client()

    preflight = client.options("/v1/jobs", headers={"Origin": "https://shop.example"} | asked)
    refused = client.get("/v1/jobs", headers={"Origin": "https://shop.example"})

    assert preflight.status_code == 200
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, "https://shop.example")
    assert "WWW-Authenticate" in refused.headers["Access-Control-Expose-Headers"]


def test_a_key_is_read_from_the_database_once_in_five_seconds(
    client: FlaskClient, core: Core, database: Database, clock: FakeClock
) -> None:
    key = make_key(database, now=clock.now())

    with count_statements(core.database) as seen:
        for _ in range(50):
            assert client.get("/v1/jobs", headers=bearer(key)).status_code == 200
            clock.move(0.5)

    assert seen.count("SELECT") == 5
    assert seen.count("UPDATE") == 1


def test_the_last_use_is_stored_once_a_minute(client: FlaskClient, database: Database, clock: FakeClock) -> None:
    key, noted = make_key(database, now=clock.now()), []
    start = clock.now()

    for _ in range(4):
        client.get("/v1/jobs", headers=bearer(key))
        noted.append(get_key(database, key).last_used_at)
        clock.move(30)

    minute = timedelta(minutes=1)
    assert noted == [start, start, start + minute, start + minute]


def test_a_key_that_was_refused_was_not_used(client: FlaskClient, database: Database, clock: FakeClock) -> None:
    expired = make_key(database, now=clock.now(), expires_at=clock.now())

    client.get("/v1/jobs", headers=bearer(expired))

    assert get_key(database, expired).last_used_at is None


def test_while_the_database_is_away_known_keys_still_read_metrics_and_others_open_nothing(
    core: Core, database: Database, database_url: str, clock: FakeClock
) -> None:
    fading = Fading(database_url)
    client = create_app(replace(core, keyring=Keyring(fading, clock))).test_client()
    known, unknown = (make_key(database, now=clock.now()) for _ in range(2))
    assert client.get("/metrics", headers=bearer(known)).status_code == 200

    fading.is_away = True
    clock.move(6)
    scraped, refused = (client.get("/metrics", headers=bearer(key)) for key in (known, unknown))
    clock.move(600)
    too_late = client.get("/metrics", headers=bearer(known))

    assert scraped.status_code == 200
    assert (refused.status_code, refused.get_json()["code"]) == (503, "database_unavailable")
    assert too_late.status_code == 503
    fading.close()


def test_no_key_is_ever_logged(
    client: FlaskClient, database: Database, clock: FakeClock, capfd: pytest.CaptureFixture[str]
) -> None:
    good = make_key(database, now=clock.now())
    wrong = good[:-4] + "0000"

    for key in (good, wrong, f"{good} "):
        client.get("/v1/jobs", headers=bearer(key))
        client.post("/v1/jobs", json={"texts": ["好"]}, headers=bearer(key))

    output = "".join(capfd.readouterr())
    assert "request_served" in output
    assert f"key_id={get_key(database, good).id}" in output
    assert not any(secret in output for secret in (good[20:], wrong[20:], good[30:60]))


# --- a service without keys ---


def test_without_any_key_callers_on_this_machine_need_none(client: FlaskClient) -> None:
    submitted = client.post("/v1/jobs", json={"texts": ["好"]})

    assert submitted.status_code == 202
    assert client.get("/metrics").status_code == 200
    for host in ("127.0.0.1:7860", "localhost:7860", "[::1]:7860", "LOCALHOST"):
        assert client.get("/v1/jobs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.7", {}),
        ("::ffff:192.0.2.7", {}),
        ("", {}),
        ("127.0.0.1", {"Host": "rebound.example"}),
        ("127.0.0.1", {"Host": "127.0.0.1.rebound.example:7860"}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}),
    ],
)
def test_without_any_key_nobody_else_is_served(client: FlaskClient, address: str, headers: dict[str, str]) -> None:
    answer = client.get("/v1/jobs", headers=headers, environ_base={"REMOTE_ADDR": address})

    assert read_problem(answer)[:2] == (401, "key_missing")
    assert "own machine" in answer.get_json()["detail"]


def test_a_key_of_another_service_is_not_ignored(client: FlaskClient) -> None:
    assert read_problem(client.get("/v1/jobs", headers=bearer("sentiq_x")))[:2] == (401, "key_unknown")


def test_the_first_key_shuts_the_service_within_five_seconds_for_ever(
    client: FlaskClient, core: Core, database: Database, clock: FakeClock
) -> None:
    assert client.get("/v1/jobs").status_code == 200

    key = make_key(database, now=clock.now())
    Keys(database, clock).revoke(key[7:19])
    clock.move(5)

    assert read_problem(client.get("/v1/jobs"))[:2] == (401, "key_missing")
    with count_statements(core.database) as seen:
        for _ in range(10):
            clock.move(60)
            assert client.get("/v1/jobs").status_code == 401
    assert seen == []


def test_a_setting_asks_for_keys_before_there_are_any(core: Core) -> None:
    strict = core.settings.model_copy(update={"auth": "keys"})

    answer = create_app(replace(core, settings=strict)).test_client().get("/v1/jobs")

    assert read_problem(answer)[:2] == (401, "key_missing")
