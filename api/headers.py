"""The headers that every answer carries: against guessing of types, framing and caching, and for other origins."""

from flask import Flask, Response
from flask_cors import CORS

from shared.request_ids import REQUEST_ID_HEADER
from shared.settings import Settings

DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_EXPOSED = (
    "Content-Disposition",
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    REQUEST_ID_HEADER,
)


def set_common_headers(app: Flask, settings: Settings) -> None:
    """Add the headers to every answer; one that a view has set itself stays."""
    app.after_request(_add_defaults)
    if settings.cors_origins:
        CORS(app, origins=list(settings.cors_origins), expose_headers=list(_EXPOSED), max_age=600)


def _add_defaults(response: Response) -> Response:
    for name, value in DEFAULTS.items():
        response.headers.setdefault(name, value)
    return response
