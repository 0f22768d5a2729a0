"""Jobs: submit many texts, follow them, cancel what is left."""

from http import HTTPStatus

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint

from api.access import needs
from api.accounts import get_account
from api.core import Core, get_core
from api.cursors import decode_jobs_cursor
from api.document import JOBS, describe_answer, describe_problems
from api.idempotency_keys import parse_idempotency_key
from api.identity import get_identity
from api.preferences import parse_wait_seconds
from api.responses import locate_job, plan_retry, respond
from api.schemas.jobs import (
    Job,
    JobPage,
    JobPath,
    JobsQuery,
    JobWithResults,
    SubmitJob,
    format_etag,
    present_job,
    present_jobs,
)
from api.schemas.results import MAX_LIMIT, present_results
from api.services import cancellation, following, removal
from api.services.following import Page
from api.services.idempotency import KeyedRequest
from api.services.once import submit_once
from api.services.progress import Progress
from api.services.submission import Submission
from api.views.uploads import drain_refused, receive_upload, refuse_options
from shared.models import Job as JobRow
from shared.scopes import Scope
from shared.states import Lane

blueprint = APIBlueprint("jobs", __name__, abp_tags=[JOBS])
blueprint.before_request(receive_upload)  # what `create_job` would refuse, since it is not JSON
blueprint.after_request(drain_refused)


@blueprint.post(
    "/v1/jobs",
    summary="提交一批文本 / Accept texts as one job",
    operation_id="create_job",
    responses={
        **describe_problems(
            "body_invalid", "body_too_large", "content_type_unsupported", "validation_error", "model_unknown",
            "neutral_band_unavailable", "webhooks_not_configured", "webhook_url_refused", "queue_full",
            "deadline_passed", "idempotency_key_invalid", "idempotency_key_in_use", "idempotency_key_reused",
            "results_purged", "quota_exceeded", "rate_limited",
            "job_not_found",  # removed while the caller waited
            "upload_interrupted", "column_unknown", "file_empty", "file_malformed", "too_many_texts",
            "too_many_bad_rows", "job_already_finished", "request_too_slow", "too_many_waiting", "storage_full",
        ),
        "200": describe_answer(
            "Done while you waited.", JobWithResults, "Location", "Preference-Applied", "Idempotent-Replayed"
        ),
        "202": describe_answer(
            "Stored and queued.", Job, "Location", "Retry-After", "Preference-Applied", "Idempotent-Replayed"
        ),
    },
)  # fmt: skip
@needs(Scope.SUBMIT)
def create_job(body: SubmitJob) -> Response:
    """Accept texts as one job.

    Answers at once where to follow the job. With the header `Prefer: wait=10` it waits up to ten seconds, and answers
    with the results if the job is done by then.

    With the header `Idempotency-Key` a request that is sent again makes no second job: it is answered like the first
    one, with the same job and status, at once.

    In place of JSON the body may be a file of texts: NDJSON (`application/x-ndjson`), CSV (`text/csv`), TSV
    (`text/tab-separated-values`), XLSX or Parquet, with its options in the query, or a form (`multipart/form-data`)
    with its options before the part `file`. It is stored as it comes. With JSON the query is empty.
    """
    refuse_options()
    core, tenant_id, wait_seconds = get_core(), get_identity().tenant_id, _read_wait()
    receipt = submit_once(core, _read_submission(core, body, wait_seconds), wait_seconds)
    row = following.read_job(core, tenant_id, receipt.job_id)
    headers = {"Location": locate_job(row.id)}
    headers |= {"Idempotent-Replayed": "true"} if receipt.is_replay else _confirm_wait(wait_seconds)
    if receipt.was_done:
        return respond(_present_with_results(core, row), HTTPStatus.OK, headers)
    progress = following.read_progress(core, [row])[row.id]
    return respond(present_job(row, progress), HTTPStatus.ACCEPTED, headers | plan_retry(progress))


def _read_submission(core: Core, body: SubmitJob, wait_seconds: int) -> Submission:
    texts, account = body.to_new_texts(), get_account()
    is_interactive = wait_seconds > 0 and len(texts) <= core.settings.interactive_texts
    key = parse_idempotency_key(request.headers.getlist("Idempotency-Key"))
    return Submission(
        texts,
        model=body.model,
        metadata=body.metadata,
        lane=Lane.INTERACTIVE if is_interactive else Lane.BULK,
        webhook=None if body.webhook is None else body.webhook.to_new_webhook(),
        neutral_band=body.neutral_band,
        deadline_at=body.deadline,
        expires_after=body.expires_after,
        keyed=None if key is None else KeyedRequest(account.identity.tenant_id, key, body.compute_fingerprint()),
        account=account,
    )


@blueprint.get(
    "/v1/jobs",
    summary="任务列表，新的在前 / List jobs, the newest first",
    operation_id="list_jobs",
    responses={
        **describe_problems("validation_error", "cursor_invalid"),
        "200": describe_answer("Jobs, the newest first.", JobPage),
    },
)
@needs(Scope.READ)
def list_jobs(query: JobsQuery) -> Response:
    """List jobs, the newest first."""
    core = get_core()
    before = decode_jobs_cursor(query.cursor) if query.cursor is not None else None
    rows = following.list_jobs(core, get_identity().tenant_id, limit=query.limit, before=before, state=query.state)
    return respond(present_jobs(rows, following.read_progress(core, rows), query.limit))


@blueprint.get(
    "/v1/jobs/<job_id>",
    summary="任务进展 / Show how far a job has come",
    operation_id="read_job",
    responses={
        **describe_problems("job_not_found"),
        "200": describe_answer("The job as it is now.", Job, "ETag", "Retry-After", "Preference-Applied"),
        "304": describe_answer("Nothing has changed since the answer with this `ETag`.", None, "ETag"),
    },
)
@needs(Scope.READ)
def read_job(path: JobPath) -> Response:
    """Show how far a job has come.

    With the header `Prefer: wait=10` it answers when the job has finished, or after ten seconds. With `If-None-Match`
    it answers 304 as long as no text has moved.
    """
    core, wait_seconds = get_core(), _read_wait()
    row = following.read_job_when_finished(core, get_identity().tenant_id, path.parse_id(), wait_seconds)
    headers = {"Cache-Control": "no-cache"} | _confirm_wait(wait_seconds)
    if request.if_none_match.contains_weak(format_etag(row)):
        response = Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    else:
        progress = following.read_progress(core, [row])[row.id]
        if row.finished_at is None:
            headers |= plan_retry(progress)
        response = respond(present_job(row, progress), HTTPStatus.OK, headers)
    response.set_etag(format_etag(row), weak=True)
    return response


@blueprint.post(
    "/v1/jobs/<job_id>/cancel",
    summary="取消尚未开始的文本 / Cancel what no worker has begun",
    operation_id="cancel_job",
    responses={
        **describe_problems("job_not_found", "job_already_finished"),
        "200": describe_answer("The job is cancelled; texts that were being scored may still get results.", Job),
    },
)
@needs(Scope.SUBMIT)
def cancel_job(path: JobPath) -> Response:
    """Cancel what no worker has begun; cancelling twice does no harm."""
    core = get_core()
    row = cancellation.cancel_job(core, get_identity().tenant_id, path.parse_id())
    return respond(present_job(row, following.read_progress(core, [row])[row.id]))


@blueprint.delete(
    "/v1/jobs/<job_id>",
    summary="立即删除任务及其全部内容 / Remove a job and all that belongs to it",
    operation_id="delete_job",
    responses={
        **describe_problems("job_not_found"),
        "204": describe_answer("The job, its texts, results and deliveries are deleted."),
    },
)
@needs(Scope.SUBMIT)
def delete_job(path: JobPath) -> Response:
    """Remove a job at once, whatever its state: its texts, results, deliveries and idempotency key.

    What a worker has begun of it is dropped, and no webhook tells of it. The second time there is no such job: 404.
    """
    removal.remove_job(get_core(), get_identity().tenant_id, path.parse_id())
    return Response(status=HTTPStatus.NO_CONTENT)


def _read_wait() -> int:
    return parse_wait_seconds(",".join(request.headers.getlist("Prefer")), get_core().settings.max_wait_seconds)


def _confirm_wait(wait_seconds: int) -> dict[str, str]:
    return {"Preference-Applied": f"wait={wait_seconds}"} if wait_seconds else {}


def _present_with_results(core: Core, row: JobRow) -> JobWithResults:
    page = present_results(following.list_results(core, row.tenant_id, row.id, page=Page(MAX_LIMIT)), MAX_LIMIT)
    job = present_job(row, Progress())
    return JobWithResults.model_construct(**dict(job), results=page.data, next_cursor=page.next_cursor)
