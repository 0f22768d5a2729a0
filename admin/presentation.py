"""How keys and tenants are written: JSON for programs, columns for people; never a digest, and a secret once."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from unicodedata import east_asian_width

from sqlalchemy import Row

from admin.keys import Made, describe_state
from shared.models import APIKey

HEADS = ("ID", "TENANT", "NAME", "SCOPES", "STATE", "CREATED", "EXPIRES", "LAST USED")


def describe_key(key: APIKey, tenant: str, now: datetime) -> dict[str, Any]:
    """Return a key for JSON."""
    return {
        "id": key.public_id,
        "tenant": tenant,
        "name": key.name,
        "scopes": key.scopes,
        "state": describe_state(key, now),
        "created_at": format_time(key.created_at),
        "expires_at": format_time(key.expires_at),
        "revoked_at": format_time(key.revoked_at),
        "last_used_at": format_time(key.last_used_at),
        "quotas": asdict(key.quotas),
    }


def describe_made(made: Made, now: datetime) -> dict[str, Any]:
    """Return a new key for JSON, with its secret."""
    return {"key": made.key.text} | describe_key(made.row, made.tenant, now)


def describe_tenant(row: Row[str, datetime, int]) -> dict[str, Any]:
    """Return a tenant for JSON."""
    name, created_at, key_count = row
    return {"name": name, "created_at": format_time(created_at), "keys": key_count}


def format_keys(rows: Sequence[Row[APIKey, str]], now: datetime) -> str:
    """Return keys in columns."""
    lines = [
        (
            key.public_id, tenant, key.name, ",".join(key.scopes), describe_state(key, now),
            format_time(key.created_at) or "", format_time(key.expires_at) or "never",
            format_time(key.last_used_at) or "never",
        )
        for key, tenant in rows
    ]  # fmt: skip
    return format_columns(HEADS, lines)


def format_columns(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells under their heads, each column as wide as its widest cell."""
    table = [heads, *lines]
    widths = [max(map(_measure, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell + " " * (width - _measure(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )


def format_time(moment: datetime | None) -> str | None:
    """Return a time to the second, in UTC, or None."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _measure(cell: str) -> int:
    """Return how many places a terminal needs for the cell: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in cell)
