"""Bad input is refused with its reason and its place; nothing is half stored, and the next caller is served."""

from dataclasses import dataclass, replace

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.core import Core
from shared.database import Database
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs, count_texts

JSON = "application/json"


@dataclass(frozen=True)
class Bad:
    """A body and what should be said about it."""

    body: bytes
    status: int
    code: str
    says: str = ""
    pointer: str | None = None
    content_type: str | None = JSON


FOR_BOTH = {
    "no body": Bad(b"", 400, "body_invalid", "The body is empty"),
    "no body and no type": Bad(b"", 400, "body_invalid", "The body is empty", content_type=None),
    "not JSON": Bad(b"hello", 400, "body_invalid", "line 1, column 1"),
    "not UTF-8": Bad("好".encode("gbk"), 400, "body_invalid", "not UTF-8"),
    "a list": Bad(b'["x"]', 400, "body_invalid", "must be a JSON object"),
    "JSON in a string": Bad(rb'"{\"texts\": [\"x\"], \"text\": \"x\"}"', 400, "body_invalid", "must be a JSON object"),
    "depth 10,000": Bad(b'{"texts":' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400, "body_invalid", "nested too deeply"),
    "NaN": Bad(b'{"texts": [NaN]}', 400, "body_invalid", "NaN is not a JSON number"),
    "1e400": Bad(b'{"texts": [1e400]}', 400, "body_invalid", "too large"),
    "5,000 digits": Bad(b'{"texts": [' + b"7" * 5_000 + b"]}", 400, "body_invalid", "5000 digits"),
    "doubled keys": Bad(b'{"text": "a", "text": "b"}', 400, "body_invalid", "'text' stands twice"),
    "wrong content type": Bad(b'{"text": "a"}', 415, "content_type_unsupported", JSON, content_type="text/plain"),
    "a form": Bad(b"text=a", 415, "content_type_unsupported", JSON, content_type="application/x-www-form-urlencoded"),
    "no content type": Bad(b'{"text": "a"}', 415, "content_type_unsupported", JSON, content_type=None),
}
FOR_JOBS = {
    "wrong shape": Bad(b'{"texts": {"a": 1}}', 422, "validation_error", pointer="/texts"),
    "no texts": Bad(b"{}", 422, "validation_error", pointer="/texts"),
    "an empty list": Bad(b'{"texts": []}', 422, "validation_error", pointer="/texts"),
    "an empty text": Bad(b'{"texts": ["a", ""]}', 422, "validation_error", pointer="/texts/1"),
    "a white text": Bad(b'{"texts": [{"text": " \\t"}]}', 422, "validation_error", pointer="/texts/0/text"),
    "only U+200B": Bad(rb'{"texts": ["\u200b"]}', 422, "validation_error", pointer="/texts/0"),
    "NUL": Bad(rb'{"texts": ["a\u0000"]}', 422, "validation_error", pointer="/texts/0"),
    "NUL in an id": Bad(rb'{"texts": [{"text": "a", "id": "\u0000"}]}', 422, "validation_error", pointer="/texts/0/id"),
    "a lone surrogate": Bad(rb'{"texts": [{"text": "\ud83d"}]}', 422, "validation_error", pointer="/texts/0/text"),
    "a surrogate key": Bad(rb'{"texts": ["a"], "\ud83d": 1}', 422, "validation_error", pointer=r"/\ud83d"),
    "too long a text": Bad(b'{"texts": ["a", "' + b"x" * 41 + b'"]}', 422, "validation_error", pointer="/texts/1"),
    "too many texts": Bad(b'{"texts": ["a","b","c","d","e","f"]}', 422, "validation_error", pointer="/texts"),
    "an unknown field": Bad(b'{"texts": ["a"], "modle": "x"}', 422, "validation_error", pointer="/modle"),
    "band: a word": Bad(b'{"texts": ["a"], "neutral_band": "yes"}', 422, "validation_error", pointer="/neutral_band"),
    "band: too high": Bad(b'{"texts": ["a"], "neutral_band": 80}', 422, "validation_error", pointer="/neutral_band"),
    "an unknown model": Bad(b'{"texts": ["a"], "model": "x"}', 422, "model_unknown", "'x'", "/model"),
    "too large a body": Bad(b'{"texts": ["' + b"x" * 50_000 + b'"]}', 413, "body_too_large", "40,000 bytes"),
}  # fmt: skip
FOR_SENTIMENT = {
    "a number": Bad(b'{"text": 5}', 422, "validation_error", pointer="/text"),
    "a list of texts": Bad(b'{"text": ["a"]}', 422, "validation_error", pointer="/text"),
    "an unknown field": Bad(b'{"text": "a", "lang": "zh"}', 422, "validation_error", pointer="/lang"),
    "band: a list": Bad(b'{"text": "a", "neutral_band": [1]}', 422, "validation_error", pointer="/neutral_band"),
    "NUL": Bad(rb'{"text": "a\u0000b"}', 422, "validation_error", pointer="/text"),
    "a lone surrogate": Bad(rb'{"text": "\udc00"}', 422, "validation_error", pointer="/text"),
    "a text over the limit": Bad(b'{"text": "' + b"x" * 41 + b'"}', 422, "validation_error", pointer="/text"),
    "too large a body": Bad(b'{"text": "' + b"x" * 50_000 + b'"}', 413, "body_too_large", "40,000 bytes"),
}
CASES = (
    [pytest.param("/v1/jobs", bad, id=f"jobs: {name}") for name, bad in (FOR_BOTH | FOR_JOBS).items()]
    + [pytest.param("/api/sentiment", bad, id=f"sentiment: {name}") for name, bad in (FOR_BOTH | FOR_SENTIMENT).items()]
)  # fmt: skip


@pytest.fixture
def strict_client(core: Core) -> FlaskClient:
    """A client of an application with small limits."""
    limits = {"max_text_chars": 40, "max_texts_per_job": 5, "max_body_bytes": 40_000}
    return create_app(replace(core, settings=core.settings.model_copy(update=limits))).test_client()


@pytest.mark.parametrize(("address", "bad"), CASES)
def test_bad_input_is_refused_and_the_next_request_is_served(
    strict_client: FlaskClient, database: Database, address: str, bad: Bad
) -> None:
    answer = strict_client.post(address, data=bad.body, content_type=bad.content_type)

    problem = answer.get_json()
    assert (answer.status_code, problem["status"], problem["code"]) == (bad.status, bad.status, bad.code)
    assert answer.content_type == "application/problem+json; charset=utf-8"
    assert problem["type"] == f"urn:sentiq:problem:{bad.code}"
    assert problem["instance"] == address
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert bad.says in problem["detail"]
    assert [error["pointer"] for error in problem.get("errors", [])] == ([bad.pointer] if bad.pointer else [])
    assert (count_jobs(database), count_texts(database)) == (0, 0)
    assert strict_client.post("/v1/jobs", json={"texts": ["好"]}).status_code == 202


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("DELETE", "/v1/jobs", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("GET", "/api/sentiment", {"POST", "OPTIONS"}),
        ("POST", "/health/live", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_refused_with_the_right_ones(
    client: FlaskClient, method: str, address: str, allowed: set[str]
) -> None:
    answer = client.open(address, method=method)

    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_an_address_that_does_not_exist_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/v1/nothing")

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("address", ["/v1/jobs", "/v1/jobs/{job}/results"])
@pytest.mark.parametrize("cursor", ["made-up", "", "AAAA", "数", "x" * 100])
def test_a_cursor_that_was_made_up_is_refused(client: FlaskClient, address: str, cursor: str) -> None:
    job = client.post("/v1/jobs", json={"texts": ["好"]}).get_json()["id"]

    answer = client.get(address.format(job=job), query_string={"cursor": cursor})

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "cursor_invalid")
    assert problem["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=" + "9" * 5_000, "limit"),
        ("state=done", "state"),
        ("sort=desc", "sort"),
        ("cursor=" + "x" * 5_000, "cursor"),
    ],
)
def test_a_wrong_parameter_is_named(client: FlaskClient, query: str, parameter: str) -> None:
    answer = client.get(f"/v1/jobs?{query}")

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "validation_error")
    assert [error["parameter"] for error in problem["errors"]] == [parameter]


def test_an_encoded_body_is_refused(client: FlaskClient) -> None:
    answer = client.post("/v1/jobs", data=b"\x1f\x8b", content_type=JSON, headers={"Content-Encoding": "gzip"})

    assert (answer.status_code, answer.get_json()["code"]) == (415, "content_type_unsupported")


def test_of_five_thousand_bad_texts_a_hundred_are_listed(client: FlaskClient) -> None:
    problem = client.post("/v1/jobs", json={"texts": [" "] * 5_000}).get_json()

    assert len(problem["errors"]) == 100
    assert "5,000" in problem["detail"]


def test_the_callers_own_text_is_never_in_a_refusal(client: FlaskClient) -> None:
    answer = client.post("/v1/jobs", json={"texts": [{"text": "机密", "id": 5, "metadata": {"a": ["机密"]}}]})

    assert answer.status_code == 422
    assert "机密" not in answer.get_data(as_text=True)


def test_odd_texts_of_the_simple_call_are_answered(client: FlaskClient, rule_worker: RuleWorker) -> None:
    rule_worker.start()

    for text in ("[SEP]好[MASK]", "\U0001fae9好", "😀", "ｇｏｏｄ", "繁體好", "好" * 100_000):
        answer = client.post("/api/sentiment", json={"text": text})

        assert (answer.status_code, answer.get_json()["text"]) == (200, text)
