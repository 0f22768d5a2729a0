"""Writes answers: UTF-8 without escapes, in the order of the fields."""

from collections.abc import Mapping
from http import HTTPStatus
from uuid import UUID

from flask import Response
from pydantic import BaseModel

JSON_TYPE = "application/json; charset=utf-8"


def respond(
    answer: BaseModel, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer as JSON."""
    return Response(answer.model_dump_json(), status=status, headers=dict(headers or {}), content_type=JSON_TYPE)


def locate_job(job_id: UUID) -> str:
    """Return where the job is, without the host: proxies may have given this service another name."""
    return f"/v1/jobs/{job_id}"
