"""Finds out who sends a request before anything else looks at it, and turns away who may not send it."""

from ipaddress import ip_address

import structlog
from flask import Flask, current_app, g, request

from api.access import get_access
from api.core import get_core
from api.identity import LOCAL, Identity
from api.request_errors import KeyMissing, ScopeMissing

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
ELSEWHERE = (
    "Without a key this service answers only callers on its own machine, called by a loopback name and not through a "
    "proxy: ask its operator for a key."
)


def authenticate_requests(app: Flask) -> None:
    """Register the check that goes before every view."""
    app.before_request(_authenticate)


def _authenticate() -> None:
    if request.endpoint is None or request.method == "OPTIONS":
        return  # there is no such address; or a browser asks what it may send, and can show no key yet
    access = get_access(current_app.view_functions[request.endpoint])
    if access.is_public:
        return
    g.identity = identity = _identify()
    structlog.contextvars.bind_contextvars(tenant_id=identity.tenant_id, key_id=identity.key_id)
    if identity.scopes.isdisjoint(access.scopes):
        raise ScopeMissing(access.scopes)


def _identify() -> Identity:
    """Return who sends this request.

    Raises:
        KeyMissing: keys are asked for, or the caller is not on this machine.
        KeyUnknown, KeyRevoked, KeyExpired: the key is not good, or no longer.
    """
    core, given = get_core(), request.authorization
    if given is not None and given.type == "bearer":
        return core.keyring.identify(given.token or "")
    if core.settings.auth == "keys" or core.keyring.has_any():
        raise KeyMissing
    if not _is_from_here():
        raise KeyMissing(ELSEWHERE)
    return LOCAL


def _is_from_here() -> bool:
    """Return whether the caller is on this machine and means to call this machine.

    The name keeps web pages out that point a name of theirs at a loopback address; the headers, proxies that would
    open the service to everybody.
    """
    name = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    is_forwarded = "Forwarded" in request.headers or "X-Forwarded-For" in request.headers
    return _is_loopback(request.remote_addr or "") and name.lower() in LOOPBACK_NAMES and not is_forwarded


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.removeprefix("::ffff:")).is_loopback
    except ValueError:  # a socket that is no TCP socket: whoever may be behind it
        return False
