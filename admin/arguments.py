"""Reads the command line; argparse itself answers `--help`, and a wrong word with exit code 2."""

import argparse
import re
from collections.abc import Sequence
from datetime import timedelta

from shared.keys import find_named_id
from shared.scopes import Scope

MAX_NAME_CHARS = 100
# Longer than anybody plans, and short enough for a date.
MAX_DAYS = 36_500
MAX_QUOTA = 2_000_000_000  # within an integer column
_DURATION = re.compile(r"(\d{1,9})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DEFAULT_SCOPES = (Scope.SUBMIT, Scope.READ)
DEFAULT_OVERLAP = "24h"


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the chosen command's `action` and its options; exits on `--help` and on what cannot be understood."""
    parser = argparse.ArgumentParser("sentiq-admin", description="Manage the API keys of a sentiq service.")
    groups = parser.add_subparsers(required=True, metavar="COMMAND")
    keys = groups.add_parser("keys", help="create, list, revoke and rotate keys").add_subparsers(
        required=True, metavar="ACTION"
    )
    _add_create(keys.add_parser("create", help="make a key; it is shown once, on standard output"))
    _add_list(keys.add_parser("list", help="list keys, without their secrets"))
    _add_revoke(keys.add_parser("revoke", help="end a key now"))
    _add_rotate(keys.add_parser("rotate", help="make a key's successor; the old one lives on for a while"))
    tenants = groups.add_parser("tenants", help="list tenants").add_subparsers(required=True, metavar="ACTION")
    _add_tenants(tenants.add_parser("list", help="list tenants; `keys create` makes them"))
    return parser.parse_args(arguments)


def parse_duration(text: str) -> timedelta:
    """Return a time span such as 90d, 24h, 15m or 30s, or 0."""
    found = _DURATION.fullmatch("0s" if text == "0" else text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time span; write it like 90d, 24h, 15m or 30s")
    span = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if span > timedelta(days=MAX_DAYS):
        raise argparse.ArgumentTypeError(f"{text!r} is longer than {MAX_DAYS:,} days")
    return span


def parse_lifetime(text: str) -> timedelta:
    """Return a time span that is not 0."""
    span = parse_duration(text)
    if not span:
        raise argparse.ArgumentTypeError("a key must live for some time")
    return span


def parse_name(text: str) -> str:
    """Return a name that can be shown and stored."""
    if not text.strip() or text != text.strip() or len(text) > MAX_NAME_CHARS or not text.isprintable():
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name; use 1 to {MAX_NAME_CHARS} printable characters, with no space at either end"
        )
    return text


def parse_scopes(text: str) -> tuple[Scope, ...]:
    """Return the scopes of a list like submit,read."""
    try:
        return tuple(sorted({Scope(part.strip()) for part in text.split(",")}))
    except ValueError:
        known = ", ".join(Scope)
        raise argparse.ArgumentTypeError(f"{text!r} names a scope that is not there; there are {known}") from None


def parse_quota(text: str) -> int:
    """Return a quota, which is 0 for none."""
    if not (text.isascii() and text.isdigit()) or int(text) > MAX_QUOTA:
        raise argparse.ArgumentTypeError(f"{text!r} is no quota; use a number from 0, for no limit, to {MAX_QUOTA:,}")
    return int(text)


def parse_key_id(text: str) -> str:
    """Return the id of a key that is named by its id or by its beginning."""
    public_id = find_named_id(text)
    if public_id is None:
        raise argparse.ArgumentTypeError("that is no key's id; `keys list` shows them in its first column")
    return public_id


def _add_create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", required=True, type=parse_name, help="whose key it is; made if there is none")
    parser.add_argument("--name", default="default", type=parse_name, help="what you call the key (default: default)")
    parser.add_argument(
        "--scopes", default=DEFAULT_SCOPES, type=parse_scopes, metavar="SCOPE,SCOPE",
        help=f"of {', '.join(Scope)} (default: {','.join(DEFAULT_SCOPES)})",
    )  # fmt: skip
    parser.add_argument("--expires-in", type=parse_lifetime, metavar="SPAN", help="like 90d (default: never)")
    for name, what in (
        ("requests-per-minute", "requests a minute"),
        ("texts-per-day", "texts a day"),
        ("waiting-texts", "texts of the tenant waiting at once"),
    ):
        parser.add_argument(
            f"--{name}", type=parse_quota, metavar="N", help=f"at most N {what}; 0: any number (default: the service's)"
        )
    _finish(parser, "keys create")


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", type=parse_name, help="only this tenant's")
    parser.add_argument("--all", action="store_true", help="those revoked and expired too")
    _finish(parser, "keys list")


def _add_revoke(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", type=parse_key_id, metavar="ID", help="as `keys list` shows it")
    _finish(parser, "keys revoke", has_json=False)


def _add_rotate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", type=parse_key_id, metavar="ID", help="as `keys list` shows it")
    parser.add_argument(
        "--overlap", default=DEFAULT_OVERLAP, type=parse_duration, metavar="SPAN",
        help=f"how long the old key lives on (default: {DEFAULT_OVERLAP}; 0: not at all)",
    )  # fmt: skip
    _finish(parser, "keys rotate")


def _add_tenants(parser: argparse.ArgumentParser) -> None:
    _finish(parser, "tenants list")


def _finish(parser: argparse.ArgumentParser, action: str, *, has_json: bool = True) -> None:
    if has_json:
        parser.add_argument("--json", action="store_true", help="write JSON")
    parser.set_defaults(action=action)
