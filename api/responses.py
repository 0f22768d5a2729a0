"""Writes answers: UTF-8 without escapes, in the order of the fields."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from uuid import UUID

from flask import Response
from pydantic import BaseModel

from api.services.progress import Progress

JSON_TYPE = "application/json; charset=utf-8"
MAX_RETRY_SECONDS = 60
RETRY_WITHOUT_WORKERS_SECONDS = 10


def respond(
    answer: BaseModel, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer as JSON."""
    return Response(answer.model_dump_json(), status=status, headers=dict(headers or {}), content_type=JSON_TYPE)


def locate_job(job_id: UUID) -> str:
    """Return where the job is, without the host: proxies may have given this service another name."""
    return f"/v1/jobs/{job_id}"


def plan_retry(progress: Progress) -> dict[str, str]:
    """Return the header that says when it is worth asking for the job again."""
    if progress.eta_seconds is None:
        return {"Retry-After": str(RETRY_WITHOUT_WORKERS_SECONDS)}
    return {"Retry-After": str(max(1, min(MAX_RETRY_SECONDS, ceil(progress.eta_seconds))))}
