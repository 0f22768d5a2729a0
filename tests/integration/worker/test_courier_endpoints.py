"""What couriers do for registered endpoints: sign with their secrets, heed what they ask for, and disable them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from structlog.testing import capture_logs

from shared.database import Database
from shared.models import Endpoint
from shared.queries import deliveries, endpoints
from shared.queries.delivery_claims import Answer
from shared.secret_box import create_secret, open_secret_box
from shared.settings import Settings
from shared.states import DisabledReason
from tests.factories import ENCRYPTION_KEY, finish_job, get_delivery, insert_endpoint, list_attempts
from tests.fakes import FakeClock, FakeQueue, FakeSender
from worker.delivering import Courier

DAY = 24 * 3600.0
URL = "https://hooks.example.com/tenant"


@pytest.fixture
def clock() -> FakeClock:
    # The official library verifies only what was signed within five minutes.
    return FakeClock(datetime.now(UTC))


@pytest.fixture
def configured(settings: Settings) -> Settings:
    # Without a secret of the service: endpoints have their own.
    return settings.model_copy(
        update={"webhook_encryption_keys": SecretStr(ENCRYPTION_KEY), "webhook_retry_seconds": (5.0, DAY, DAY, DAY)}
    )


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def courier(configured: Settings, database: Database, sender: FakeSender, clock: FakeClock) -> Courier:
    return Courier(configured, database, FakeQueue(), sender, clock, progress_at=clock.now(), draw=lambda: 0.0)


@pytest.fixture
def secret() -> str:
    return create_secret()


@pytest.fixture
def endpoint_id(configured: Settings, database: Database, clock: FakeClock, secret: str) -> UUID:
    return insert_endpoint(database, clock.now(), url=URL, secret=open_secret_box(configured).encrypt(secret))


def finish(database: Database, clock: FakeClock) -> UUID:
    """Finish a job without a webhook of its own, and return the delivery to the one endpoint."""
    return finish_job(database, clock.now(), url=None)


def get_endpoint(database: Database, endpoint_id: UUID) -> Endpoint:
    with database.reading() as session:
        return session.get_one(Endpoint, endpoint_id)


def change(database: Database, endpoint_id: UUID, **values: Any) -> None:
    with database.writing() as session:
        endpoint = session.get_one(Endpoint, endpoint_id)
        for name, value in values.items():
            setattr(endpoint, name, value)


def test_an_endpoint_is_sent_what_its_own_secret_verifies(
    courier: Courier, endpoint_id: UUID, secret: str, sender: FakeSender, clock: FakeClock
) -> None:
    delivery_id = finish(courier.database, clock)

    courier.deliver(delivery_id)

    ((url, headers, body),) = sender.sent
    row = get_delivery(courier.database, delivery_id)
    assert (url, row.endpoint_id, row.state) == (URL, endpoint_id, "delivered")
    assert Webhook(secret).verify(body, headers) == row.payload
    assert headers["webhook-signature"].count("v1,") == 1


def test_during_a_rotation_both_secrets_verify_and_afterwards_the_new_one_only(
    courier: Courier, endpoint_id: UUID, secret: str, configured: Settings, sender: FakeSender, clock: FakeClock
) -> None:
    new, box = create_secret(), open_secret_box(configured)
    # The clock of the official library is the machine's, so the moment moves and not the clock.
    for expires_in in (60, -1):
        change(
            courier.database,
            endpoint_id,
            secret=box.encrypt(new),
            previous_secret=box.encrypt(secret),
            previous_secret_expires_at=clock.now() + timedelta(seconds=expires_in),
        )
        courier.deliver(finish(courier.database, clock))

    (_, during, body), (_, after, later_body) = sender.sent
    assert Webhook(new).verify(body, during) == Webhook(secret).verify(body, during)
    assert during["webhook-signature"].count("v1,") == 2
    assert Webhook(new).verify(later_body, after)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(later_body, after)


def test_a_rotation_mends_what_a_lost_encryption_key_has_cost(
    courier: Courier, endpoint_id: UUID, configured: Settings, sender: FakeSender, clock: FakeClock
) -> None:
    other_key = SecretStr("eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=")
    courier.settings = configured.model_copy(update={"webhook_encryption_keys": other_key})
    new, expires_at = create_secret(), clock.now() + timedelta(hours=24)
    lost = get_endpoint(courier.database, endpoint_id).secret
    change(
        courier.database,
        endpoint_id,
        secret=open_secret_box(courier.settings).encrypt(new),
        previous_secret=lost,
        previous_secret_expires_at=expires_at,
    )

    with capture_logs() as logs:
        delivered = [finish(courier.database, clock) for _ in range(2)]
        for delivery_id in delivered:
            courier.deliver(delivery_id)

    assert {get_delivery(courier.database, one).state for one in delivered} == {"delivered"}
    for _, headers, body in sender.sent:
        assert Webhook(new).verify(body, headers)
        assert headers["webhook-signature"].count("v1,") == 1
    warnings = [one for one in logs if one["log_level"] == "warning"]
    assert [(one["event"], one["endpoint_id"]) for one in warnings] == [
        ("previous_secret_unreadable", str(endpoint_id))
    ]
    assert new not in str(logs)
    assert lost not in str(logs)


def test_the_receivers_patience_goes_before_the_schedule(
    courier: Courier, endpoint_id: UUID, sender: FakeSender, clock: FakeClock
) -> None:
    sender.answers = [Answer(503, retry_after_seconds=120.0)]
    delivery_id = finish(courier.database, clock)

    courier.deliver(delivery_id)

    assert get_delivery(courier.database, delivery_id).next_attempt_at == clock.now() + timedelta(seconds=120)


def test_a_410_disables_the_endpoint_and_ends_what_waits_for_it(
    courier: Courier, endpoint_id: UUID, sender: FakeSender, clock: FakeClock
) -> None:
    sender.answers = [Answer(410)]
    gone, waiting = finish(courier.database, clock), finish(courier.database, clock)

    courier.deliver(gone)

    endpoint = get_endpoint(courier.database, endpoint_id)
    assert (endpoint.disabled_reason, endpoint.disabled_at) == (DisabledReason.GONE, clock.now())
    assert [get_delivery(courier.database, one).state for one in (gone, waiting)] == ["failed", "failed"]
    assert len(list_attempts(courier.database, gone)) == 1
    assert list_attempts(courier.database, waiting) == []


def test_a_410_ends_the_delivery_to_a_jobs_own_webhook(
    courier: Courier, configured: Settings, sender: FakeSender, clock: FakeClock
) -> None:
    courier.settings = configured.model_copy(update={"webhook_secret": SecretStr(create_secret())})
    sender.answers = [Answer(410)]
    delivery_id = finish_job(courier.database, clock.now())

    courier.deliver(delivery_id)

    row = get_delivery(courier.database, delivery_id)
    assert (row.state, row.attempt_count, row.next_attempt_at) == ("failed", 1, None)


@pytest.mark.parametrize("answer", [Answer(500), Answer(302), Answer(error="No answer.")])
def test_an_endpoint_that_fails_for_five_days_is_disabled_and_says_so(
    courier: Courier, endpoint_id: UUID, sender: FakeSender, clock: FakeClock, answer: Answer
) -> None:
    sender.answers, began = [answer], clock.now()
    first = finish(courier.database, clock)
    courier.deliver(first)
    clock.move(5 * DAY - 1)
    courier.deliver(finish(courier.database, clock))
    before = get_endpoint(courier.database, endpoint_id)
    clock.move(1)
    last = finish(courier.database, clock)

    courier.deliver(last)

    after = get_endpoint(courier.database, endpoint_id)
    assert (before.failing_since, before.disabled_at) == (began, None)
    assert (after.failing_since, after.disabled_at, after.disabled_reason) == (began, clock.now(), "failing")
    assert get_delivery(courier.database, first).state == "failed"


def test_one_success_in_between_ends_the_failing(
    courier: Courier, endpoint_id: UUID, sender: FakeSender, clock: FakeClock
) -> None:
    sender.answers = [Answer(500), Answer(200), Answer(500)]
    for days in (0, 3, 3):
        clock.move(days * DAY)
        courier.deliver(finish(courier.database, clock))

    endpoint = get_endpoint(courier.database, endpoint_id)

    assert (endpoint.failing_since, endpoint.disabled_at) == (clock.now(), None)


def test_what_was_in_flight_when_its_endpoint_was_disabled_is_not_sent_again(
    courier: Courier, endpoint_id: UUID, sender: FakeSender, clock: FakeClock
) -> None:
    sender.answers = [Answer(500)]
    delivery_id = finish(courier.database, clock)

    def disable() -> None:
        with courier.database.writing() as session:
            endpoints.disable_endpoint(session, endpoint_id, DisabledReason.BY_OWNER, clock.now())

    sender.while_sending = disable
    courier.deliver(delivery_id)
    clock.move(10)
    courier.deliver(delivery_id)

    attempts = list_attempts(courier.database, delivery_id)
    assert [one.error for one in attempts] == [None, "The webhook is disabled, so nothing is sent."]
    assert (get_delivery(courier.database, delivery_id).state, len(sender.sent)) == ("failed", 1)


def test_what_waits_goes_to_the_address_that_its_endpoint_has_by_now(
    courier: Courier, endpoint_id: UUID, sender: FakeSender, clock: FakeClock
) -> None:
    delivery_id = finish(courier.database, clock)
    change(courier.database, endpoint_id, url="https://moved.example.com/x")

    courier.deliver(delivery_id)

    row = get_delivery(courier.database, delivery_id)
    assert sender.sent[0][0] == row.url == "https://moved.example.com/x"
    assert row.receiver == "0 moved.example.com"


@pytest.mark.parametrize("keys", [None, SecretStr("eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=")])
def test_without_the_right_key_nothing_is_sent_and_the_endpoint_is_not_blamed(
    courier: Courier, endpoint_id: UUID, configured: Settings, sender: FakeSender, clock: FakeClock, keys: Any
) -> None:
    courier.settings = configured.model_copy(update={"webhook_encryption_keys": keys})
    delivery_id = finish(courier.database, clock)

    courier.deliver(delivery_id)

    (attempt,) = list_attempts(courier.database, delivery_id)
    assert "SENTIQ_WEBHOOK_ENCRYPTION_KEYS" in (attempt.error or "")
    assert (get_delivery(courier.database, delivery_id).state, sender.sent) == ("pending", [])
    assert get_endpoint(courier.database, endpoint_id).failing_since is None


def test_what_is_sent_once_more_keeps_its_id_and_has_all_its_attempts_ahead(
    courier: Courier, endpoint_id: UUID, sender: FakeSender, clock: FakeClock
) -> None:
    sender.answers = [Answer(500)]
    delivery_id = finish(courier.database, clock)
    for _ in range(6):
        courier.deliver(delivery_id)
        clock.move(DAY)
    given_up = get_delivery(courier.database, delivery_id)
    with courier.database.writing() as session:
        endpoints.note_success(session, session.get_one(Endpoint, endpoint_id))
        deliveries.send_again(session, [delivery_id], clock.now())

    courier.deliver(delivery_id)

    row = get_delivery(courier.database, delivery_id)
    assert (given_up.state, given_up.attempt_count) == ("failed", 5)
    assert (row.state, row.attempt_count, row.next_attempt_at) == ("pending", 6, clock.now() + timedelta(seconds=5))
    assert {headers["webhook-id"] for _, headers, _ in sender.sent} == {str(delivery_id)}
    assert [one.number for one in list_attempts(courier.database, delivery_id)] == [1, 2, 3, 4, 5, 6]
