"""The document is valid OpenAPI 3.1, names every route, and tells the truth about what is answered."""

from functools import reduce
from operator import getitem
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import TestResponse

from api.exports.formats import ResultsFormat
from api.schemas.uploads import UploadOptions
from tests.integration.api.conftest import RuleWorker

UNDOCUMENTED = {"/", "/docs", "/docs/redoc.js", "/openapi.json"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").get_json()
    return found


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_the_document_names_every_route(client: FlaskClient, document: dict[str, Any]) -> None:
    rules = {rule.rule for rule in client.application.url_map.iter_rules()} - UNDOCUMENTED

    assert set(document["paths"]) == {rule.replace("<", "{").replace(">", "}") for rule in rules}


def test_every_operation_has_its_own_name_and_documents_its_errors_as_problems(document: dict[str, Any]) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]

    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["summary"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_the_document_says_what_opens_each_operation(client: FlaskClient, document: dict[str, Any]) -> None:
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    opened = {name: operation.get("security") for name, operation in operations.items()}

    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert opened["score_text"] == opened["create_job"] == opened["cancel_job"] == [{"key": ["submit"]}]
    assert opened["list_models"] == [{"key": ["read"]}, {"key": ["submit"]}]
    assert opened["read_metrics"] == [{"key": ["admin"]}]
    assert {name for name, security in opened.items() if security is None} == {"check_liveness", "check_readiness"}
    for name, security in opened.items():
        described = operations[name]["responses"].keys() & {"401", "403"}
        assert described == (set() if security is None else {"401", "403"})


def test_the_document_states_the_limits_of_this_service(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert schemas["SubmitJob"]["properties"]["texts"]["maxItems"] == 100_000
    assert schemas["SentimentRequest"]["properties"]["text"]["maxLength"] == 100_000
    assert schemas["TextItem"]["properties"]["text"]["maxLength"] == 100_000
    assert schemas["SubmitJob"]["properties"]["texts"]["items"]["oneOf"][0]["maxLength"] == 100_000


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("texts", 0), "a\0"),
        (("texts", 1, "text"), "\0"),
        (("texts", 1, "id"), "\0a"),
        (("texts", 1, "metadata", "k"), "\0"),
        (("metadata",), {"\0": 1}),
        (("model",), "\0"),
        (("webhook", "url"), "\0"),
    ],
)
def test_the_document_allows_no_nul_in_any_string(
    document: dict[str, Any], place: tuple[Any, ...], value: object
) -> None:
    body: Any = {
        "texts": ["a", {"text": "a", "id": "a", "metadata": {"k": "a"}}],
        "model": "a",
        "webhook": {"url": "https://a", "events": ["job.completed"]},
    }
    schema = document["components"]["schemas"]["SubmitJob"] | {"components": document["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(body)

    *way, last = place
    reduce(getitem, way, body)[last] = value

    assert not validator.is_valid(body)


def test_the_headers_that_are_read_are_documented(document: dict[str, Any]) -> None:
    follow = document["paths"]["/v1/jobs/{job_id}"]["get"]["parameters"]

    assert {parameter["name"] for parameter in follow} == {"job_id", "Prefer", "If-None-Match"}


def test_the_files_that_are_taken_and_their_options_are_documented(document: dict[str, Any]) -> None:
    submission = document["paths"]["/v1/jobs"]["post"]
    content = submission["requestBody"]["content"]
    query = {one["name"]: one for one in submission["parameters"] if one["in"] == "query"}
    form = content["multipart/form-data"]["schema"]

    assert {"application/json", "text/csv", "application/x-ndjson", "application/octet-stream"} < content.keys()
    assert query.keys() == UploadOptions.model_fields.keys()
    assert form["properties"].keys() == {*UploadOptions.model_fields, "file"}
    assert form["required"] == ["file"]
    assert query["max_bad_rows"]["schema"] == {"minimum": 0, "type": "integer"}
    assert query["metadata"]["content"]["application/json"]["schema"]["type"] == "object"


@pytest.mark.parametrize(
    ("name", "value", "is_allowed"),
    [
        ("webhook_events", "job.completed,job.running", True),
        ("webhook_events", "job.done", False),
        ("neutral_band", 0.8, True),
        ("neutral_band", None, False),
        ("charset", "gbk", True),
        ("text_column", "", False),
        ("text_column", "a\0", False),
    ],
)
def test_the_document_allows_the_options_that_are_taken(
    document: dict[str, Any], name: str, value: object, is_allowed: bool
) -> None:
    parameters = document["paths"]["/v1/jobs"]["post"]["parameters"]
    (schema,) = (one["schema"] for one in parameters if one["name"] == name)

    assert jsonschema.Draft202012Validator(schema).is_valid(value) == is_allowed


def test_the_examples_of_the_document_work(client: FlaskClient, document: dict[str, Any]) -> None:
    for example in document["components"]["schemas"]["SubmitJob"]["examples"]:
        assert client.post("/v1/jobs", json=example).status_code == 202


def test_the_examples_of_the_simple_call_work(
    client: FlaskClient, rule_worker: RuleWorker, document: dict[str, Any]
) -> None:
    rule_worker.start()

    for example in document["components"]["schemas"]["SentimentRequest"]["examples"]:
        assert client.post("/api/sentiment", json=example).status_code == 200


@pytest.mark.parametrize("owner", ["SubmitJob", "SentimentRequest"])
@pytest.mark.parametrize(
    ("band", "is_allowed"),
    [(True, True), (False, True), (None, True), (0.5, True), (1, True), (0.49, False), (1.01, False), ("0.8", False)],
)
def test_the_document_allows_the_neutral_bands_that_are_taken(
    document: dict[str, Any], owner: str, band: object, is_allowed: bool
) -> None:
    schema = document["components"]["schemas"][owner]["properties"]["neutral_band"]

    assert jsonschema.Draft202012Validator(schema).is_valid(band) == is_allowed


def test_answers_are_as_documented(client: FlaskClient, rule_worker: RuleWorker, document: dict[str, Any]) -> None:
    rule_worker.beat()
    waiting = client.post("/v1/jobs", json={"texts": ["好", {"text": "差", "id": "a", "metadata": {"k": 1}}]})
    job = waiting.get_json()["id"]
    check(document, "/v1/jobs", waiting)
    check(document, "/v1/jobs/{job_id}/results", client.get(f"/v1/jobs/{job}/results"))
    rule_worker.start()
    check(document, "/v1/jobs", client.post("/v1/jobs", json={"texts": ["坏了"]}, headers={"Prefer": "wait=10"}))
    check(document, "/api/sentiment", client.post("/api/sentiment", json={"text": "好"}))
    check(document, "/api/sentiment", client.post("/api/sentiment", json={"text": "差", "neutral_band": 0.85}))
    check(document, "/api/sentiment", client.post("/api/sentiment", json={"text": "差", "neutral_band": True}))
    check(document, "/v1/jobs", client.post("/v1/jobs", json={"texts": ["差"], "neutral_band": True}))
    check(document, "/api/sentiment", client.post("/api/sentiment", json={"text": ""}))
    check(document, "/api/sentiment", client.post("/api/sentiment", json={"text": 5}))
    check(document, "/api/sentiment", client.post("/api/sentiment", data="x", content_type="application/json"))
    check(document, "/v1/jobs", client.get("/v1/jobs"))
    check(document, "/v1/jobs/{job_id}", client.get(f"/v1/jobs/{job}"))
    check(document, "/v1/jobs/{job_id}/results", client.get(f"/v1/jobs/{job}/results"))
    for result_format in ResultsFormat:
        check(document, "/v1/jobs/{job_id}/results", client.get(f"/v1/jobs/{job}/results?format={result_format}"))
    check(document, "/v1/jobs/{job_id}/events", client.get(f"/v1/jobs/{job}/events"))
    check(document, "/v1/jobs/{job_id}/events", client.get("/v1/jobs/none/events"))
    check(document, "/v1/jobs/{job_id}/cancel", client.post(f"/v1/jobs/{job}/cancel"))
    check(document, "/v1/jobs/{job_id}", client.get("/v1/jobs/none"))
    check(document, "/v1/jobs/{job_id}", client.delete("/v1/jobs/none"))
    for texts, key in ((["好"], "a"), (["好"], "a"), (["差"], "a"), (["差"], "a b")):
        check(document, "/v1/jobs", client.post("/v1/jobs", json={"texts": texts}, headers={"Idempotency-Key": key}))
    check(document, "/v1/jobs", client.post("/v1/jobs", json={"texts": ["好"], "deadline": "2020-01-01T00:00:00Z"}))
    check(document, "/v1/jobs", client.post("/v1/jobs", json={"texts": [""], "x": 1}))
    for content, query in ((b"text\nfine\n", ""), (b"", ""), (b"text\n", "text_column=x"), (b"text\n", "x=1")):
        check(document, "/v1/jobs", client.post(f"/v1/jobs?{query}", data=content, content_type="text/csv"))
    check(document, "/v1/jobs", client.post("/v1/jobs", data=b"text", content_type="text/plain"))
    stranger = {"Host": "elsewhere.example"}
    check(document, "/v1/jobs", client.get("/v1/jobs", headers=stranger))
    check(document, "/metrics", client.get("/metrics", headers=stranger))
    for address in ("/v1/models", "/health/live", "/health/ready"):
        check(document, address, client.get(address))


def check(document: dict[str, Any], path: str, answer: TestResponse) -> None:
    """Fail unless this answer's status, type and body are those of the document."""
    responses = document["paths"][path][answer.request.method.lower()]["responses"]
    documented = responses[str(answer.status_code)]
    assert answer.mimetype in documented["content"], f"{path} {answer.status_code} {answer.mimetype}"
    if answer.is_json:
        schema = documented["content"][answer.mimetype]["schema"] | {"components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.get_json())
    for header in ("Location", "Retry-After", "ETag", "Idempotent-Replayed", "WWW-Authenticate", "Content-Disposition"):
        if header in answer.headers:
            assert header in documented["headers"], f"{path} {answer.status_code} {header}"
