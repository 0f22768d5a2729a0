"""Counts in Redis what callers have used of their quotas.

While Redis is away or slow nothing is counted and everything passes: quotas are there to keep the service up, so they
must not take it down. Redis holds nothing but the number of a key or tenant, the name of a quota and what was counted,
and each entry expires by itself.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor
from typing import TypeVar

import structlog
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from prometheus_client import Counter
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.broker import create_redis
from shared.settings import Settings

T = TypeVar("T")
log = structlog.get_logger(__name__)

KEY_PREFIX = "sentiq:quotas"
TIMEOUT_SECONDS = 0.25  # of one question, which is not asked twice
PAUSE_SECONDS = 2.0  # without questions after one that failed, so that a slow Redis slows few requests
FAILURES = Counter("sentiq_quota_failures_total", "Quotas that could not be counted, since Redis did not answer.")


@dataclass(frozen=True, slots=True)
class Policy:
    """One quota of one caller, over a window that slides."""

    name: str
    quota: int
    window_seconds: int

    @property
    def item(self) -> RateLimitItem:
        """Return the policy as the library has it."""
        return RateLimitItemPerSecond(self.quota, self.window_seconds, namespace=self.name)


@dataclass(frozen=True, slots=True)
class Window:
    """What was counted in the window that has just ended and in the one that runs."""

    before: int
    before_seconds: float  # until what was counted before is forgotten; it fades evenly
    now: int
    now_seconds: float  # until this window ends

    def count(self, policy: Policy) -> int:
        """Return how much of the quota is used."""
        return floor(self.before * self.before_seconds / policy.window_seconds) + self.now

    def plan_wait(self, policy: Policy, amount: int) -> int:
        """Return after how many seconds `amount`, which is within the quota, would pass if nothing else came."""
        room, length = policy.quota - amount, policy.window_seconds
        if self.now <= room:
            seconds = self.before_seconds - (room - self.now) * length / self.before if self.before else 0.0
        else:  # this window must end and fade in its turn
            seconds = self.now_seconds + length * (1 - room / self.now)
        return max(1, ceil(seconds))


@dataclass(frozen=True, slots=True)
class Reading:
    """What is left of a quota, after it was used or because it was not enough."""

    is_enough: bool
    remaining: int
    seconds: int  # until more is left; if it was not enough, until it would be


class Meter:
    """The counters of one Redis; safe to use from many threads."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Connect lazily to the broker that the settings name.

        Raises:
            SettingsError: they name none.
        """
        self._redis = create_redis(
            settings,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        # The library wants an address as well, and reads nothing but the scheme: the pool knows its server.
        self._storage = RedisStorage("redis://", connection_pool=self._redis.connection_pool, key_prefix=KEY_PREFIX)
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)
        self._clock, self._paused_until = clock, 0.0

    def spend(self, policy: Policy, spender: str, amount: int = 1) -> Reading | None:
        """Use `amount` of the quota, all or nothing, and return what is left; None while nobody can count."""
        return self._ask(lambda: self._spend(policy, spender, amount))

    def give_back(self, policy: Policy, spender: str, amount: int) -> None:
        """Return what was used for nothing."""
        self._ask(lambda: self._limiter.hit(policy.item, spender, cost=-amount))

    def _spend(self, policy: Policy, spender: str, amount: int) -> Reading:
        is_enough = self._limiter.hit(policy.item, spender, cost=amount)
        window = self._read(policy, spender)
        remaining = max(0, policy.quota - window.count(policy))
        seconds = max(1, ceil(window.now_seconds)) if is_enough else window.plan_wait(policy, amount)
        return Reading(is_enough, remaining, seconds)

    def _read(self, policy: Policy, spender: str) -> Window:
        before, before_seconds, now, expires_in = self._storage.get_sliding_window(
            policy.item.key_for(spender), policy.window_seconds
        )
        # A window's counter outlives it by the length of the next, in which it fades.
        return Window(before, before_seconds, now, max(0.0, expires_in - policy.window_seconds))

    def _ask(self, question: Callable[[], T]) -> T | None:
        if self._clock() < self._paused_until:
            return None
        try:
            return question()
        except (RedisError, OSError) as err:
            self._paused_until = self._clock() + PAUSE_SECONDS
            FAILURES.inc()
            log.warning("quotas_not_counted", error=type(err).__name__, pause_seconds=PAUSE_SECONDS)
            return None
