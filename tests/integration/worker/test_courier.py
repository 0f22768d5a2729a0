"""Deliveries from claim to outcome, with a sender that answers as told."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from shared.database import Database
from shared.queries.delivery_claims import Answer
from shared.queue import CeleryTaskQueue
from shared.settings import Settings
from tests.factories import finish_job, get_delivery, list_attempts
from tests.fakes import FakeClock, FakeQueue, FakeSender
from tests.servers import find_free_port
from worker.courier_watchdog import CourierWatchdog
from worker.delivering import Courier
from worker.receivers import ReceiverGate
from worker.sweeper import Sweeper

SECRET = "whsec_" + b64encode(b"s" * 32).decode()


@pytest.fixture
def clock() -> FakeClock:
    # The official library verifies only what was signed within five minutes.
    return FakeClock(datetime.now(UTC))


@pytest.fixture
def configured(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_secret": SecretStr(SECRET), "webhook_retry_seconds": (5.0, 300.0)})


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def courier(
    configured: Settings, database: Database, queue: FakeQueue, sender: FakeSender, clock: FakeClock
) -> Courier:
    return Courier(configured, database, queue, sender, clock, progress_at=clock.now(), draw=lambda: 0.0)


@pytest.fixture
def sweeper(configured: Settings, database: Database, clock: FakeClock) -> Sweeper:
    return Sweeper(configured, database, CeleryTaskQueue(configured), clock)


def test_the_receiver_can_verify_what_is_sent(
    courier: Courier, database: Database, sender: FakeSender, clock: FakeClock
) -> None:
    delivery_id = finish_job(database, clock.now(), url="https://hooks.example.com/x?token=1")

    courier.deliver(delivery_id)

    ((url, headers, body),) = sender.sent
    assert url == "https://hooks.example.com/x?token=1"
    assert Webhook(SECRET).verify(body, headers) == get_delivery(database, delivery_id).payload
    assert headers["webhook-id"] == str(delivery_id)
    assert get_delivery(database, delivery_id).state == "delivered"


def test_a_second_message_for_the_same_delivery_sends_nothing(
    courier: Courier, database: Database, sender: FakeSender, clock: FakeClock
) -> None:
    delivery_id = finish_job(database, clock.now())
    sender.while_sending = lambda: courier.deliver(delivery_id)

    courier.deliver(delivery_id)
    courier.deliver(delivery_id)
    courier.deliver(uuid4())

    assert len(sender.sent) == 1


def test_retries_keep_the_id_and_the_body_and_sign_anew(
    courier: Courier, database: Database, sender: FakeSender, clock: FakeClock
) -> None:
    sender.answers = [Answer(500, None, "oops"), Answer(error="No answer."), Answer(200)]
    delivery_id = finish_job(database, clock.now())

    for seconds in (0, 5, 300):
        clock.move(seconds)
        courier.deliver(delivery_id)

    attempts = list_attempts(database, delivery_id)
    assert [(one.number, one.status_code, one.error, one.answer) for one in attempts] == [
        (1, 500, None, "oops"),
        (2, None, "No answer.", None),
        (3, 200, None, None),
    ]
    headers = [headers for _, headers, _ in sender.sent]
    assert {one["webhook-id"] for one in headers} == {str(delivery_id)}
    assert len({one["webhook-timestamp"] for one in headers}) == 3
    assert len({body for _, _, body in sender.sent}) == 1


def test_a_delivery_is_given_up_after_the_last_pause(courier: Courier, sender: FakeSender, clock: FakeClock) -> None:
    sender.answers = [Answer(500)]
    delivery_id = finish_job(courier.database, clock.now())

    for seconds in (0, 5, 300, 3_600):
        clock.move(seconds)
        courier.deliver(delivery_id)

    row = get_delivery(courier.database, delivery_id)
    assert (row.state, row.attempt_count, len(sender.sent)) == ("failed", 3, 3)


def test_a_courier_that_lost_its_lease_while_sending_leaves_the_outcome_to_the_next(
    courier: Courier, sweeper: Sweeper, sender: FakeSender, clock: FakeClock
) -> None:
    delivery_id = finish_job(courier.database, clock.now())

    def freeze() -> None:
        clock.move(60)
        sweeper.sweep()

    sender.while_sending = freeze
    courier.deliver(delivery_id)

    row = get_delivery(courier.database, delivery_id)
    assert (row.state, row.attempt_count, row.next_attempt_at) == ("pending", 1, clock.now())


def test_without_a_secret_nothing_is_sent_and_the_log_says_why(
    courier: Courier, settings: Settings, sender: FakeSender, clock: FakeClock
) -> None:
    courier.settings = settings
    delivery_id = finish_job(courier.database, clock.now())

    courier.deliver(delivery_id)

    (attempt,) = list_attempts(courier.database, delivery_id)
    assert (attempt.error, sender.sent) == ("SENTIQ_WEBHOOK_SECRET is not set, so the event cannot be signed.", [])
    assert get_delivery(courier.database, delivery_id).state == "pending"


def test_who_was_turned_away_at_a_full_receiver_is_called_by_who_leaves_it(
    courier: Courier, queue: FakeQueue, sender: FakeSender, clock: FakeClock
) -> None:
    courier.gate = ReceiverGate(threads=4)  # one at a time for each receiver
    first, second, third = [finish_job(courier.database, clock.now()) for _ in range(3)]
    elsewhere = finish_job(courier.database, clock.now(), url="https://other.example.com/")

    def deliver_others() -> None:
        sender.while_sending = lambda: None
        for delivery_id in (second, third, elsewhere):
            courier.deliver(delivery_id)

    sender.while_sending = deliver_others
    courier.deliver(first)

    sent = [UUID(headers["webhook-id"]) for _, headers, _ in sender.sent]
    assert (sent, queue.deliveries) == ([first, elsewhere], [second])
    courier.deliver(second)
    assert queue.deliveries == [second, third]
    courier.deliver(third)
    assert queue.deliveries == [second, third]


def test_a_place_at_a_receiver_that_hangs_goes_to_who_was_turned_away_and_then_to_the_rest_of_its_own_line(
    courier: Courier, queue: FakeQueue, sender: FakeSender, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.receivers.PROMPT_SECONDS", -1.0)  # so that each answer comes late
    courier.gate = ReceiverGate(threads=4)  # two places for those who are not prompt
    courier.gate.enter("0 hangs-too.example.com")
    line = [finish_job(courier.database, clock.now(), url="https://hangs.example.com/") for _ in range(3)]
    new = finish_job(courier.database, clock.now(), url="https://new.example.com/")

    def deliver_others() -> None:
        sender.while_sending = lambda: None
        for delivery_id in (*line[1:], new):
            courier.deliver(delivery_id)

    sender.while_sending = deliver_others
    courier.deliver(line[0])
    first = list(queue.deliveries)
    courier.deliver(new)

    assert (first, queue.deliveries) == ([new], [new, line[1]])


def test_what_is_overdue_without_a_message_is_called_by_the_next_attempt_at_its_receiver(
    courier: Courier, queue: FakeQueue, clock: FakeClock
) -> None:
    lost = [finish_job(courier.database, clock.now()) for _ in range(2)]
    clock.move(1)
    courier.deliver(finish_job(courier.database, clock.now()))
    early = list(queue.deliveries)
    clock.move(2)

    courier.deliver(finish_job(courier.database, clock.now()))

    assert (early, queue.deliveries) == ([], lost)


def list_messages(settings: Settings) -> list[UUID]:
    queue = CeleryTaskQueue(settings)
    messages = queue._redis.lrange("deliveries", 0, -1)
    assert isinstance(messages, list)
    return [UUID(json.loads(json.loads(one)["headers"]["argsrepr"].replace("'", '"'))[0]) for one in messages]


def test_the_sweeper_nudges_what_has_been_due_for_a_while_once(
    sweeper: Sweeper, database: Database, configured: Settings, clock: FakeClock
) -> None:
    delivery_id = finish_job(database, clock.now())
    sweeper.sweep()
    early = list_messages(configured)

    clock.move(3)
    sweeper.sweep()
    sweeper.sweep()

    assert (early, list_messages(configured)) == ([], [delivery_id])


def test_the_sweeper_nudges_a_retry_whose_time_has_come(
    courier: Courier, sweeper: Sweeper, sender: FakeSender, configured: Settings, clock: FakeClock
) -> None:
    sender.answers = [Answer(500)]
    delivery_id = finish_job(courier.database, clock.now())
    courier.deliver(delivery_id)
    clock.move(4)
    sweeper.sweep()
    early = list_messages(configured)

    clock.move(4)
    sweeper.sweep()

    assert (early, list_messages(configured)) == ([], [delivery_id])


def test_a_round_without_a_broker_still_takes_deliveries_back(
    courier: Courier, configured: Settings, sender: FakeSender, clock: FakeClock
) -> None:
    away = configured.model_copy(update={"broker_url": f"redis://127.0.0.1:{find_free_port()}/0"})
    sweeper = Sweeper(away, courier.database, CeleryTaskQueue(away), clock)
    delivery_id = finish_job(courier.database, clock.now())

    def die() -> None:
        raise KeyboardInterrupt

    sender.while_sending = die
    with pytest.raises(KeyboardInterrupt):
        courier.deliver(delivery_id)
    clock.move(60)

    sweeper.sweep()

    row = get_delivery(courier.database, delivery_id)
    assert (row.claim_token, row.next_attempt_at) == (None, clock.now())


def test_a_courier_that_gets_on_with_nothing_is_stalled(courier: Courier, clock: FakeClock) -> None:
    watchdog = CourierWatchdog(courier)
    clock.move(120)
    idle = watchdog.is_stalled()
    delivery_id = finish_job(courier.database, clock.now())
    clock.move(20)
    soon = watchdog.is_stalled()

    clock.move(20)
    late = watchdog.is_stalled()
    courier.deliver(delivery_id)
    finish_job(courier.database, clock.now())
    afterwards = watchdog.is_stalled()

    assert (idle, soon, late, afterwards) == (False, False, True, False)
