"""Writes the OpenAPI document: what flask-openapi3 has collected from the views, and the limits of this service."""

import json
from collections.abc import Mapping
from typing import Any

from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.access import get_access
from api.document import describe_access, describe_quotas
from api.schemas.base import Answer, Limits, RequestBody

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


def render_document(app: OpenAPI, limits: Limits) -> str:
    """Return the document as JSON, with the limits that the settings of this service set."""
    document = app.api_doc
    schemas = document["components"]["schemas"]
    schemas.update(_make_schemas())
    schemas["SubmitJob"]["properties"]["texts"]["maxItems"] = limits.max_texts
    for owner in ("TextItem", "SentimentRequest"):
        schemas[owner]["properties"]["text"]["maxLength"] = limits.max_text_chars
    for path in document["paths"].values():
        for operation in path.values():
            _add_headers(operation)
    _add_access(app, document["paths"])
    return json.dumps(document, ensure_ascii=False)


def _make_schemas() -> dict[str, Any]:
    """Return every schema by its name; flask-openapi3 knows only the models it meets, and drops their examples."""
    shapes: list[tuple[type[BaseModel], JsonSchemaMode]] = [(one, "serialization") for one in _list_kinds(Answer)]
    shapes += [(one, "validation") for one in _list_kinds(RequestBody)]
    _, made = models_json_schema(shapes, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = made["$defs"]
    return schemas


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
        parameter = {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
        operation.setdefault("parameters", []).append(parameter)
