"""Results: page by page as JSON, or all of them as a file."""

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint

from api.access import needs
from api.core import get_core
from api.cursors import decode_results_cursor
from api.document import JOBS, describe_answer, describe_files, describe_problems
from api.exports.file_names import format_disposition, name_file
from api.exports.formats import ResultsFormat, choose_format, get_content_type
from api.exports.writing import Form, write_results
from api.identity import get_identity
from api.responses import respond
from api.schemas.jobs import JobPath
from api.schemas.results import DEFAULT_LIMIT, ResultPage, ResultsQuery, present_results
from api.services import exporting, following
from api.services.exporting import Selection
from api.services.following import Page
from api.streams import respond_stream, take_stream_seat
from shared.scopes import Scope

blueprint = APIBlueprint("results", __name__, abp_tags=[JOBS])


@blueprint.get(
    "/v1/jobs/<job_id>/results",
    summary="按输入顺序读取结果，或下载为文件 / List the results of a job in input order, or download them",
    operation_id="list_results",
    responses={
        **describe_problems(
            "job_not_found", "results_purged", "validation_error", "cursor_invalid", "too_many_rows",
            "too_many_waiting", "temporarily_unavailable", "storage_full",
        ),
        "200": describe_files(
            describe_answer("Texts in input order, each with its result once it has one.", ResultPage)
        ),
    },
)  # fmt: skip
@needs(Scope.READ)
def list_results(path: JobPath, query: ResultsQuery) -> Response:
    """List the results of a job in input order, those that are there while it runs.

    As JSON they come page by page. As NDJSON, CSV, XLSX or Parquet (`format`, or the header `Accept`) they come all at
    once, streamed; if the job is removed meanwhile, the connection is cut before the end of the body. After a download
    that broke, go on with `after=` the last index that has arrived.
    """
    after = decode_results_cursor(query.cursor) if query.cursor is not None else query.after
    result_format = choose_format(query.format, request.accept_mimetypes)
    if result_format is not ResultsFormat.JSON:
        form = Form(result_format, has_bom=query.bom, has_header=query.header)
        return _send_file(path, Selection(after, query.state, query.limit), form)
    core, limit = get_core(), query.limit or DEFAULT_LIMIT
    page = Page(limit, after)
    rows = following.list_results(core, get_identity().tenant_id, path.parse_id(), page=page, state=query.state)
    return respond(present_results(rows, limit))


def _send_file(path: JobPath, selection: Selection, form: Form) -> Response:
    core = get_core()
    export = exporting.open_export(core, get_identity().tenant_id, path.parse_id(), selection)
    job = export.job
    name = name_file((job.details or {}).get("filename"), job.id, job.created_at, form.result_format)
    pieces = write_results(export, form)
    headers = {"Content-Disposition": format_disposition(name)}
    return respond_stream(pieces, take_stream_seat(core, job.id), get_content_type(form.result_format), headers)
