"""Reads answers: what is good as models, what is not as errors."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

from pydantic import ValidationError

from sentiq.errors import FOREIGN_CODE, AnswerUnreadable, make_api_error
from sentiq.models import Answered, Problem
from sentiq.steps import Answer

M = TypeVar("M", bound=Answered)
SHOWN_BYTES = 200


def parse(model: type[M], answer: Answer) -> M:
    """Return the body of the answer.

    Raises:
        AnswerUnreadable: it is not what the service would send.
    """
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as err:
        raise AnswerUnreadable("answer_unreadable", body=_show(answer.body)) from err


def check_answer(answer: Answer) -> Answer:
    """Return the answer, if it is no error.

    Raises:
        APIError: the service refused.
        AnswerUnreadable: the answer leads elsewhere.
    """
    if answer.status < HTTPStatus.MULTIPLE_CHOICES or answer.status == HTTPStatus.NOT_MODIFIED:
        return answer
    if answer.status < HTTPStatus.BAD_REQUEST:
        place = answer.headers.get("location", "?")
        raise AnswerUnreadable("answer_redirects", place=place)
    raise make_api_error(_read_problem(answer), read_retry_after(answer.headers, datetime.now(UTC)))


def read_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for, written as a number or as a date; None without a usable one."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000": a time of UTC, says RFC 5322
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _read_problem(answer: Answer) -> Problem:
    try:
        return Problem.model_validate_json(answer.body)
    except ValidationError:
        return Problem(status=answer.status, code=FOREIGN_CODE, detail=_show(answer.body) or "-")


def _show(body: bytes) -> str:
    return " ".join(body[:SHOWN_BYTES].decode(errors="replace").split())
