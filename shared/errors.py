"""The one tree of errors: each class names a stable code, and its docstring is its default message.

HTTP status codes are not known here; `api/errors.py` holds the one table that maps codes to them.
"""

from typing import ClassVar


class SentiqError(Exception):
    """Something went wrong inside sentiq."""

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str | None = None) -> None:
        """Take `detail` as the message, or else the first line of the class docstring."""
        self.detail = detail or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(self.detail)


class SettingsError(SentiqError):
    """A setting is missing or wrong."""

    code = "settings_invalid"


class TransientError(SentiqError):
    """A passing fault: the same call may succeed later."""

    code = "temporarily_unavailable"
    retryable = True


class BrokerUnavailable(TransientError):
    """The message broker does not answer."""

    code = "broker_unavailable"


class NotFound(SentiqError):
    """There is nothing under this address."""

    code = "not_found"


class JobNotFound(NotFound):
    """There is no job with this id."""

    code = "job_not_found"


class JobAlreadyFinished(SentiqError):
    """The job has already finished, so nothing is left to cancel."""

    code = "job_already_finished"


class ModelUnknown(SentiqError):
    """No worker serves a model of this name."""

    code = "model_unknown"


class QueueFull(SentiqError):
    """The queue is full; please send the texts again later."""

    code = "queue_full"
    retryable = True

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        """Say how long the caller should wait before it tries again."""
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class WebhooksNotConfigured(SentiqError):
    """Webhooks are off: the operator of the service must set SENTIQ_WEBHOOK_SECRET first."""

    code = "webhooks_not_configured"


class WebhookKeysMissing(SentiqError):
    """Registered webhooks are off: the operator of the service must set SENTIQ_WEBHOOK_ENCRYPTION_KEYS first."""

    code = "webhook_keys_missing"


class WebhookNotFound(NotFound):
    """There is no webhook with this id."""

    code = "webhook_not_found"


class WebhookDisabled(SentiqError):
    """The webhook is disabled: enable it first."""

    code = "webhook_disabled"


class TooManyWebhooks(SentiqError):
    """There are as many webhooks as one tenant may have: delete one first."""

    code = "too_many_webhooks"


class TooManyAttempts(SentiqError):
    """The delivery has been tried as often as one may be, so it is not sent again."""

    code = "too_many_attempts"


class DeliveryNotFound(NotFound):
    """There is no delivery with this id."""

    code = "delivery_not_found"


class SecretUnreadable(SentiqError):
    """The secret of a webhook was encrypted with a key that is not in SENTIQ_WEBHOOK_ENCRYPTION_KEYS."""

    code = "secret_unreadable"


class WebhookURLRefused(SentiqError):
    """The webhook's address cannot be used."""

    code = "webhook_url_refused"


class ModelDirectoryError(SentiqError):
    """The model directory cannot be used."""

    code = "model_directory_invalid"
