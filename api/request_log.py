"""Gives every request an id that logs and answers share, writes one line about each, and counts it."""

import time

import structlog
from flask import Flask, Response, g, request

from api import measurements
from api.schemas.base import LIMITS, Limits
from shared.request_ids import REQUEST_ID_HEADER, choose_request_id

log = structlog.get_logger(__name__)

_QUIET_ROUTES = frozenset({"/health/live", "/health/ready", "/metrics"})


def log_requests(app: Flask, limits: Limits) -> None:
    """Register what happens before and after each request."""

    def begin() -> None:
        g.started = time.perf_counter()
        g.request_id = choose_request_id(request.headers.get(REQUEST_ID_HEADER))
        # A thread serves one caller after the other; nothing of the last one may stay.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(process="api", request_id=g.request_id)
        g.limits_before = LIMITS.set(limits)

    app.before_request(begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _forget(_error: BaseException | None) -> None:
    if "limits_before" in g:
        LIMITS.reset(g.pop("limits_before"))


def _end(response: Response) -> Response:
    response.headers[REQUEST_ID_HEADER] = g.request_id
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
