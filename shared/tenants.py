"""Whose data is whose: every job and every endpoint belongs to a tenant, and is read with the tenant's id only."""

from enum import IntEnum


class Tenant(IntEnum):
    """The tenants that are always there."""

    LOCAL = 0  # of a service without keys
