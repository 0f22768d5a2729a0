"""Who sends this request: the tenant whose data it may touch, the key it came with, and what that key is good for."""

from dataclasses import dataclass
from typing import cast

from flask import g

from shared.scopes import Scope
from shared.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Identity:
    """On whose behalf one request acts."""

    tenant_id: int
    key_id: int | None  # null: a service without keys
    scopes: frozenset[Scope]


# Everybody, as long as a service has no keys.
LOCAL = Identity(Tenant.LOCAL, None, frozenset(Scope))


def get_identity() -> Identity:
    """Return who sends the request that is being served."""
    return cast(Identity, g.get("identity", LOCAL))
