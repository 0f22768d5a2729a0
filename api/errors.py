"""Turns every error into an answer: the one table from codes to HTTP statuses, and problem details (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from uuid import UUID

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from api.request_errors import CursorInvalid, DatabaseUnavailable, KeyRefused, RequestInvalid, TextBlank
from api.responses import locate_job, respond
from api.schemas.problems import PROBLEM_TYPE, Problem, ProblemError
from api.schemas.sentiment import BlankTextError
from api.upload_errors import ColumnUnknown, SheetUnknown
from shared.errors import SentiqError

log = structlog.get_logger(__name__)

# Every code that can leave this service, with its status and its title.
PROBLEMS: Mapping[str, tuple[HTTPStatus, str]] = {
    "body_invalid": (HTTPStatus.BAD_REQUEST, "The body is not usable JSON"),
    "bad_request": (HTTPStatus.BAD_REQUEST, "The request is malformed"),
    "upload_interrupted": (HTTPStatus.BAD_REQUEST, "The upload broke off"),
    "idempotency_key_invalid": (HTTPStatus.BAD_REQUEST, "The Idempotency-Key is malformed"),
    "text_blank": (HTTPStatus.BAD_REQUEST, "The text is empty"),
    "key_missing": (HTTPStatus.UNAUTHORIZED, "A key is needed"),
    "key_unknown": (HTTPStatus.UNAUTHORIZED, "The key is not known"),
    "key_revoked": (HTTPStatus.UNAUTHORIZED, "The key was revoked"),
    "key_expired": (HTTPStatus.UNAUTHORIZED, "The key has expired"),
    "scope_missing": (HTTPStatus.FORBIDDEN, "The key is not good for this"),
    "not_found": (HTTPStatus.NOT_FOUND, "Nothing is here"),
    "job_not_found": (HTTPStatus.NOT_FOUND, "There is no such job"),
    "webhook_not_found": (HTTPStatus.NOT_FOUND, "There is no such webhook"),
    "delivery_not_found": (HTTPStatus.NOT_FOUND, "There is no such delivery"),
    "method_not_allowed": (HTTPStatus.METHOD_NOT_ALLOWED, "This method does not work here"),
    "request_too_slow": (HTTPStatus.REQUEST_TIMEOUT, "The request came too slowly"),
    "job_already_finished": (HTTPStatus.CONFLICT, "The job has already finished"),
    "webhook_disabled": (HTTPStatus.CONFLICT, "The webhook is disabled"),
    "too_many_webhooks": (HTTPStatus.CONFLICT, "There are too many webhooks"),
    "too_many_attempts": (HTTPStatus.CONFLICT, "The delivery was tried too often"),
    "text_cancelled": (HTTPStatus.CONFLICT, "The job was cancelled"),
    "idempotency_key_in_use": (HTTPStatus.CONFLICT, "The first request with this key is still being answered"),
    "results_purged": (HTTPStatus.GONE, "The results are gone"),
    "body_too_large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large"),
    "uri_too_long": (HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long"),
    "content_type_unsupported": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The content type is not supported"),
    "validation_error": (HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not valid"),
    "cursor_invalid": (HTTPStatus.UNPROCESSABLE_ENTITY, "The cursor is not valid"),
    "column_unknown": (HTTPStatus.UNPROCESSABLE_ENTITY, "The file has no such column"),
    "file_empty": (HTTPStatus.UNPROCESSABLE_ENTITY, "The file holds no texts"),
    "file_malformed": (HTTPStatus.UNPROCESSABLE_ENTITY, "The file cannot be read"),
    "too_many_texts": (HTTPStatus.UNPROCESSABLE_ENTITY, "The file holds too many texts"),
    "too_many_bad_rows": (HTTPStatus.UNPROCESSABLE_ENTITY, "The file has too many bad rows"),
    "deadline_passed": (HTTPStatus.UNPROCESSABLE_ENTITY, "The deadline has passed"),
    "idempotency_key_reused": (HTTPStatus.UNPROCESSABLE_ENTITY, "The key belongs to another request"),
    "model_unknown": (HTTPStatus.UNPROCESSABLE_ENTITY, "There is no such model"),
    "neutral_band_unavailable": (HTTPStatus.UNPROCESSABLE_ENTITY, "The model has no such neutral band"),
    "nothing_to_score": (HTTPStatus.UNPROCESSABLE_ENTITY, "There is nothing to score"),
    "webhook_url_refused": (HTTPStatus.UNPROCESSABLE_ENTITY, "The webhook's address cannot be used"),
    "webhook_keys_missing": (HTTPStatus.UNPROCESSABLE_ENTITY, "This service registers no webhooks"),
    "webhooks_not_configured": (HTTPStatus.UNPROCESSABLE_ENTITY, "This service sends no webhooks"),
    "too_many_rows": (HTTPStatus.UNPROCESSABLE_ENTITY, "The format holds fewer results"),
    "rate_limited": (HTTPStatus.TOO_MANY_REQUESTS, "Too many requests"),
    "quota_exceeded": (HTTPStatus.TOO_MANY_REQUESTS, "The quota is used up"),
    "headers_too_large": (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large"),
    "queue_full": (HTTPStatus.TOO_MANY_REQUESTS, "The queue is full"),
    "scoring_failed": (HTTPStatus.INTERNAL_SERVER_ERROR, "The text could not be scored"),
    "internal_error": (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong in the service"),
    "database_unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, "The database is away"),
    "broker_unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, "The message broker is away"),
    "temporarily_unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, "The service is not able to answer right now"),
    "too_many_waiting": (HTTPStatus.SERVICE_UNAVAILABLE, "Too many callers are waiting"),
    "storage_full": (HTTPStatus.INSUFFICIENT_STORAGE, "The disk is full"),
    "wait_timed_out": (HTTPStatus.GATEWAY_TIMEOUT, "The wait was too short"),
}
# Where in the body the cause stands, for errors that only a look at the service's state can find.
_POINTERS: Mapping[str, str] = {
    "deadline_passed": "/deadline",
    "model_unknown": "/model",
    "neutral_band_unavailable": "/neutral_band",
    "webhooks_not_configured": "/webhook",
    "webhook_url_refused": "/webhook/url",
}
_HTTP_PROBLEMS: Mapping[int, tuple[str, str]] = {
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing at this address; GET /docs lists what there is."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "This address does not take {method}; it takes {allowed}."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "body_too_large",
        "The body has more than {limit:,} bytes; send less at once.",
    ),
}


def register_error_handlers(app: Flask) -> None:
    """Let no error leave the application as anything but a problem."""
    app.register_error_handler(TextBlank, _answer_blank_text)
    app.register_error_handler(SentiqError, _answer_known_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(DBAPIError, _answer_database_error)
    app.register_error_handler(PoolTimeout, _answer_database_error)
    app.register_error_handler(Exception, _answer_bug)


def make_problem(code: str, detail: str, headers: Mapping[str, str] | None = None, **members: object) -> Response:
    """Return the answer for an error, with its status from the table."""
    problem = describe_problem(code, detail, instance=request.path, request_id=g.get("request_id", ""), **members)
    body = problem.model_dump_json(exclude_none=True)
    content_type = f"{PROBLEM_TYPE}; charset=utf-8"
    return Response(body, status=problem.status, headers=dict(headers or {}), content_type=content_type)


def describe_problem(code: str, detail: str, *, instance: str, request_id: str, **members: object) -> Problem:
    """Return the problem of this code, with its title and status from the table; members that are None stay out."""
    status, title = PROBLEMS[code]
    fields = {
        "type": f"urn:sentiq:problem:{code}",
        "title": title,
        "status": status.value,
        "code": code,
        "detail": detail,
        "instance": instance,
        "request_id": request_id,
    }
    return Problem.model_validate(fields | {name: value for name, value in members.items() if value is not None})


def _answer_blank_text(error: TextBlank) -> Response:
    return respond(BlankTextError(), PROBLEMS[error.code][0])


def _answer_known_error(error: SentiqError) -> Response:
    headers = {}
    retry_after: int | None = getattr(error, "retry_after_seconds", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    job: UUID | None = getattr(error, "job_id", None)
    if job is not None:
        headers["Location"] = locate_job(job)
    if isinstance(error, KeyRefused):
        headers["WWW-Authenticate"] = error.challenge
    if PROBLEMS[error.code][0] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_failed", code=error.code)
    return make_problem(error.code, error.detail, headers, errors=_list_errors(error), job=job)


def _list_errors(error: SentiqError) -> list[ProblemError] | None:
    if isinstance(error, RequestInvalid):
        return [ProblemError(**asdict(one)) for one in error.errors]
    if error.code in _POINTERS:
        # A registered webhook is the body itself, not a part of it.
        pointer = _POINTERS[error.code].removeprefix("/webhook" if request.blueprint == "webhooks" else "")
        return [ProblemError(code=error.code, detail=error.detail, pointer=pointer)]
    if isinstance(error, ColumnUnknown | SheetUnknown):
        return [ProblemError(code=error.code, detail=error.detail, parameter=error.parameter)]
    if isinstance(error, CursorInvalid):
        return [ProblemError(code=error.code, detail=error.detail, parameter="cursor")]
    return None


def _answer_http_error(error: HTTPException) -> Response:
    allowed = ", ".join(error.valid_methods or ()) if isinstance(error, MethodNotAllowed) else ""
    headers = {"Allow": allowed} if allowed else None
    if error.code is not None and error.code in _HTTP_PROBLEMS:
        code, detail = _HTTP_PROBLEMS[error.code]
        limit = request.max_content_length or 0
        return make_problem(code, detail.format(method=request.method, allowed=allowed, limit=limit), headers)
    code = "internal_error" if (error.code or 500) >= HTTPStatus.INTERNAL_SERVER_ERROR else "bad_request"
    return make_problem(code, error.description or error.name)


def _answer_database_error(error: DBAPIError | PoolTimeout) -> Response:
    # A statement that the database refuses is a bug; only a database that is away, or too busy, may come back.
    if not isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return _answer_bug(error)
    log.warning("database_unavailable", error=type(error).__name__)
    return _answer_known_error(DatabaseUnavailable())


def _answer_bug(error: Exception) -> Response:
    log.error("request_crashed", error=type(error).__name__, exc_info=error)
    return make_problem(SentiqError.code, "The service made a mistake; the log has the details under this request id.")
