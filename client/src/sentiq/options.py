"""What a caller may ask for with a submission, and how it is written into a request."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, cast

from sentiq.errors import InputUnusable


class JobOptions(TypedDict, total=False):
    """How the texts are scored; all may be left out."""

    model: str | None  # a name that GET /v1/models knows
    neutral_band: bool | float | None  # True: the model's own threshold; a number: yours
    metadata: Mapping[str, Any] | None  # a flat object, given back with the job
    deadline: datetime | None  # with its time zone; what is not begun by then is not scored
    expires_after: int | None  # seconds from the end of the job after which texts and results are deleted
    webhook_url: str | None  # is told of the job's end
    webhook_events: Sequence[str] | None


class SubmitOptions(JobOptions, total=False):
    """The options of a job, and how a file is read."""

    text_column: str | None
    id_column: str | None
    sheet: str | None  # of a spreadsheet; by default the first
    max_bad_rows: int | None  # with more, nothing is stored; by default there is no limit
    charset: str | None  # utf-8, gb18030 or gbk; by default it is detected


FILE_OPTIONS = ("text_column", "id_column", "sheet", "max_bad_rows", "charset")


def write_members(options: JobOptions) -> dict[str, Any]:
    """Return the options as members of a JSON body."""
    members = dict(_list_given(options))
    deadline, url, events = (members.pop(name, None) for name in ("deadline", "webhook_url", "webhook_events"))
    if deadline is not None:
        members["deadline"] = _write_moment(deadline)
    if url is not None:
        members["webhook"] = {"url": url} | ({"events": list(events)} if events else {})
    return members


def write_query(options: SubmitOptions, filename: str | None) -> dict[str, str]:
    """Return the options as parameters of an upload's address."""
    query = {name: _write_value(value) for name, value in _list_given(options)}
    if filename is not None:
        query["filename"] = filename
    return query


def name_file_options(options: SubmitOptions) -> list[str]:
    """Return which of the options given make sense for a file only."""
    return [name for name, _ in _list_given(options) if name in FILE_OPTIONS]


def _list_given(options: JobOptions) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in cast(Mapping[str, Any], options).items() if value is not None)


def _write_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _write_moment(value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value) if isinstance(value, str | int | float) else ",".join(value)


def _write_moment(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise InputUnusable("deadline_without_zone", deadline=moment)
    return moment.isoformat()
