"""Who sends this request: the tenant whose data it may touch, the key it came with, and what that key is good for."""

from dataclasses import dataclass, field
from typing import cast

from flask import g

from shared.quotas import Quotas
from shared.scopes import Scope
from shared.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Identity:
    """On whose behalf one request acts."""

    tenant_id: int
    key_id: int | None  # None: a service without keys
    scopes: frozenset[Scope]
    quotas: Quotas = field(default_factory=Quotas)


# Everybody on the machine of a service that has no keys.
LOCAL = Identity(Tenant.LOCAL, None, frozenset(Scope))


def get_identity() -> Identity:
    """Return who sends the request that is being served.

    Raises:
        AttributeError: nobody was asked, since the route is public.
    """
    return cast(Identity, g.identity)
