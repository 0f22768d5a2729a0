"""Reads results of any number, as steps; a stream that breaks off goes on behind the last result that came whole."""

from dataclasses import dataclass, replace
from uuid import UUID

from pydantic import ValidationError

from sentiq.addresses import locate_results
from sentiq.errors import AnswerUnreadable, ConnectionFailed, RequestRefused
from sentiq.models import Result, ResultPage, TextState
from sentiq.operations import read_results_page
from sentiq.records import LineCutter
from sentiq.retrying import RetryPolicy, open_stream, pause_after
from sentiq.steps import Answer, Emit, Request, Steps, read
from sentiq.uploads import NDJSON


@dataclass(frozen=True, slots=True)
class Selection:
    """Which results of a job."""

    job_id: UUID
    state: TextState | None = None
    after: int | None = None  # only those behind this index
    total: int | None = None  # how many there must be in the job, if that is settled

    @property
    def params(self) -> dict[str, str]:
        """The selection as the query of an address."""
        params = {} if self.after is None else {"after": str(self.after)}
        return params | ({"state": self.state.value} if self.state else {})

    def is_read_whole(self) -> bool:
        """Whether nothing can be missing behind `after`; with a state asked for, only the service can know."""
        if self.total is None or self.state is not None:
            return True
        return (-1 if self.after is None else self.after) >= self.total - 1


def stream_results(selection: Selection, policy: RetryPolicy) -> Steps[None]:
    """Emit results in input order, as NDJSON, or page by page where the service writes no NDJSON."""
    failures = 0
    while True:
        answer = yield from _ask_for_lines(selection, policy)
        if answer is None or answer.media_type != NDJSON:
            yield from _emit_pages(selection, policy)
            return
        after, error = yield from _emit_lines(selection.after)
        is_stuck = after == selection.after
        selection = replace(selection, after=after)
        if error is None and selection.is_read_whole():
            return
        failures = failures + 1 if is_stuck else 1
        yield from pause_after(error or ConnectionFailed("results_broken_off"), failures, policy)


def _ask_for_lines(selection: Selection, policy: RetryPolicy) -> Steps[Answer | None]:
    """Return the head of the answer; None if the service knows no `after`, and so writes no NDJSON either."""
    request = Request("GET", locate_results(selection.job_id), selection.params, {"Accept": NDJSON})
    try:
        return (yield from open_stream(request, policy))
    except RequestRefused as err:
        if selection.after is None or err.code != "validation_error":
            raise
        return None


def _emit_lines(after: int | None) -> Steps[tuple[int | None, ConnectionFailed | None]]:
    """Emit what comes; return the last index that came, and what broke the stream off."""
    cutter = LineCutter()
    while (chunk := (yield from read())) is not None:
        if isinstance(chunk, ConnectionFailed):
            return after, chunk
        results = [_parse_line(line) for line in cutter.feed(chunk)]
        if results:
            after = results[-1].index
            yield Emit(results)
    return after, None if cutter.is_between_records else ConnectionFailed("results_broken_off")


def _parse_line(line: bytes) -> Result:
    try:
        return Result.model_validate_json(line)
    except ValidationError as err:
        raise AnswerUnreadable("answer_unreadable", body=line[:200].decode(errors="replace")) from err


def _emit_pages(selection: Selection, policy: RetryPolicy) -> Steps[None]:
    after = -1 if selection.after is None else selection.after
    page = ResultPage(data=[], next_cursor="")
    while page.next_cursor is not None:
        page = yield from read_results_page(selection.job_id, policy, page.next_cursor or None, selection.state)
        yield Emit([result for result in page.data if result.index > after])
