"""Connections to the broker: one Redis or Valkey server, or the master of a group that Sentinels watch."""

from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.sentinel import Sentinel

from shared.settings import Settings

SENTINEL_SCHEME = "sentinel://"
SENTINEL_PORT = 26_379


def create_redis(settings: Settings, **options: Any) -> redis.Redis:
    """Return a plain client of the broker, with redis-py's connection options; it connects when it is used.

    Raises:
        SettingsError: no broker is set.
    """
    address = settings.required_broker_url
    if not address.startswith(SENTINEL_SCHEME):
        return redis.Redis.from_url(address, **options)
    # Every part repeats the user, the password and the database, since kombu may begin with any of them.
    parts = [urlsplit(part) for part in address.split(";")]
    first = parts[0]
    group = Sentinel([(part.hostname, part.port or SENTINEL_PORT) for part in parts], **options)  # type: ignore[no-untyped-call]
    return group.master_for(  # type: ignore[no-any-return, no-untyped-call]
        settings.broker_master_name,
        username=unquote(first.username) if first.username else None,
        password=unquote(first.password) if first.password else None,
        db=int(first.path.strip("/") or 0),
    )


def plan_transport(settings: Settings, **options: Any) -> dict[str, Any]:
    """Return Celery's `broker_transport_options`: these, and the master's name where there are Sentinels."""
    if settings.required_broker_url.startswith(SENTINEL_SCHEME):
        return options | {"master_name": settings.broker_master_name}
    return options
