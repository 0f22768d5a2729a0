"""What can be done with jobs, as steps: submit, score, read, list, cancel, delete."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from sentiq.addresses import JOBS, locate, locate_results, name_key, prefer_wait
from sentiq.answers import parse
from sentiq.errors import InputUnusable, NotFound, TextFailed
from sentiq.models import JobInfo, JobPage, JobState, Result, ResultPage, ScoredJob, TextState
from sentiq.options import JobOptions, SubmitOptions, name_file_options, write_members, write_query
from sentiq.retrying import RetryPolicy, call
from sentiq.steps import Body, Emit, Request, Steps
from sentiq.uploads import TextInput, encode_text, encode_utf8, make_file_body, make_texts_body, watch
from sentiq.waiting import MAX_WAIT_SECONDS, Wait, wait_for

PAGE_LIMIT = 250  # the service gives up to 1,000 at once, which as objects take 5 MB
JOBS_AT_ONCE = 100
# Up to so many texts go as one JSON object, which every release of the service takes.
MAX_JSON_TEXTS = 1_000
MAX_JSON_BYTES = 16 * 1024 * 1024  # well below what the service takes in one piece
# An upload is answered when its last text is stored, which may be a while after its last byte was sent.
UPLOAD_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Texts, or a file of them, under a key that makes it safe to send them again."""

    source: str | Path | Iterable[TextInput]
    options: SubmitOptions
    key: str
    on_upload: Callable[[int, int | None], None] | None = None  # told bytes sent, and bytes in all if known


def submit(submission: Submission, policy: RetryPolicy) -> Steps[JobInfo]:
    """Send the texts until the service has stored them all; sent again, it keeps what it has stored before."""
    body, params = _make_submission(submission)
    try:
        request = Request("POST", JOBS, params, name_key(submission.key), body, UPLOAD_PATIENCE_SECONDS)
        return parse(JobInfo, (yield from call(request, policy)))
    finally:
        body.close()


def score(texts: Sequence[TextInput], options: JobOptions, key: str, policy: RetryPolicy) -> Steps[list[Result]]:
    """Submit a few texts, wait for their results, and return those in the order of the texts."""
    if isinstance(texts, str | Mapping):  # whose characters, or names, would be taken for texts
        raise InputUnusable("texts_not_listed", kind=type(texts).__name__)
    headers = name_key(key) | prefer_wait(MAX_WAIT_SECONDS)
    request = Request("POST", JOBS, {}, headers, _make_json_body(texts, options), MAX_WAIT_SECONDS)
    answer = yield from call(request, policy)
    if answer.status == HTTPStatus.OK:
        scored = parse(ScoredJob, answer)
        job_id, page = scored.id, ResultPage(data=scored.results, next_cursor=scored.next_cursor)
    else:
        job = yield from wait_for(parse(JobInfo, answer), Wait(), policy)
        job_id, page = job.id, (yield from read_results_page(job.id, policy))
    results = list(page.data)
    while page.next_cursor is not None:
        page = yield from read_results_page(job_id, policy, page.next_cursor)
        results += page.data
    return results


def analyze(text: TextInput, options: JobOptions, key: str, policy: RetryPolicy) -> Steps[Result]:
    """Return the result of one text.

    Raises:
        TextFailed: the service could not score it.
    """
    (result,) = yield from score([text], options, key, policy)
    if result.error is not None:
        raise TextFailed(result.error)
    return result


def read_job(job_id: UUID | str, policy: RetryPolicy) -> Steps[JobInfo]:
    """Return the job as it is now."""
    return parse(JobInfo, (yield from call(Request("GET", locate(job_id)), policy)))


def cancel_job(job_id: UUID | str, policy: RetryPolicy) -> Steps[JobInfo]:
    """Cancel what no worker has begun, and return the job."""
    return parse(JobInfo, (yield from call(Request("POST", f"{locate(job_id)}/cancel"), policy)))


def delete_job(job_id: UUID | str, policy: RetryPolicy) -> Steps[None]:
    """Remove the job with all that belongs to it, at once."""
    try:
        yield from call(Request("DELETE", locate(job_id)), policy)
    except NotFound as err:
        if err.attempts == 1:
            raise  # else it was there, and an attempt whose answer was lost has removed it


def list_jobs(state: JobState | None, policy: RetryPolicy) -> Steps[None]:
    """Emit jobs, the newest first, each page when it is asked for."""
    params = {"limit": str(JOBS_AT_ONCE)} | ({"state": state.value} if state else {})
    cursor: str | None = ""
    while cursor is not None:
        request = Request("GET", JOBS, params | ({"cursor": cursor} if cursor else {}))
        page = parse(JobPage, (yield from call(request, policy)))
        yield Emit(page.data)
        cursor = page.next_cursor


def read_results_page(
    job_id: UUID | str, policy: RetryPolicy, cursor: str | None = None, state: TextState | None = None
) -> Steps[ResultPage]:
    """Return a page of results; the first without a cursor."""
    params = (
        {"limit": str(PAGE_LIMIT)} | ({"cursor": cursor} if cursor else {}) | ({"state": state.value} if state else {})
    )
    return parse(ResultPage, (yield from call(Request("GET", locate_results(job_id), params), policy)))


def _make_submission(submission: Submission) -> tuple[Body, dict[str, str]]:
    """Return the body and the query of its address."""
    source, options = submission.source, submission.options
    if isinstance(source, str | Path):
        path = Path(source)
        body = make_file_body(path)
        # By its name alone, without `.gz`: how it is packed is told by the header.
        return _watch(body, submission), write_query(options, path.stem if body.content_encoding else path.name)
    if isinstance(source, Mapping):  # whose names would be taken for texts
        raise InputUnusable("texts_not_listed", kind=type(source).__name__)
    if unfit := name_file_options(options):
        raise InputUnusable("options_for_files", names=", ".join(unfit))
    if isinstance(source, Sequence) and len(source) <= MAX_JSON_TEXTS:
        body = _make_json_body(source, options)
        if (body.size or 0) <= MAX_JSON_BYTES:
            return body, {}
    return _watch(make_texts_body(source), submission), write_query(options, None)


def _watch(body: Body, submission: Submission) -> Body:
    return body if submission.on_upload is None else watch(body, submission.on_upload)


def _make_json_body(texts: Sequence[TextInput], options: JobOptions) -> Body:
    members = json.dumps(write_members(options), ensure_ascii=False, allow_nan=False)[1:-1]
    listed = f'"texts":[{",".join(map(encode_text, texts))}]'
    content = encode_utf8("{" + ",".join([listed, members] if members else [listed]) + "}")
    return Body(lambda: iter([content]), "application/json", size=len(content))
