"""What the views say about themselves in the OpenAPI document: their answers, their errors, their headers."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask_openapi3.models.info import Info
from flask_openapi3.models.security_scheme import SecurityScheme
from flask_openapi3.models.server import Server
from flask_openapi3.models.tag import Tag

from api.access import Access
from api.errors import PROBLEMS
from api.exports.formats import MEDIA_TYPES, ResultsFormat
from api.schemas.base import Answer
from api.schemas.problems import PROBLEM_TYPE, Problem
from api.schemas.sentiment import BlankTextError
from api.server_sent_events import EVENT_STREAM_TYPE

VERSION = "0.1.0"
SCHEME = "key"
INFO = Info(
    title="sentiq",
    version=VERSION,
    summary="中文文本情感分析 / Says how Chinese texts feel.",
    description=(
        "一条文本，当场得到结果；一批文本，作为任务提交，再分页读取结果。\n\n"
        "请求与应答都是 UTF-8 的 JSON。每个错误都是 problem+json（RFC 9457），`code` 固定不变；"
        "校验错误在 `errors` 里用 JSON 指针指出位置。\n\n"
        "Send one text and wait, or send many as a job and read the results page by page.\n\n"
        "Everything is JSON in UTF-8. Every error is a problem (RFC 9457) whose `code` is stable; "
        "an error of validation says in `errors` what is wrong at which JSON Pointer."
    ),
)
SERVERS = [Server(url="/", description="This service")]
SECURITY_SCHEMES: dict[str, SecurityScheme | dict[str, Any]] = {
    SCHEME: SecurityScheme(
        type="http",
        scheme="bearer",
        bearerFormat="sentiq_<id>_<secret>",
        description=(
            "服务的运营者用 `sentiq-admin keys create` 创建的密钥；还没有任何密钥的服务，本机调用无需密钥。\n\n"
            "A key that the service's operator has made with `sentiq-admin keys create`. "
            "A service that has no keys yet needs none from callers on its own machine."
        ),
    )
}
SENTIMENT = Tag(name="sentiment", description="一条文本，当场回答 / One text, answered at once.")
JOBS = Tag(name="jobs", description="许多文本，后台打分 / Many texts, scored in the background.")
WEBHOOKS = Tag(name="webhooks", description="签名的事件通知 / Signed messages about jobs.")
SERVICE = Tag(name="service", description="在运行什么、是否就绪、表现如何 / What runs, whether it can, how it does.")

_HEADERS: Mapping[str, str] = {
    "Location": "Where it is.",
    "RateLimit": "What is left of each quota that this call used: `r`, for `t` seconds. Absent without quotas.",
    "RateLimit-Policy": "The quotas of this key: `q` in `w` seconds. Absent without quotas.",
    "Retry-After": "In how many seconds it is worth asking again.",
    "Preference-Applied": "How long this call was ready to wait.",
    "Idempotent-Replayed": "`true` when this `Idempotency-Key` came before: the job is the one of the first request.",
    "WWW-Authenticate": "What kind of key is asked for (RFC 6750).",
    "Content-Disposition": "A name for the file, in any script (RFC 6266, RFC 8187); of a page of JSON there is none.",
    "ETag": "Changes whenever a text of the job moves; send it back in `If-None-Match`.",
}


_PROBLEM_HEADERS: Mapping[HTTPStatus, tuple[str, ...]] = {
    HTTPStatus.CONFLICT: ("Location", "Retry-After"),
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.FORBIDDEN: ("WWW-Authenticate",),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After",),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
    HTTPStatus.GATEWAY_TIMEOUT: ("Location",),
}
KEY_CODES = ("key_missing", "key_unknown", "key_revoked", "key_expired", "scope_missing")
_REFERENCE = "#/components/schemas/{model}"


def describe_answer(description: str, answer_type: type[Answer] | None = None, *headers: str) -> dict[str, Any]:
    """Return an answer of an operation: JSON of this type, with these headers."""
    answer: dict[str, Any] = {"description": description}
    if answer_type is not None:
        answer["content"] = {"application/json": {"schema": _refer_to(answer_type)}}
    if headers:
        answer["headers"] = _describe_headers(*headers)
    return answer


def describe_files(page: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of a page of JSON, and beside it the files that the same results can be had as."""
    lines = {"schema": {"type": "string", "description": "A line for each text, with a `Result` as JSON."}}
    files = {
        ResultsFormat.NDJSON: lines,
        ResultsFormat.CSV: {"schema": {"type": "string"}},
        ResultsFormat.XLSX: {},
        ResultsFormat.PARQUET: {},
    }
    content = {MEDIA_TYPES[result_format]: described for result_format, described in files.items()}
    headers = _describe_headers("Content-Disposition")
    return {**page, "content": page["content"] | content, "headers": page.get("headers", {}) | headers}


def describe_events(data_type: type[Answer], names: Sequence[str]) -> dict[str, Any]:
    """Return the answer that is a stream of events of these names; the schema is that of each one of them."""
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": _refer_to(data_type)}
    event = {
        "type": "object",
        "properties": {"event": {"type": "string", "enum": list(names)}, "data": data},
        "required": ["event", "data"],
    }
    answer = describe_answer(f"Events whose data is a `{data_type.__name__}` as JSON; then the stream ends.")
    return answer | {"content": {EVENT_STREAM_TYPE: {"schema": event}}}


def describe_blank_text() -> dict[str, Any]:
    """Return the simple call's answer to a missing text, which is older than problem details, beside the newer one."""
    answer = _describe_problem(["body_invalid"])
    answer["description"] = "The text is missing or empty, or the body is not JSON."
    answer["content"]["application/json"] = {"schema": _refer_to(BlankTextError)}
    return answer


def describe_problems(*codes: str) -> dict[Any, Any]:
    """Return the errors of an operation by status, and `default` for those that any operation can have."""
    return _describe_by_status(codes) | {"default": _describe_problem(["internal_error", "database_unavailable"])}


def describe_access(access: Access) -> dict[str, Any]:
    """Return what opens an operation, each alternative with its scope, and the errors of those who may not call it."""
    if access.is_public:
        return {}
    return {
        "security": [{SCHEME: [scope]} for scope in access.scopes],
        "responses": _describe_by_status([*KEY_CODES, "rate_limited"]),
    }


def describe_quotas() -> dict[str, Any]:
    """Return the headers in which any answer to a key states its quotas."""
    return _describe_headers("RateLimit", "RateLimit-Policy")


def _describe_headers(*names: str) -> dict[str, Any]:
    return {name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in names}


def _describe_by_status(codes: Sequence[str]) -> dict[str, Any]:
    by_status: dict[HTTPStatus, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code][0], []).append(code)
    return {str(status.value): _describe_problem(named) for status, named in by_status.items()}


def _describe_problem(codes: list[str]) -> dict[str, Any]:
    answer = describe_answer(
        "; ".join(f"`{code}`: {PROBLEMS[code][1]}" for code in codes),
        None,
        *sorted({name for code in codes for name in _PROBLEM_HEADERS.get(PROBLEMS[code][0], ())}),
    )
    return answer | {"content": {PROBLEM_TYPE: {"schema": _refer_to(Problem)}}}


def _refer_to(answer_type: type[Answer]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=answer_type.__name__)}
