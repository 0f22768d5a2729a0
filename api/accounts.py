"""What the caller of one request may use, and what this request has used: stated in the answer's headers.

As in draft-ietf-httpapi-ratelimit-headers-11: `RateLimit-Policy` names each quota (`q`, in `w` seconds), `RateLimit`
what is left of it (`r`, for `t` seconds). The draft knows no unit for texts, so the two quotas of texts say theirs in a
parameter of our own, which others may read as a comment.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from flask import Flask, Response, g

from api.core import Core, get_core
from api.identity import LOCAL, Identity, get_identity
from api.request_errors import QuotaExceeded, RateLimited
from api.services.metering import Policy, Reading
from shared.quotas import Quotas

REQUESTS, TEXTS, WAITING_TEXTS = "requests", "texts", "waiting-texts"
MINUTE_SECONDS, DAY_SECONDS = 60, 86_400
_UNIT = ';sentiq-unit="texts"'


@dataclass(frozen=True, slots=True)
class Account:
    """Whose quotas a request uses, and what it has learnt of them."""

    identity: Identity = LOCAL
    quotas: Quotas = field(default_factory=Quotas)
    left: dict[str, str] = field(default_factory=dict)  # items of the RateLimit header, by the quota's name

    @property
    def spender(self) -> str:
        """Return under which name the quotas are counted: the key's, or the tenant's where there are no keys."""
        identity = self.identity
        return f"tenant-{identity.tenant_id}" if identity.key_id is None else f"key-{identity.key_id}"

    def note(self, name: str, remaining: int, seconds: int | None = None) -> None:
        """Remember what is left of a quota."""
        self.left[name] = f'"{name}";r={remaining}' + ("" if seconds is None else f";t={seconds}")


def limit_requests(app: Flask) -> None:
    """Register what counts each request and states the quotas in its answer."""
    app.before_request(_count_request)
    app.after_request(_state_quotas)


def get_account() -> Account:
    """Return the account of the request that is being served."""
    return cast(Account, g.account)


def _count_request() -> None:
    if "identity" not in g:
        return  # a public route
    core = get_core()
    account = g.account = Account(get_identity(), get_identity().quotas.over(core.settings.quotas))
    quota = account.quotas.requests_per_minute
    if not quota:
        return
    reading = core.meter.spend(Policy(REQUESTS, quota, MINUTE_SECONDS), account.spender)
    if reading is not None:
        account.note(REQUESTS, reading.remaining, reading.seconds)
        if not reading.is_enough:
            raise RateLimited(
                f"This key may send {quota:,} requests a minute: go on in {reading.seconds} seconds.", reading.seconds
            )


@contextmanager
def spending_texts(core: Core, account: Account, texts: int) -> Iterator[Callable[[], None]]:
    """Yield what uses so many texts of the day's quota, once it is called; they are given back if the block fails.

    Raises:
        QuotaExceeded: so many are not left, or are never taken.
    """
    quota = account.quotas.texts_per_day or 0
    if texts > quota > 0:
        raise QuotaExceeded(f"This key may send {quota:,} texts a day, so {texts:,} at once are never taken.")
    policy, used = Policy(TEXTS, quota, DAY_SECONDS), list[Reading]()
    try:
        yield lambda: used.extend(_spend_texts(core, account, policy, texts) if quota else ())
    except BaseException:
        for reading in used:
            core.meter.give_back(policy, account.spender, texts)
            account.note(TEXTS, min(quota, reading.remaining + texts), reading.seconds)
        raise


def give_back_texts(core: Core, account: Account, texts: int) -> None:
    """Return so many texts to the day's quota, since what was stored of them is not kept."""
    if quota := account.quotas.texts_per_day:
        core.meter.give_back(Policy(TEXTS, quota, DAY_SECONDS), account.spender, texts)


def _spend_texts(core: Core, account: Account, policy: Policy, texts: int) -> list[Reading]:
    """Return what is left after they were used; nothing if they could not be counted.

    Raises:
        QuotaExceeded: so many are not left.
    """
    reading = core.meter.spend(policy, account.spender, texts)
    if reading is None:
        return []
    account.note(TEXTS, reading.remaining, reading.seconds)
    if not reading.is_enough:
        raise QuotaExceeded(
            f"This key may send {policy.quota:,} texts a day and has {reading.remaining:,} left: these {texts:,} would "
            f"be taken in about {reading.seconds} seconds. Nothing of them was stored.",
            reading.seconds,
        )
    return [reading]


def _state_quotas(response: Response) -> Response:
    if "account" in g:
        quotas = get_account().quotas
        policies = [
            f'"{REQUESTS}";q={quotas.requests_per_minute};w={MINUTE_SECONDS}' if quotas.requests_per_minute else "",
            f'"{TEXTS}";q={quotas.texts_per_day};w={DAY_SECONDS}{_UNIT}' if quotas.texts_per_day else "",
            f'"{WAITING_TEXTS}";q={quotas.waiting_texts}{_UNIT}' if quotas.waiting_texts else "",
        ]
        if any(policies):
            response.headers["RateLimit-Policy"] = ", ".join(filter(None, policies))
        if left := get_account().left:
            response.headers["RateLimit"] = ", ".join(left.values())
    return response
