"""The OpenAPI document: which errors each operation answers, and what the code alone cannot say."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask_openapi3.models.info import Info
from flask_openapi3.models.server import Server
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.errors import PROBLEMS
from api.schemas.base import Answer, Limits, RequestBody
from api.schemas.health import Liveness, Readiness
from api.schemas.jobs import Job, JobPage, JobWithResults, SubmitJob
from api.schemas.models import ModelList
from api.schemas.problems import PROBLEM_TYPE, Problem
from api.schemas.results import ResultPage
from api.schemas.sentiment import BlankTextError, Sentiment, SentimentRequest

VERSION = "0.1.0"
INFO = Info(
    title="sentiq",
    version=VERSION,
    summary="Says how Chinese texts feel.",
    description=(
        "Send one text and wait, or send many as a job and read the results page by page.\n\n"
        "Everything is JSON in UTF-8. Every error is a problem (RFC 9457) whose `code` is stable; "
        "an error of validation says in `errors` what is wrong at which JSON Pointer."
    ),
)
SERVERS = [Server(url="/", description="This service")]
SENTIMENT = Tag(name="sentiment", description="One text, answered at once.")
JOBS = Tag(name="jobs", description="Many texts, scored in the background.")
SERVICE = Tag(name="service", description="What runs, whether it can, how it does.")

_HEADERS: Mapping[str, str] = {
    "Location": "Where the job is.",
    "Retry-After": "In how many seconds it is worth asking again.",
    "Preference-Applied": "How long the caller was really willing to be kept waiting, as understood.",
    "ETag": "Changes whenever a text of the job moves; send it back in `If-None-Match`.",
    "Allow": "The methods that work here.",
}


ANSWERS: tuple[type[Answer], ...] = (
    Sentiment,
    BlankTextError,
    Job,
    JobWithResults,
    JobPage,
    ResultPage,
    ModelList,
    Liveness,
    Readiness,
    Problem,
)
REQUESTS: tuple[type[RequestBody], ...] = (SentimentRequest, SubmitJob)
_REFERENCE = "#/components/schemas/{model}"


def describe_answer(description: str, answer_type: type[Answer] | None = None, *headers: str) -> dict[str, Any]:
    """Return an answer of an operation: JSON of this type, with these headers."""
    answer: dict[str, Any] = {"description": description}
    if answer_type is not None:
        answer["content"] = {"application/json": {"schema": _refer_to(answer_type)}}
    if headers:
        answer["headers"] = {name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in headers}
    return answer


def describe_problems(*codes: str) -> dict[Any, Any]:
    """Return the errors of an operation by status, and `default` for those that any operation can have."""
    by_status: dict[HTTPStatus, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code][0], []).append(code)
    answers: dict[str, Any] = {str(status.value): _describe_problem(named) for status, named in by_status.items()}
    return answers | {"default": _describe_problem(["internal_error", "database_unavailable"])}


def _describe_problem(codes: list[str]) -> dict[str, Any]:
    titles = "; ".join(f"`{code}`: {PROBLEMS[code][1]}" for code in codes)
    return {
        "description": titles,
        "content": {PROBLEM_TYPE: {"schema": _refer_to(Problem)}},
    }


def _refer_to(answer_type: type[Answer]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=answer_type.__name__)}


def render_document(app: OpenAPI, limits: Limits) -> str:
    """Return the document as JSON, with the limits that the settings of this service set."""
    document = app.api_doc
    schemas = document["components"]["schemas"]
    # Made again from pydantic, since flask-openapi3 knows only the models it meets, and drops their examples.
    shapes: list[tuple[type[BaseModel], JsonSchemaMode]] = [(one, "serialization") for one in ANSWERS]
    shapes += [(one, "validation") for one in REQUESTS]
    _, made = models_json_schema(shapes, ref_template=_REFERENCE)
    schemas.update(made["$defs"])
    schemas["SubmitJob"]["properties"]["texts"]["maxItems"] = limits.max_texts
    for owner in ("TextItem", "SentimentRequest"):
        schemas[owner]["properties"]["text"]["maxLength"] = limits.max_text_chars
    return json.dumps(document, ensure_ascii=False)
