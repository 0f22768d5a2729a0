"""Gives every request an id that logs and answers share, writes one line about each, and counts it."""

import re
import time
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

from api import measurements
from api.schemas.base import LIMITS, Limits

log = structlog.get_logger(__name__)

REQUEST_ID = "X-Request-Id"
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_QUIET_ROUTES = frozenset({"/health/live", "/health/ready", "/metrics"})


def log_requests(app: Flask, limits: Limits) -> None:
    """Register what happens before and after each request."""

    def begin() -> None:
        g.started = time.perf_counter()
        g.request_id = choose_request_id(request.headers.get(REQUEST_ID))
        # A thread serves one caller after the other; nothing of the last one may stay.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(process="api", request_id=g.request_id)
        g.limits_before = LIMITS.set(limits)

    app.before_request(begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def choose_request_id(given: str | None) -> str:
    """Return the caller's own id if it is a harmless one, else a new one."""
    if given is not None and _ACCEPTABLE_ID.fullmatch(given):
        return given
    return uuid4().hex


def _forget(_error: BaseException | None) -> None:
    if "limits_before" in g:
        LIMITS.reset(g.pop("limits_before"))


def _end(response: Response) -> Response:
    response.headers[REQUEST_ID] = g.request_id
    seconds = time.perf_counter() - g.started
    # The route's template, not the path: a path would make a new time series of every job.
    route = request.url_rule.rule if request.url_rule is not None else "unmatched"
    measurements.observe_request(request.method, route, response.status_code, seconds)
    write = log.debug if route in _QUIET_ROUTES else log.info
    write(
        "request_served",
        method=request.method,
        route=route,
        status=response.status_code,
        duration_ms=round(seconds * 1000, 1),
        bytes=response.content_length,
    )
    return response
