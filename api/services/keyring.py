"""Recognises API keys without asking the database at every request, and knows whether any are asked for at all.

What was read is believed for a few seconds: so long may a revoked key still open, and so long may a service stay open
after its first key was made. While the database is away, what was known holds on; only metrics can be read then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.identity import Identity
from api.request_errors import KeyExpired, KeyRevoked, KeyUnknown
from shared.clock import Clock
from shared.database import Database
from shared.keys import find_public_id, is_match
from shared.models import APIKey
from shared.queries import keys
from shared.scopes import Scope

T = TypeVar("T")
log = structlog.get_logger(__name__)

BELIEVED = timedelta(seconds=5)
BELIEVED_WITHOUT_DATABASE = timedelta(minutes=10)
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    """Something read from the database, and when."""

    value: T
    read_at: datetime

    def is_younger(self, age: timedelta, now: datetime) -> bool:
        # A clock that was set back must not make anything young for ever.
        return timedelta(0) <= now - self.read_at < age


class Keyring:
    """The keys of this service, as one process knows them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Know nothing yet."""
        self._database, self._clock = database, clock
        self._keys: dict[str, _Known[APIKey | None]] = {}
        self._has_any: _Known[bool] | None = None

    def has_any(self) -> bool:
        """Return whether the service ever had a key; once True, for ever."""
        known = self._has_any
        if known is None or not known.value:
            self._has_any = known = self._believe(known, keys.has_any)
        return known.value

    def identify(self, text: str) -> Identity:
        """Return who holds this key.

        Raises:
            KeyUnknown: it is none of this service.
            KeyRevoked, KeyExpired: it was one.
        """
        now = self._clock.now()
        public_id = find_public_id(text)
        key = None if public_id is None else self._find(public_id)
        if key is None or not is_match(text, key.digest):
            raise KeyUnknown
        if key.revoked_at is not None:
            raise KeyRevoked
        if key.expires_at is not None and key.expires_at <= now:
            raise KeyExpired
        self._note_use(key, now)
        return Identity(key.tenant_id, key.id, frozenset(map(Scope, key.scopes)), key.quotas)

    def _find(self, public_id: str) -> APIKey | None:
        known = self._believe(self._keys.get(public_id), lambda session: keys.find_key(session, public_id))
        if known.value is not None:  # ids that were made up are not remembered, or they would fill the memory
            self._keys[public_id] = known
        return known.value

    def _believe(self, known: _Known[T] | None, read: Callable[[Session], T]) -> _Known[T]:
        """Return what is known if it is young enough, else what the database says now."""
        now = self._clock.now()
        if known is not None and known.is_younger(BELIEVED, now):
            return known
        try:
            with self._database.reading() as session:
                return _Known(read(session), now)
        except SQLAlchemyError:
            if known is None or not known.is_younger(BELIEVED_WITHOUT_DATABASE, now):
                raise
            return known

    def _note_use(self, key: APIKey, now: datetime) -> None:
        """Store about once a minute that the key is in use; a database that cannot is no reason to refuse."""
        if key.last_used_at is not None and now - key.last_used_at < USE_NOTED_EVERY:
            return
        key.last_used_at = now
        try:
            with self._database.writing() as session:
                keys.note_use(session, key.id, now, not_since=now - USE_NOTED_EVERY)
        except SQLAlchemyError as err:
            log.warning("key_use_not_noted", key_id=key.id, error=type(err).__name__)
