"""An endpoint that its owner mends over HTTP, while a courier still waits for an answer to what was sent before."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from shared.database import Database
from shared.models import Endpoint
from shared.queries import endpoints
from shared.queries.delivery_claims import Answer
from shared.settings import Settings
from shared.states import DisabledReason
from tests.factories import ENCRYPTION_KEY, get_delivery
from tests.fakes import FakeClock, FakeQueue, FakeSender
from worker.delivering import Courier


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_encryption_keys": SecretStr(ENCRYPTION_KEY)})


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def courier(settings: Settings, database: Database, sender: FakeSender) -> Courier:
    clock = FakeClock(datetime.now(UTC))
    courier = Courier(settings, database, FakeQueue(), sender, clock, progress_at=clock.now())
    clock.move(60)  # what is asked for in the test is due by then
    return courier


@pytest.fixture
def address(client: FlaskClient) -> str:
    answer = client.post("/v1/webhooks", json={"url": "https://hooks.example.com/old"})
    return f"/v1/webhooks/{answer.get_json()['id']}"


@pytest.mark.parametrize("answer", [Answer(410), Answer(500)])
@pytest.mark.parametrize("change", [{"url": "https://hooks.example.com/new"}, {"enabled": True}])
def test_a_late_answer_to_what_was_sent_before_is_not_held_against_it(
    client: FlaskClient, courier: Courier, sender: FakeSender, address: str, change: dict[str, Any], answer: Answer
) -> None:
    sender.answers = [answer]
    sender.while_sending = lambda: client.patch(address, json=change).close()
    delivery_id = UUID(client.post(f"{address}/test").get_json()["id"])

    courier.deliver(delivery_id)

    found = client.get(address).get_json()
    assert get_delivery(courier.database, delivery_id).attempt_count == len(sender.sent) == 1
    assert (found["enabled"], found["disabled_reason"], found["failing_since"]) == (True, None, None)


def test_one_that_was_disabled_and_enabled_meanwhile_is_not_disabled_anew(
    client: FlaskClient, courier: Courier, sender: FakeSender, address: str
) -> None:
    def disable_and_enable() -> None:
        with courier.database.writing() as session:
            endpoints.disable_endpoint(session, UUID(address.split("/")[-1]), DisabledReason.GONE, datetime.now(UTC))
        client.patch(address, json={"enabled": True})

    sender.answers, sender.while_sending = [Answer(410)], disable_and_enable
    courier.deliver(UUID(client.post(f"{address}/test").get_json()["id"]))

    assert client.get(address).get_json()["enabled"] is True


def test_another_change_meanwhile_lets_it_be_judged(
    client: FlaskClient, courier: Courier, sender: FakeSender, address: str
) -> None:
    sender.answers = [Answer(410)]
    sender.while_sending = lambda: client.patch(address, json={"description": "报表"}).close()

    courier.deliver(UUID(client.post(f"{address}/test").get_json()["id"]))

    assert client.get(address).get_json()["disabled_reason"] == "gone"


def test_a_late_success_before_it_was_moved_says_nothing_about_the_new_address(
    client: FlaskClient, courier: Courier, sender: FakeSender, address: str
) -> None:
    failing_since = datetime.now(UTC)

    def move_and_fail() -> None:
        client.patch(address, json={"url": "https://hooks.example.com/new"})
        with courier.database.writing() as session:
            endpoint = session.get_one(Endpoint, UUID(address.split("/")[-1]))
            endpoints.note_failure(session, endpoint, failing_since)

    sender.while_sending = move_and_fail
    courier.deliver(UUID(client.post(f"{address}/test").get_json()["id"]))

    assert datetime.fromisoformat(client.get(address).get_json()["failing_since"]) == failing_since
