"""Another tenant's anything is not there: every route is walked with a key that belongs to somebody else."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from api.access import get_access
from shared.database import Database
from shared.settings import Settings
from tests.factories import ENCRYPTION_KEY, list_texts, make_key
from tests.integration.api.conftest import RuleWorker

TEXT = "只有店主能看见的话"
URL = "https://hooks.example.com/only-the-shop"
# What a valid request to these routes needs; all others are sent without a body.
BODIES: Mapping[str, Any] = {
    "/v1/jobs": {"texts": ["差"]},
    "/api/sentiment": {"text": "差"},
    "/v1/webhooks": {"url": "https://hooks.example.com/the-callers-own"},
    "/v1/webhooks/<webhook_id>": {"enabled": True},
    "/v1/webhooks/<webhook_id>/redeliver": {"since": "2026-01-01T00:00:00Z"},
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Let jobs have webhooks, and tenants register them."""
    secret = SecretStr("whsec_" + b64encode(b"s" * 32).decode())
    keys = SecretStr(ENCRYPTION_KEY)
    return settings.model_copy(update={"webhook_secret": secret, "webhook_encryption_keys": keys})


@pytest.fixture
def shop(database: Database) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_key(database, 'shop')}"}


@pytest.fixture
def bank(database: Database) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_key(database, 'bank')}"}


@pytest.fixture
def owned(client: FlaskClient, shop: dict[str, str], rule_worker: RuleWorker) -> dict[str, str]:
    """Return the ids of what the shop owns, by the name that they have in addresses: a finished job and more."""
    body = {"texts": [TEXT], "metadata": {"secret": TEXT}, "webhook": {"url": URL}}
    webhook = client.post("/v1/webhooks", json={"url": URL}, headers=shop).get_json()
    job = client.post("/v1/jobs", json=body, headers=shop).get_json()
    rule_worker.score_once()
    rule_worker.start()  # for what the walk itself submits
    (delivery, _) = client.get(f"/v1/jobs/{job['id']}/deliveries", headers=shop).get_json()["data"]
    return {"job_id": job["id"], "webhook_id": webhook["id"], "delivery_id": delivery["id"]}


def list_guarded(app: Flask) -> list[tuple[str, Rule]]:
    """Return every method and rule that needs a key."""
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
        if not get_access(app.view_functions[rule.endpoint]).is_public
    ]


def call(client: FlaskClient, method: str, rule: Rule, owned: dict[str, str], key: dict[str, str]) -> TestResponse:
    """Send one request to the rule, with the ids of what is owned in its address."""
    missing = rule.arguments - owned.keys()
    assert not missing, f"{rule.rule}: let the fixture `owned` make something with {missing}"
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<{name}>", owned[name])
    return (
        client.open(path, method=method, json=BODIES.get(rule.rule), headers=key)
        if (method != "GET" and rule.rule in BODIES)
        else client.open(path, method=method, headers=key)
    )


def test_every_route_hides_what_another_tenant_owns(
    client: FlaskClient, owned: dict[str, str], bank: dict[str, str]
) -> None:
    guarded = list_guarded(client.application)

    for method, rule in guarded:
        answer = call(client, method, rule, owned, bank)

        if rule.arguments:
            assert answer.status_code == 404, f"{method} {rule.rule}"
            assert answer.get_json()["code"].endswith("not_found")
        else:
            assert answer.status_code < 400, f"{method} {rule.rule} {answer.text}"
            assert not any(secret in answer.text for secret in (*owned.values(), TEXT, URL)), f"{method} {rule.rule}"
    assert len(guarded) >= 8


def test_the_owner_sees_what_the_others_do_not(
    client: FlaskClient, owned: dict[str, str], shop: dict[str, str]
) -> None:
    reading = [
        call(client, method, rule, owned, shop)
        for method, rule in list_guarded(client.application)
        if rule.arguments and method == "GET"
    ]

    assert {answer.status_code for answer in reading} == {200}
    assert any(TEXT in answer.text for answer in reading)
    assert any(URL in answer.text for answer in reading)


def test_what_is_not_there_and_what_is_another_tenants_are_answered_alike(
    client: FlaskClient, owned: dict[str, str], bank: dict[str, str]
) -> None:
    nobodys = str(UUID(int=UUID(owned["job_id"]).int + 1))

    def ask(job_id: str) -> dict[str, Any]:
        problem: dict[str, Any] = client.get(f"/v1/jobs/{job_id}", headers=bank).get_json()
        return {name: str(value).replace(job_id, "ID") for name, value in problem.items() if name != "request_id"}

    assert ask(owned["job_id"]) == ask(nobodys)


def test_a_job_cannot_be_cancelled_by_another_tenant(
    client: FlaskClient, database: Database, shop: dict[str, str], bank: dict[str, str]
) -> None:
    job = client.post("/v1/jobs", json={"texts": [TEXT]}, headers=shop).get_json()

    assert client.post(f"/v1/jobs/{job['id']}/cancel", headers=bank).status_code == 404

    assert [text.state for text in list_texts(database, UUID(job["id"]))] == ["queued"]
    assert client.post(f"/v1/jobs/{job['id']}/cancel", headers=shop).status_code == 200


def test_lists_and_their_cursors_show_a_tenant_its_own_jobs_only(
    client: FlaskClient, shop: dict[str, str], bank: dict[str, str]
) -> None:
    def submit(key: dict[str, str]) -> str:
        return str(client.post("/v1/jobs", json={"texts": ["好"]}, headers=key).get_json()["id"])

    submitted = {name: [] for name in ("shop", "bank")}  # type: dict[str, list[str]]
    for _ in range(3):
        submitted["shop"].append(submit(shop))
        submitted["bank"].append(submit(bank))

    first = client.get("/v1/jobs?limit=2", headers=shop).get_json()
    rest = client.get(f"/v1/jobs?limit=2&cursor={first['next_cursor']}", headers=shop).get_json()
    others = client.get(f"/v1/jobs?limit=9&cursor={first['next_cursor']}", headers=bank).get_json()

    assert [job["id"] for job in first["data"] + rest["data"]] == submitted["shop"][::-1]
    assert rest["next_cursor"] is None
    assert {job["id"] for job in others["data"]} <= set(submitted["bank"])


def test_jobs_of_a_service_without_keys_are_not_seen_by_tenants(
    client: FlaskClient, database: Database, rule_worker: RuleWorker
) -> None:
    job = client.post("/v1/jobs", json={"texts": [TEXT]}).get_json()
    bank, local = ({"Authorization": f"Bearer {make_key(database, tenant)}"} for tenant in ("bank", "local"))

    assert client.get(f"/v1/jobs/{job['id']}", headers=bank).status_code == 404
    assert client.get("/v1/jobs", headers=bank).get_json()["data"] == []
    assert client.get(f"/v1/jobs/{job['id']}", headers=local).status_code == 200


def test_texts_carry_their_tenant(client: FlaskClient, database: Database, shop: dict[str, str]) -> None:
    job = client.post("/v1/jobs", json={"texts": ["好", "差"]}, headers=shop).get_json()
    local = client.get("/v1/jobs", headers=shop).get_json()

    tenants = {text.tenant_id for text in list_texts(database, UUID(job["id"]))}

    assert len(tenants) == 1
    assert 0 not in tenants
    assert [one["id"] for one in local["data"]] == [job["id"]]
