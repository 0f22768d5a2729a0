"""NDJSON: one JSON value a line, a string or an object; each line is read by itself, so a bad one harms no other."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.json_body import parse_value
from api.request_errors import BodyInvalid
from api.schemas.texts import INT64
from api.upload_errors import FileMalformed
from api.uploads.columns import ID_NAME, Wanted, find_id_column, find_text_column
from api.uploads.lines import Line, read_lines
from api.uploads.rows import fail_row, is_undecodable, make_text
from shared.queries.texts import NewText
from shared.states import ErrorCode

METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class _Members:
    """Which members of an object are what."""

    text: str
    client_id: str


def read_ndjson(text: io.TextIOWrapper, wanted: Wanted) -> Iterator[NewText]:
    """Yield the text of each line that is not blank.

    Raises:
        ColumnUnknown: the first object has not the member that was named, or none whose name says that it is the text.
        FileMalformed: it is a JSON array.
    """
    members: _Members | None = None
    for line in read_lines(text, wanted.max_row_chars):
        document = line.text.strip()
        if not document:
            continue
        if line.number == 1 and document.startswith("["):
            raise FileMalformed(
                "This looks like a JSON array: write one JSON string or object a line, without brackets."
            )
        value = _parse(line, document)
        if isinstance(value, dict):
            members = members or _choose_members(list(value), wanted)
            yield _map_object(line, value, members, wanted)
        elif isinstance(value, str):
            yield make_text(line.number, value, None, None, wanted.max_text_chars)
        else:
            yield value if isinstance(value, NewText) else _refuse(line, "A line is a JSON string or a JSON object.")


def _parse(line: Line, document: str) -> Any:
    """Return the value of the line, or the bad row that it is."""
    if line.is_cut:
        return _refuse(line, "This line is longer than a row may be.")
    if is_undecodable(document):
        detail = "This line holds bytes that are no characters in the file's encoding; `charset=` tells which it is."
        return fail_row(line.number, document, ErrorCode.TEXT_UNDECODABLE, detail)
    try:
        return parse_value(document)
    except BodyInvalid as err:
        return _refuse(line, err.detail)
    except json.JSONDecodeError as err:
        return _refuse(line, f"This line is not JSON: {err.msg}, at column {err.colno}.")


def _refuse(line: Line, detail: str) -> NewText:
    return fail_row(line.number, line.text.strip(), ErrorCode.LINE_INVALID, detail)


def _choose_members(names: list[str], wanted: Wanted) -> _Members:
    if wanted.id_column is not None:
        find_id_column(names, wanted)
    # A member of this name holds facts about the text, and never the text.
    candidates = [name for name in names if name != METADATA or wanted.text_column == METADATA]
    # Without a name of the caller's an id is looked for in every object: the first may have none.
    return _Members(candidates[find_text_column(candidates, wanted)], wanted.id_column or ID_NAME)


def _map_object(line: Line, value: Mapping[str, Any], members: _Members, wanted: Wanted) -> NewText:
    others = {name: member for name, member in value.items() if name not in (members.text, members.client_id)}
    nested = others.get(METADATA)
    if isinstance(nested, dict):
        del others[METADATA]
        others = nested | others
    if len(others) > wanted.max_columns:
        return _refuse(line, f"This object has {len(others):,} members; at most {wanted.max_columns:,} are kept.")
    metadata = {name: _flatten(member) for name, member in others.items()}
    client_id = value.get(members.client_id)
    named = None if client_id is None else str(_flatten(client_id))
    return make_text(line.number, value.get(members.text), named, metadata, wanted.max_text_chars)


def _flatten(member: Any) -> Any:
    """Return a value of metadata: what is nested, or needs more than 64 bits, as a string."""
    if isinstance(member, dict | list):
        return json.dumps(member, ensure_ascii=False)
    if isinstance(member, int) and not isinstance(member, bool) and member not in INT64:
        return str(member)
    return member
