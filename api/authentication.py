"""Finds out who sends a request before anything else looks at it, and turns away who may not send it.

A key that is not good for what is asked is turned away only after the request was counted (api/accounts.py): such
requests use up the key's quota too.
"""

import re

import structlog
from flask import Flask, current_app, g, request

from api.access import get_access
from api.core import get_core
from api.identity import LOCAL, Identity, get_identity
from api.request_errors import KeyMissing, ScopeMissing
from shared.loopback import is_loopback_address

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_PORT = re.compile(r":[0-9]*$")
ELSEWHERE = (
    "Without a key this service answers only callers on its own machine, called by a loopback name and not through a "
    "proxy: ask its operator for a key."
)


def authenticate_requests(app: Flask) -> None:
    """Register what goes before everything else."""
    app.before_request(_authenticate)


def authorize_requests(app: Flask) -> None:
    """Register the check that goes right before every view."""
    app.before_request(_authorize)


def _authenticate() -> None:
    if request.endpoint is None or request.method == "OPTIONS":
        return  # there is no such address; or a browser asks what it may send, and can show no key yet
    if not get_access(current_app.view_functions[request.endpoint]).is_public:
        g.identity = identity = _identify()
        structlog.contextvars.bind_contextvars(tenant_id=identity.tenant_id, key_id=identity.key_id)


def _authorize() -> None:
    if "identity" not in g:
        return
    access = get_access(current_app.view_functions[request.endpoint or ""])
    if get_identity().scopes.isdisjoint(access.scopes):
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
    name = _PORT.sub("", request.host).lower()
    is_forwarded = "Forwarded" in request.headers or "X-Forwarded-For" in request.headers
    # A socket that is no TCP socket has no address: whoever may be behind it.
    return is_loopback_address(request.remote_addr or "") and name in LOOPBACK_NAMES and not is_forwarded
