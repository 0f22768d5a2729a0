"""Every route either needs a scope or is public on purpose."""

import re

import pytest
from flask import Flask

from api.access import Access, get_access
from api.app import build_core, create_app
from shared.scopes import Scope
from shared.settings import Settings

# Add to this only what shows nothing of anybody's texts: probes, and the description of the interface.
PUBLIC = {"/", "/docs", "/docs/redoc.js", "/health/live", "/health/ready", "/openapi.json"}


@pytest.fixture
def app() -> Flask:
    return create_app(build_core(Settings(broker_url="redis://127.0.0.1:1/0")))


def read_access(app: Flask) -> dict[str, set[Access]]:
    """Return what opens each address; one address may have a view for each method."""
    found: dict[str, set[Access]] = {}
    for rule in app.url_map.iter_rules():
        found.setdefault(rule.rule, set()).add(get_access(app.view_functions[rule.endpoint]))
    return found


def test_every_route_needs_a_scope_unless_it_is_public_on_purpose(app: Flask) -> None:
    is_public = {rule: any(access.is_public for access in views) for rule, views in read_access(app).items()}

    assert {rule for rule, open_to_all in is_public.items() if open_to_all} == PUBLIC
    assert len(is_public) > len(PUBLIC)


def test_what_changes_something_is_not_opened_by_a_key_that_may_only_read(app: Flask) -> None:
    opened_by_reading = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        and Scope.READ in get_access(app.view_functions[rule.endpoint]).scopes
    ]

    assert opened_by_reading == []


def test_what_needs_no_key_since_it_is_asked_with_options_says_nothing(app: Flask) -> None:
    client = app.test_client()

    answers = [client.options(re.sub("<.*?>", "x", rule.rule)) for rule in app.url_map.iter_rules()]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.data for answer in answers} == {b""}


def test_a_route_that_declares_nothing_is_not_served(app: Flask) -> None:
    app.add_url_rule("/forgotten", view_func=lambda: "data")

    answer = app.test_client().get("/forgotten")

    assert answer.status_code == 500
    assert "data" not in answer.text.replace("database", "")
