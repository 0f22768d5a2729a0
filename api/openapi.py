"""Writes the OpenAPI document: what flask-openapi3 has collected from the views, and the limits of this service."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.access import get_access
from api.document import describe_access, describe_quotas
from api.idempotency_keys import KEY_PATTERN
from api.schemas.base import Answer, Limits, RequestBody
from api.upload_document import describe_uploads
from api.uploads.formats import MULTIPART

# Read by hand: flask-openapi3 would make a schema at every request to read a header.
REQUEST_HEADERS: Mapping[str, Mapping[str, str]] = {
    "create_job": {
        "Prefer": "`wait=10`: wait up to ten seconds for the results (RFC 7240).",
        "Idempotency-Key": "1 to 255 visible ASCII characters, such as a UUID: however often the request comes, there "
        "is one job. With another body: 422. While the first request is not answered: 409.",
    },
    "read_job": {
        "Prefer": "`wait=10`: wait up to ten seconds for the job to finish (RFC 7240).",
        "If-None-Match": "The `ETag` of an earlier answer: 304 if nothing has changed since.",
    },
}
HEADER_PATTERNS: Mapping[str, str] = {"Idempotency-Key": KEY_PATTERN}  # of those that are refused if odd
# api/json_body.py refuses a NUL in every string of every body, so the document says so for all of them.
STORABLE = r"^[^\u0000]*$"
_SAYS_MORE = {"pattern", "enum", "const", "format"}


def render_document(app: OpenAPI, limits: Limits) -> str:
    """Return the document as JSON, with the limits that the settings of this service set."""
    document = app.api_doc
    schemas = document["components"]["schemas"]
    schemas.update(_make_schemas())
    texts = schemas["SubmitJob"]["properties"]["texts"]
    texts["maxItems"] = limits.max_texts
    bare_text, _ = texts["items"]["oneOf"]
    for text in (bare_text, *(schemas[owner]["properties"]["text"] for owner in ("TextItem", "SentimentRequest"))):
        text["maxLength"] = limits.max_text_chars
    submission = document["paths"]["/v1/jobs"]["post"]
    describe_uploads(submission)
    _forbid_unstorable([submission["parameters"], submission["requestBody"]["content"][MULTIPART]])
    for path in document["paths"].values():
        for operation in path.values():
            _add_headers(operation)
    _add_access(app, document["paths"])
    return json.dumps(document, ensure_ascii=False)


def _make_schemas() -> dict[str, Any]:
    """Return every schema by its name; flask-openapi3 knows only the models it meets, and drops their examples."""
    bodies = _make_schemas_of(_list_kinds(RequestBody), "validation")
    _forbid_unstorable(bodies)
    return bodies | _make_schemas_of(_list_kinds(Answer), "serialization")


def _make_schemas_of(models: Iterable[type[BaseModel]], mode: JsonSchemaMode) -> dict[str, Any]:
    _, made = models_json_schema([(model, mode) for model in models], ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = made["$defs"]
    return schemas


def _forbid_unstorable(schema: Any) -> None:
    """Add the pattern to every string of a schema, and to the keys of its objects; no example or default is one."""
    if isinstance(schema, list):
        for part in schema:
            _forbid_unstorable(part)
    elif isinstance(schema, dict):
        if schema.get("type") == "string" and not _SAYS_MORE & schema.keys():
            schema["pattern"] = STORABLE
        if "propertyNames" in schema:
            schema["propertyNames"] |= {"type": "string"}
        for name, part in schema.items():
            if name not in ("examples", "default"):
                _forbid_unstorable(part)


def _list_kinds(base: type[BaseModel]) -> list[type[BaseModel]]:
    return [kind for child in base.__subclasses__() for kind in (child, *_list_kinds(child))]


def _add_access(app: OpenAPI, paths: dict[str, Any]) -> None:
    """Say of each operation what opens it, as its view has declared it."""
    for rule in app.url_map.iter_rules():
        described = describe_access(get_access(app.view_functions[rule.endpoint]))
        path = rule.rule.replace("<", "{").replace(">", "}")
        for method in rule.methods or ():
            operation = paths.get(path, {}).get(method.lower())
            if operation is not None and described:
                operation["security"] = described["security"]
                operation["responses"] = described["responses"] | operation["responses"]
                for answer in operation["responses"].values():
                    answer["headers"] = answer.get("headers", {}) | describe_quotas()


def _add_headers(operation: dict[str, Any]) -> None:
    for name, description in REQUEST_HEADERS.get(operation["operationId"], {}).items():
        schema = {"type": "string"} | ({"pattern": HEADER_PATTERNS[name]} if name in HEADER_PATTERNS else {})
        parameter = {"name": name, "in": "header", "description": description, "schema": schema}
        operation.setdefault("parameters", []).append(parameter)
