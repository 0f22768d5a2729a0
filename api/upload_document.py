"""What the OpenAPI document says of uploads: the files that go in place of JSON, and their options.

The options are parameters of the query, or fields of a form before its file; the document has both from one model.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from api.schemas.uploads import UploadOptions
from api.uploads.formats import MEDIA_TYPES, MULTIPART
from api.uploads.multipart import FILE_FIELD

UNKNOWN_TYPE = "application/octet-stream"  # known by the ending of its name
_FILE: Mapping[str, Any] = {"type": "string", "format": "binary"}
_ONLY_WITH_FILES = "Only with a file."


def describe_uploads(operation: dict[str, Any]) -> None:
    """Add files, raw and in a form, to an operation that takes JSON, and their options."""
    options = dict(_list_options())
    content = operation["requestBody"]["content"]
    content |= {media_type: {"schema": dict(_FILE)} for media_type in (*MEDIA_TYPES, UNKNOWN_TYPE)}
    form = {"type": "object", "properties": options | {FILE_FIELD: dict(_FILE)}, "required": [FILE_FIELD]}
    content[MULTIPART] = {"schema": form | {"additionalProperties": False}}
    operation.setdefault("parameters", []).extend(_describe_parameter(*option) for option in options.items())


def _list_options() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each option with its schema; what is left out is null, so that none need be sent."""
    for name, schema in deepcopy(UploadOptions.model_json_schema()["properties"]).items():
        kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
        said = {key: value for key, value in schema.items() if key not in ("anyOf", "default", "title")}
        yield name, said | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})


def _describe_parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    schema = deepcopy(schema)
    description = f"{_ONLY_WITH_FILES} {schema.pop('description', '')}".strip()
    # An object is written as JSON, here as in a form.
    held = (
        {"content": {"application/json": {"schema": schema}}} if schema.get("type") == "object" else {"schema": schema}
    )
    return {"name": name, "in": "query", "description": description} | held
