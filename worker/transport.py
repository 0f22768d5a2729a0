"""kombu's Redis transport, but for a message that cannot be read or taken in: that is dropped, with a line in the log.

kombu and Celery let most of what such a message raises end the whole worker; and since the message was not
acknowledged it comes back, and ends the next one too.
"""

from collections.abc import Callable
from queue import Empty
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, redis

log = structlog.get_logger(__name__)


class _DropsBadMessages:
    """What a channel of either transport does differently."""

    connection_errors: tuple[type[Exception], ...]

    def basic_consume(
        self, queue: str, no_ack: bool, callback: Callable[[Any], Any], consumer_tag: str, **options: Any
    ) -> Any:
        """Consume from a queue, rejecting what the consumer cannot take in."""

        def receive(message: Any) -> Any:
            try:
                return callback(message)
            except self.connection_errors:
                raise
            except Exception as err:  # noqa: BLE001  whatever a message raises, only that message may be lost
                log.error("message_dropped", queue=queue, error=type(err).__name__)
                return message.reject_log_error(log, self.connection_errors)

        return super().basic_consume(queue, no_ack, receive, consumer_tag, **options)  # type: ignore[misc]

    def _brpop_read(self, **options: Any) -> Any:
        """Read one message, dropping it if it is none: by now it is gone from its queue."""
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except Empty:
            raise
        except self.connection_errors:
            raise
        except Exception as err:  # noqa: BLE001  whatever an envelope raises, only that message may be lost
            log.error("message_unreadable", error=type(err).__name__)
            return True


class Channel(_DropsBadMessages, redis.Channel):
    """A channel to a single Redis."""


class Transport(redis.Transport):
    """A connection to a single Redis."""

    Channel = Channel


class SentinelChannel(_DropsBadMessages, redis.SentinelChannel):
    """A channel to the Redis that Sentinel names."""


class SentinelTransport(redis.SentinelTransport):
    """A connection to the Redis that Sentinel names."""

    Channel = SentinelChannel


def drop_bad_messages() -> None:
    """Let every connection that this process opens from now on use these transports; kombu chooses by the scheme."""
    TRANSPORT_ALIASES.update(
        redis=f"{__name__}:Transport", rediss=f"{__name__}:Transport", sentinel=f"{__name__}:SentinelTransport"
    )
