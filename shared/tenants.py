"""Whose data is whose: every job and every endpoint belongs to a tenant, and is read with the tenant's id only."""

from enum import IntEnum


class Tenant(IntEnum):
    """The tenants that are always there."""

    LOCAL = 0  # of a service without keys
    NOBODY = -1  # of an upload that was given up: its owner sees it no more, and the sweeper is deleting it
