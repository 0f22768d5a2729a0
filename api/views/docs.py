"""The OpenAPI document and a page to read it; everything the page needs comes from this service itself."""

from functools import cache
from pathlib import Path

import flask_openapi3_redoc  # type: ignore[import-untyped]
from flask import Blueprint, Flask, Response, redirect, render_template, send_from_directory
from flask_openapi3.openapi import OpenAPI
from werkzeug.wrappers import Response as AnyResponse

from api.access import public
from api.openapi import render_document
from api.responses import JSON_TYPE
from api.schemas.base import Limits

REDOC_FOLDER = Path(flask_openapi3_redoc.__file__).parent / "templates" / "redoc" / "js"
REDOC_FILE = "redoc.standalone.js"
# The script would fetch its maker's logo from the maker's host; this policy forbids every host but this one.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def register_docs(app: OpenAPI, limits: Limits) -> None:
    """Add `/openapi.json`, `/docs` and, until there is a better first page, `/`."""
    blueprint = Blueprint("docs", __name__)
    render = cache(lambda: render_document(app, limits))
    blueprint.add_url_rule("/", view_func=show_first_page)
    blueprint.add_url_rule("/docs", view_func=show_docs)
    blueprint.add_url_rule("/docs/redoc.js", view_func=send_script)
    blueprint.add_url_rule(
        "/openapi.json", endpoint="read_document", view_func=public(lambda: Response(render(), content_type=JSON_TYPE))
    )
    Flask.register_blueprint(app, blueprint)


@public
def show_first_page() -> AnyResponse:
    """Lead to the documentation."""
    return redirect("/docs")


@public
def show_docs() -> Response:
    """Show the OpenAPI document to people."""
    page = Response(render_template("docs.html"), content_type="text/html; charset=utf-8")
    page.headers["Content-Security-Policy"] = PAGE_POLICY
    return page


@public
def send_script() -> Response:
    """Return the script that draws the page."""
    return send_from_directory(REDOC_FOLDER, REDOC_FILE, mimetype="text/javascript", max_age=86_400)
