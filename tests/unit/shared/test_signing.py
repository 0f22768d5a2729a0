"""Signatures that the official library verifies."""

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.signing import check_secret, sign

OLD = "whsec_" + b64encode(b"o" * 32).decode()
NEW = "whsec_" + b64encode(b"n" * 32).decode()
BODY = json.dumps({"type": "job.completed", "说明": "中文"}, ensure_ascii=False)


def test_the_official_library_verifies_what_is_signed() -> None:
    headers = sign([NEW], "0190-abc", datetime.now(UTC), BODY)

    assert Webhook(NEW).verify(BODY, headers) == json.loads(BODY)
    assert headers["webhook-id"] == "0190-abc"


def test_during_a_rotation_either_secret_verifies() -> None:
    headers = sign([NEW, OLD], "0190-abc", datetime.now(UTC), BODY)

    assert Webhook(OLD).verify(BODY, headers) == Webhook(NEW).verify(BODY, headers)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp"])
def test_a_changed_header_is_noticed(changed: str) -> None:
    headers = sign([NEW], "0190-abc", datetime.now(UTC), BODY)
    headers[changed] = headers[changed][:-1] + ("1" if headers[changed][-1] != "1" else "2")

    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(BODY, headers)


@pytest.mark.parametrize("size", [24, 32, 64])
def test_secrets_of_the_specification_are_taken(size: int) -> None:
    check_secret("whsec_" + b64encode(b"k" * size).decode())


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("hunter2hunter2hunter2hunter2hunter2", "must begin with whsec_"),
        ("whsec_", "holds 0"),
        ("whsec_" + b64encode(b"k" * 23).decode(), "holds 23"),
        ("whsec_" + b64encode(b"k" * 65).decode(), "holds 65"),
        ("whsec_not base64!", "must be base64"),
        ("whsec_密钥", "must be base64"),
    ],
)
def test_other_secrets_are_refused_and_not_shown(secret: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as raised:
        check_secret(secret)

    assert len(secret) < 10 or secret not in str(raised.value)
