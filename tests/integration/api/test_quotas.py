"""Quotas by key, counted in Redis and stated in headers; and what waits, counted in the database; on both databases."""

import re
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.accounts import Account, spending_texts
from api.app import create_app
from api.core import Core
from api.services.metering import FAILURES, KEY_PREFIX, Meter, Policy
from shared.database import Database
from shared.quotas import Quotas
from shared.scopes import Scope
from shared.settings import Settings
from tests.at_once import do_at_once
from tests.factories import make_key
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_texts
from tests.servers import Broker


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def submit(client: FlaskClient, key: str, texts: int = 1, **headers: str) -> TestResponse:
    return client.post("/v1/jobs", json={"texts": ["好"] * texts}, headers=bearer(key) | headers)


def read_left(answer: TestResponse) -> dict[str, int]:
    """Return what is left of each quota, by the RateLimit header."""
    return {name: int(left) for name, left in re.findall(r'"([a-z-]+)";r=(\d+)', answer.headers["RateLimit"])}


def read_problem(answer: TestResponse) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, answer.get_json()["code"]


def test_without_quotas_nothing_is_stated_and_nothing_is_counted(client: FlaskClient, broker: Broker) -> None:
    answers = [client.post("/v1/jobs", json={"texts": ["好"]}) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {202}
    assert "RateLimit" not in answers[0].headers
    assert "RateLimit-Policy" not in answers[0].headers
    with broker.client() as redis:
        assert redis.keys(f"{KEY_PREFIX}*") == []


def test_requests_beyond_the_quota_are_refused_until_there_is_room(client: FlaskClient, database: Database) -> None:
    key = make_key(database, quotas=Quotas(requests_per_minute=3))

    answers = [client.get("/v1/jobs", headers=bearer(key)) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [read_left(answer)["requests"] for answer in answers] == [2, 1, 0, 0]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"requests";q=3;w=60'}
    assert read_problem(answers[3]) == (429, "rate_limited")
    wait = int(answers[3].headers["Retry-After"])
    # The three fade evenly over the minute after this one: the first is gone after a third of it.
    assert 60 < wait <= 80
    assert answers[3].headers["RateLimit"] == f'"requests";r=0;t={wait}'


def test_each_key_has_quotas_of_its_own_and_the_services_where_it_says_nothing(core: Core, database: Database) -> None:
    settings = core.settings.model_copy(update={"requests_per_minute": 1})
    client = create_app(replace(core, settings=settings)).test_client()
    plain, other = make_key(database), make_key(database)
    free = make_key(database, quotas=Quotas(requests_per_minute=0))

    statuses = {
        name: [client.get("/v1/jobs", headers=bearer(key)).status_code for _ in range(3)]
        for name, key in {"plain": plain, "other": other, "free": free}.items()
    }

    assert statuses == {"plain": [200, 429, 429], "other": [200, 429, 429], "free": [200, 200, 200]}


def test_health_is_asked_as_often_as_anybody_likes(core: Core) -> None:
    settings = core.settings.model_copy(update={"requests_per_minute": 1})
    client = create_app(replace(core, settings=settings)).test_client()

    answers = [client.get("/health/live") for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


def test_the_days_texts_are_counted_all_or_nothing(client: FlaskClient, database: Database) -> None:
    key = make_key(database, quotas=Quotas(texts_per_day=10))

    first, too_many, rest, simple = (
        submit(client, key, 7),
        submit(client, key, 4),
        submit(client, key, 3),
        client.post("/api/sentiment", json={"text": "好"}, headers=bearer(key)),
    )

    assert [first.status_code, rest.status_code] == [202, 202]
    assert read_problem(too_many) == read_problem(simple) == (429, "quota_exceeded")
    assert [read_left(answer)["texts"] for answer in (first, too_many, rest, simple)] == [3, 3, 0, 0]
    assert first.headers["RateLimit-Policy"] == '"texts";q=10;w=86400;sentiq-unit="texts"'
    assert 86_400 < int(too_many.headers["Retry-After"]) <= 2 * 86_400
    assert count_texts(database) == 10


def test_texts_that_were_refused_for_another_reason_use_up_nothing(client: FlaskClient, database: Database) -> None:
    key = make_key(database, quotas=Quotas(texts_per_day=10))

    body = {"texts": ["好"] * 10, "model": "no-such-model"}
    refused = client.post("/v1/jobs", json=body, headers=bearer(key))
    taken = submit(client, key, 10)

    assert refused.status_code == 422
    assert (taken.status_code, read_left(taken)) == (202, {"texts": 0})


def test_texts_that_could_not_be_stored_are_given_back(core: Core) -> None:
    account, left = Account(quotas=Quotas(texts_per_day=10)), []

    def spend_in_vain() -> None:
        with spending_texts(core, account, 10) as spend:
            spend()
            left.append(account.left["texts"])
            raise OSError("full")

    for _ in range(2):
        with pytest.raises(OSError, match="full"):
            spend_in_vain()
        left.append(account.left["texts"])

    assert [item.split(";")[1] for item in left] == ["r=0", "r=10"] * 2


@pytest.mark.parametrize("quotas", [Quotas(texts_per_day=5), Quotas(waiting_texts=5)])
def test_a_job_that_no_quota_ever_lets_pass_is_not_told_to_try_again(
    client: FlaskClient, database: Database, quotas: Quotas
) -> None:
    answer = submit(client, make_key(database, quotas=quotas), 6)

    assert read_problem(answer) == (429, "quota_exceeded")
    assert "never" in answer.get_json()["detail"]
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("headers", [{}, {"Prefer": "wait=5"}])
def test_more_of_a_tenants_texts_than_may_wait_are_refused_until_they_would_fit(
    client: FlaskClient, database: Database, rule_worker: RuleWorker, headers: dict[str, str]
) -> None:
    rule_worker.beat(texts_per_second=2.0)
    key, sibling = (make_key(database, "shop", quotas=Quotas(waiting_texts=10)) for _ in range(2))
    stranger = make_key(database, "other")
    submit(client, stranger, 50)

    first = submit(client, key, 8)
    refused = submit(client, sibling, 8, **headers)

    assert (first.status_code, read_left(first)) == (202, {"waiting-texts": 2})
    assert first.headers["RateLimit-Policy"] == '"waiting-texts";q=10;sentiq-unit="texts"'
    assert read_problem(refused) == (429, "quota_exceeded")
    # Six must go first, and six of the other tenant's are claimed meanwhile.
    assert refused.headers["Retry-After"] == "6"
    assert read_left(refused) == {"waiting-texts": 2}
    assert count_texts(database) == 58


def test_the_simple_call_counts_as_waiting_too(client: FlaskClient, database: Database) -> None:
    key = make_key(database, quotas=Quotas(waiting_texts=10))
    submit(client, key, 10)

    answer = client.post("/api/sentiment", json={"text": "好"}, headers=bearer(key))

    assert read_problem(answer) == (429, "quota_exceeded")
    assert answer.headers["Retry-After"] == "60"  # no worker lives to tell
    assert count_texts(database) == 10


def test_of_many_submissions_at_once_no_more_wait_than_may(core: Core, database: Database) -> None:
    key, app = make_key(database, quotas=Quotas(waiting_texts=5)), create_app(core)

    statuses = do_at_once(6, lambda: submit(app.test_client(), key, 2).status_code)

    assert sorted(statuses) == [202, 202, 429, 429, 429, 429]
    assert count_texts(database) == 4


def test_redis_holds_counters_that_expire_and_neither_texts_nor_keys(
    client: FlaskClient, database: Database, broker: Broker
) -> None:
    key = make_key(database, quotas=Quotas(requests_per_minute=100, texts_per_day=100))

    submit(client, key, 3)

    with broker.client() as redis:
        counters = {name.decode(): redis.get(name) for name in redis.keys(f"{KEY_PREFIX}*")}
        lifetimes = [redis.ttl(name) for name in counters]
    assert sorted(counters.values()) == [b"1", b"3"]
    assert all(0 < seconds <= 2 * 86_400 for seconds in lifetimes)
    assert not any(part in name for name in counters for part in (key, *key.split("_")[1:]))


@pytest.fixture
def dead_client(core: Core) -> FlaskClient:
    """A client of an application whose quotas would be counted where nobody listens."""
    return create_app(replace(core, meter=Meter(Settings(broker_url="redis://127.0.0.1:1/0")))).test_client()


def test_everything_passes_while_redis_is_away(dead_client: FlaskClient, database: Database) -> None:
    key = make_key(database, quotas=Quotas(1, 1, 1_000))

    answers = [submit(dead_client, key) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {202}
    assert answers[0].headers["RateLimit-Policy"].startswith('"requests";q=1;w=60, "texts";q=1;w=86400')
    assert [read_left(answer) for answer in answers] == [{"waiting-texts": 1_000 - n} for n in (1, 2, 3)]
    metrics = dead_client.get("/metrics", headers=bearer(make_key(database))).get_data(as_text=True)
    found = re.search(r"^sentiq_quota_failures_total (\S+)", metrics, re.MULTILINE)
    assert found is not None
    assert float(found[1]) >= 1


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Broker]:
    """A broker that accepts connections and says nothing."""
    broker = Broker(tmp_path)
    broker.start()
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)
    yield broker
    broker.process.send_signal(signal.SIGCONT)
    broker.kill()


def test_a_redis_that_hangs_is_asked_once_in_a_while(hanging: Broker) -> None:
    moments = [0.0]
    meter, policy = Meter(Settings(broker_url=hanging.url), clock=lambda: moments[-1]), Policy("requests", 10, 60)

    def count_failures(questions: int) -> float:
        before = FAILURES._value.get()
        assert [meter.spend(policy, "key-1") for _ in range(questions)] == [None] * questions
        return float(FAILURES._value.get() - before)

    started = time.monotonic()
    first, soon = count_failures(1), count_failures(20)
    seconds = time.monotonic() - started
    moments.append(10.0)

    assert (first, soon, count_failures(2)) == (1, 0, 1)
    assert seconds < 2  # 0.25 s on a machine that has nothing else to do


def test_counting_goes_on_when_redis_is_back(core: Core, tmp_path: Path) -> None:
    broker, moments = Broker(tmp_path), [0.0]
    meter, policy = Meter(Settings(broker_url=broker.url), clock=lambda: moments[-1]), Policy("requests", 10, 60)
    before = meter.spend(policy, "key-1")
    broker.start()
    paused = meter.spend(policy, "key-1")
    moments.append(3.0)

    after = meter.spend(policy, "key-1")
    broker.kill()

    assert (before, paused) == (None, None)
    assert after is not None
    assert (after.is_enough, after.remaining) == (True, 9)


def test_the_document_describes_the_headers_and_the_refusals(client: FlaskClient) -> None:
    paths: dict[str, Any] = client.get("/openapi.json").get_json()["paths"]

    create, read = paths["/v1/jobs"]["post"]["responses"], paths["/v1/models"]["get"]["responses"]

    assert {"RateLimit", "RateLimit-Policy", "Location"} <= set(create["202"]["headers"])
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(create["429"]["headers"])
    assert all(code in create["429"]["description"] for code in ("queue_full", "quota_exceeded", "rate_limited"))
    assert "rate_limited" in read["429"]["description"]
    assert "RateLimit" not in paths["/health/live"]["get"]["responses"]["200"].get("headers", {})


@pytest.mark.parametrize("quotas", [Quotas(texts_per_day=7), Quotas(waiting_texts=7)])
def test_one_job_that_is_sent_many_times_at_once_uses_its_quota_once(
    core: Core, database: Database, quotas: Quotas
) -> None:
    key, app = make_key(database, quotas=quotas), create_app(core)

    answers = do_at_once(8, lambda: submit(app.test_client(), key, 7, **{"Idempotency-Key": "one"}))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert read_problem(submit(app.test_client(), key, 1)) == (429, "quota_exceeded")


def test_what_a_key_may_not_do_is_counted_too(client: FlaskClient, database: Database) -> None:
    key = make_key(database, scopes=[Scope.READ], quotas=Quotas(requests_per_minute=2))

    answers = [submit(client, key) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert [read_left(answer)["requests"] for answer in answers] == [1, 0, 0]
