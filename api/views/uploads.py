"""The other way to submit a job: `POST /v1/jobs` with a file of texts in place of JSON."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus

from flask import Response, request
from werkzeug.http import parse_options_header

from api.accounts import get_account
from api.connections import hurrying
from api.core import Core, get_core
from api.idempotency_keys import parse_idempotency_key
from api.request_errors import ContentTypeUnsupported, FieldError, RequestInvalid
from api.responses import locate_job, plan_retry, respond
from api.schemas.jobs import present_job
from api.schemas.uploads import UploadOptions
from api.services import following
from api.services.idempotency import KeyedRequest
from api.services.receiving import receive_file, taking_place
from api.services.submission import Submission
from api.uploads.columns import Wanted
from api.uploads.encodings import parse_charset
from api.uploads.formats import MEDIA_TYPES, MULTIPART, find_kind, is_upload, parse_content_encoding
from api.uploads.multipart import read_form
from api.uploads.pieces import PIECE_BYTES, read_body
from api.uploads.reading import read_texts
from api.uploads.unpacking import unpack
from shared.queries.texts import NewText

CREATE_JOB = "jobs.create_job"
# A refusal would be lost if the connection were closed while its caller still sends; so much is read and dropped.
DRAIN_SECONDS = 5.0
DRAIN_BYTES = 256 * 1024 * 1024


def receive_upload() -> Response | None:
    """Take the file in and answer with its job once all is stored; None if the body is none: then it must be JSON."""
    if not _is_file():
        return None
    if not is_upload(request.mimetype):
        raise ContentTypeUnsupported(
            f"A body of the type {request.mimetype[:80]!r} is not read here. Send texts as JSON (`application/json`), "
            f"or a file of them as {', '.join(MEDIA_TYPES)} or {MULTIPART}."
        )
    core = get_core()
    request.max_content_length = core.settings.max_upload_bytes
    with taking_place(core):
        return _receive(core)


def refuse_options() -> None:
    """Refuse a submission in JSON whose query has options, rather than ignore them.

    Raises:
        RequestInvalid: it has.
    """
    detail = "The query is for files; what goes with JSON are members of the body."
    errors = [FieldError("option_for_files", detail, parameter=name) for name in request.args]
    if errors:
        raise RequestInvalid(errors)


def drain_refused(response: Response) -> Response:
    """Read on for a moment what the caller of a file is still sending that was refused, for whatever reason."""
    if response.status_code >= HTTPStatus.BAD_REQUEST and _is_file():
        _drain()
    return response


def _is_file() -> bool:
    is_submission = request.endpoint == CREATE_JOB and request.method == "POST"
    return is_submission and bool(request.mimetype) and not request.is_json


def _receive(core: Core) -> Response:
    options, rows = _open_file(core)
    account = get_account()
    key = parse_idempotency_key(request.headers.getlist("Idempotency-Key"))
    submission = Submission(
        (),
        model=options.model,
        metadata=options.metadata,
        webhook=options.webhook,
        neutral_band=options.neutral_band,
        deadline_at=options.deadline,
        expires_after=options.expires_after,
        keyed=None if key is None else KeyedRequest(account.identity.tenant_id, key, options.compute_fingerprint()),
        account=account,
    )
    receipt = receive_file(core, submission, rows, options.max_bad_rows)
    row = following.read_job(core, account.identity.tenant_id, receipt.job_id)
    progress = following.read_progress(core, [row])[row.id]
    headers = {"Location": locate_job(row.id)} | plan_retry(progress)
    headers |= {"Idempotent-Replayed": "true"} if receipt.is_replay else {}
    return respond(present_job(row, progress), HTTPStatus.ACCEPTED, headers)


def _open_file(core: Core) -> tuple[UploadOptions, Iterator[NewText]]:
    """Return the options and the rows, of which nothing but the form's fields is read yet."""
    settings, query = core.settings, _read_query()
    packing = parse_content_encoding(request.headers.get("Content-Encoding", ""))
    pieces = unpack(read_body(request), packing)
    if request.mimetype == MULTIPART:
        form = read_form(pieces, request.mimetype_params.get("boundary"))
        _refuse_doubled(query.keys() & form.fields.keys())
        options = UploadOptions.parse(query | form.fields)
        media_type, parameters = parse_options_header(form.content_type)
        filename, pieces = form.filename, form.pieces
    else:
        options = UploadOptions.parse(query)
        media_type, parameters, filename = request.mimetype, request.mimetype_params, None
    charset = options.charset or parameters.get("charset")
    wanted = Wanted(
        text_column=options.text_column,
        id_column=options.id_column,
        sheet=options.sheet,
        max_text_chars=settings.max_text_chars,
        max_row_chars=settings.max_row_chars,
        max_columns=settings.max_upload_columns,
    )
    kind = find_kind(media_type.lower(), options.filename or filename)
    encoding = None if charset is None else parse_charset(charset)
    return options, read_texts(pieces, kind, encoding, wanted, settings.max_unpacked_bytes)


def _read_query() -> dict[str, str]:
    _refuse_doubled(name for name, values in request.args.lists() if len(values) > 1)
    return request.args.to_dict()


def _refuse_doubled(names: Iterable[str]) -> None:
    errors = [FieldError("option_doubled", "This stands twice; which one is meant?", parameter=name) for name in names]
    if errors:
        raise RequestInvalid(errors)


def _drain() -> None:
    if "wsgi.input_terminated" not in request.environ:  # a test's, which has nobody who is still sending
        return
    # Not the request's own stream, which refuses to read what is too large.
    body, drained = request.environ["wsgi.input"], 0
    # Whatever is wrong with the rest, or how slowly it comes: the refusal stands.
    with suppress(Exception), hurrying(request.environ, DRAIN_SECONDS):
        while drained < DRAIN_BYTES and (piece := body.read(PIECE_BYTES)):
            drained += len(piece)
