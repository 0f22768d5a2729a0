"""The whole HTTP answer to a request that could not even be read, for which there is no Flask request to answer."""

from collections.abc import Mapping
from uuid import uuid4

import structlog

from api.errors import PROBLEMS, describe_problem
from api.headers import DEFAULTS
from api.request_errors import RequestTooSlow
from api.schemas.problems import PROBLEM_TYPE
from shared.request_ids import REQUEST_ID_HEADER

log = structlog.get_logger(__name__)

_DETAILS: Mapping[str, str] = {
    "uri_too_long": "The address, with its query, is longer than this service reads.",
    "headers_too_large": "There are more headers, or longer ones, than this service reads.",
    RequestTooSlow.code: RequestTooSlow().detail,
    "bad_request": "This is not a request as HTTP/1.1 (RFC 9112) wants it, so the connection is closed. "
    "(Does the address hold characters outside ASCII? Those must be percent-encoded.)",
}


def render_refusal(code: str, found: str) -> bytes:
    """Return status line, headers and problem; `found` names what the parser stumbled over, for the log."""
    request_id = uuid4().hex
    status = PROBLEMS[code][0]
    log.info("request_unreadable", request_id=request_id, status=status.value, found=found)
    # Nothing of the request is repeated: it may be anything at all.
    body = describe_problem(code, _DETAILS[code], instance="", request_id=request_id).model_dump_json(exclude_none=True)
    headers = {
        "Connection": "close",
        "Content-Type": f"{PROBLEM_TYPE}; charset=utf-8",
        "Content-Length": str(len(body.encode())),
        REQUEST_ID_HEADER: request_id,
    } | DEFAULTS
    head = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*head, "", body]).encode()
