"""Webhooks are believed when the official library would believe them, and only then."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from werkzeug.datastructures import Headers

from sentiq import AsyncClient, Client, InputUnusable, SignatureInvalid, verify_webhook
from shared.signing import sign

SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + b64encode(bytes(32)).decode()
BODY = json.dumps(
    {"type": "job.completed", "timestamp": "2026-01-31T08:00:00Z", "data": {"id": "j1", "counts": {"total": 2}}}
).encode()


def make_headers(*secrets: str, at: datetime | None = None, body: bytes = BODY) -> dict[str, str]:
    return sign(secrets or (SECRET,), "msg_1", at or datetime.now(UTC), body.decode())


def test_what_the_service_signs_is_believed() -> None:
    event = verify_webhook({name.title(): value for name, value in make_headers().items()}, BODY, SECRET)

    assert (event.id, event.type, event.data["id"]) == ("msg_1", "job.completed", "j1")


def test_headers_are_taken_as_flask_has_them() -> None:
    assert verify_webhook(Headers(make_headers()), BODY, SECRET).id == "msg_1"
    assert verify_webhook(list(make_headers().items()), BODY, SECRET).id == "msg_1"


def test_either_secret_will_do_while_they_are_changed() -> None:
    headers = make_headers(OTHER, SECRET)

    assert verify_webhook(headers, BODY, SECRET) == verify_webhook(headers, BODY, OTHER)


def test_the_secret_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIQ_WEBHOOK_SECRET", SECRET)

    assert Client.verify_webhook(make_headers(), BODY).id == "msg_1"
    assert AsyncClient.verify_webhook(make_headers(), BODY).id == "msg_1"


BAD_HEADERS = [
    {"webhook-id": "msg_2"},
    {"webhook-id": ""},
    {"webhook-timestamp": "soon"},
    {"webhook-timestamp": "9" * 400},
    {"webhook-timestamp": "١٢"},
    {"webhook-timestamp": "1000000000"},
    {"webhook-signature": ""},
    {"webhook-signature": "v1"},
    {"webhook-signature": "v1,"},
    {"webhook-signature": "v1,好"},
    {"webhook-signature": "v2,abc"},
    {"webhook-signature": "v1a," + "A" * 44},
]


@pytest.mark.parametrize("changed", BAD_HEADERS, ids=str)
def test_nothing_else_is_believed(changed: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        verify_webhook(make_headers() | changed, BODY, SECRET)


@pytest.mark.parametrize("minutes", [-10, -6, 6, 10])
def test_old_messages_and_those_of_tomorrow_are_refused_as_by_the_library(minutes: int) -> None:
    headers = make_headers(at=datetime.now(UTC) + timedelta(minutes=minutes))

    with pytest.raises(SignatureInvalid, match="300 s"):
        verify_webhook(headers, BODY, SECRET)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY, headers)


@pytest.mark.parametrize("body", [BODY + b" ", b"", "\u00e9".encode("latin-1")])
def test_a_changed_body_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        verify_webhook(make_headers(), body, SECRET)


def test_what_the_official_library_signs_is_believed_and_the_other_way_round() -> None:
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign(msg_id="msg_9", timestamp=now, data=BODY.decode())
    headers = {"webhook-id": "msg_9", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}

    assert verify_webhook(headers, BODY, SECRET).id == "msg_9"
    assert Webhook(SECRET).verify(BODY, headers)["type"] == "job.completed"
    with pytest.raises(SignatureInvalid):
        verify_webhook(headers, BODY, OTHER)


def test_a_signed_body_that_is_no_event_is_refused() -> None:
    with pytest.raises(SignatureInvalid, match="no event"):
        verify_webhook(make_headers(body=b"[]"), b"[]", SECRET)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "whsec_a"])
def test_a_secret_that_is_none_is_said(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SENTIQ_WEBHOOK_SECRET", raising=False)

    with pytest.raises(InputUnusable):
        verify_webhook(make_headers(), BODY, secret)
