"""The commands: what a program may want goes to standard output, what a person should know to standard error."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping

from admin.keys import Keys, Made, Request
from admin.presentation import (
    describe_key,
    describe_made,
    describe_tenant,
    format_columns,
    format_keys,
    format_time,
)
from shared.quotas import Quotas


def run_command(keys: Keys, options: Namespace) -> None:
    """Run the command that was chosen, and say what it did.

    Raises:
        KeyNotFound: there is no such key.
        KeyNotUsable: it has ended, or has a successor already.
    """
    _COMMANDS[options.action](keys, options)


def tell(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, file=sys.stderr)


def _create(keys: Keys, options: Namespace) -> None:
    quotas = Quotas(options.requests_per_minute, options.texts_per_day, options.waiting_texts)
    made = keys.create(Request(options.tenant, options.name, options.scopes, options.expires_in, quotas))
    if made.is_new_tenant:
        tell(f"Made the tenant {made.tenant!r}.")
    _show(keys, made, options)


def _rotate(keys: Keys, options: Namespace) -> None:
    rotated = keys.rotate(options.key, options.overlap)
    _show(keys, rotated.made, options)
    tell(f"The old key {rotated.old.public_id} works until {format_time(rotated.old.expires_at)}.")


def _show(keys: Keys, made: Made, options: Namespace) -> None:
    scopes = ", ".join(made.row.scopes)
    until = "without end" if made.row.expires_at is None else f"until {format_time(made.row.expires_at)}"
    tell(f"Made the key {made.row.public_id} ({made.row.name}) of the tenant {made.tenant!r} for {scopes}, {until}.")
    tell("It is shown this once and cannot be read again:")
    print(json.dumps(describe_made(made, keys.clock.now()), ensure_ascii=False) if options.json else made.key.text)


def _list(keys: Keys, options: Namespace) -> None:
    rows, now = keys.list_all(options.tenant, with_ended=options.all), keys.clock.now()
    if options.json:
        _print_json([describe_key(key, tenant, now) for key, tenant in rows])
    elif rows:
        print(format_keys(rows, now))
    else:
        tell("There are no keys to show; `keys create --tenant NAME` makes one.")


def _revoke(keys: Keys, options: Namespace) -> None:
    key, is_change = keys.revoke(options.key)
    when = format_time(key.revoked_at)
    tell(
        f"Revoked the key {key.public_id} ({key.name}): it opens nothing after 5 more seconds."
        if is_change
        else f"The key {key.public_id} ({key.name}) was revoked before, at {when}."
    )


def _list_tenants(keys: Keys, options: Namespace) -> None:
    found = [describe_tenant(row) for row in keys.list_tenants()]
    if options.json:
        _print_json(found)
    else:
        lines = [(str(one["name"]), str(one["created_at"]), str(one["keys"])) for one in found]
        print(format_columns(("TENANT", "CREATED", "KEYS"), lines))


_COMMANDS: Mapping[str, Callable[[Keys, Namespace], None]] = {
    "keys create": _create,
    "keys list": _list,
    "keys revoke": _revoke,
    "keys rotate": _rotate,
    "tenants list": _list_tenants,
}


def _print_json(content: object) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2))
