"""`sentiq submit`: a file in, a file out, and the way back when it was left."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sentiq.cli.console import note, say, write, write_json
from sentiq.cli.ending import find_ending, tell_summary
from sentiq.cli.exit_codes import ExitCode
from sentiq.cli.following import ProgressView, follow
from sentiq.cli.options import (
    BOM,
    JSON,
    Model,
    NeutralBand,
    Out,
    Strict,
    Timeout,
    parse_metadata,
    parse_moment,
    parse_neutral_band,
    parse_span,
)
from sentiq.cli.session import get_session
from sentiq.cli.submissions import Remembered, Submissions
from sentiq.cli.way_back import WayBack, tell_way_to_upload
from sentiq.client import Client
from sentiq.downloads import find_format
from sentiq.environment import read_language
from sentiq.errors import (
    Conflict,
    NotFound,
    OutputUnwritable,
    RequestRefused,
    ResultsPurged,
    SentiqError,
    TooManyRequests,
)
from sentiq.files import check_folder
from sentiq.handles import make_key
from sentiq.jobs import Job
from sentiq.options import SubmitOptions
from sentiq.uploads import make_file_body


def submit(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("help.file"), show_default=False)],
    text_column: Annotated[
        str | None, typer.Option("--text-column", metavar="NAME", help=say("help.text_column"))
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id-column", metavar="NAME", help=say("help.id_column"))] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help=say("help.sheet"))] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help=say("help.encoding"))] = None,
    max_bad_rows: Annotated[int | None, typer.Option("--max-bad-rows", min=0, help=say("help.max_bad_rows"))] = None,
    model: Model = None,
    neutral_band: NeutralBand = None,
    metadata: Annotated[
        list[str] | None, typer.Option("--metadata", metavar="NAME=VALUE", help=say("help.metadata"))
    ] = None,
    deadline: Annotated[str | None, typer.Option("--deadline", metavar="TIME", help=say("help.deadline"))] = None,
    expires_after: Annotated[
        str | None, typer.Option("--expires-after", metavar="SPAN", help=say("help.expires_after"))
    ] = None,
    webhook: Annotated[str | None, typer.Option("--webhook", metavar="URL", help=say("help.webhook"))] = None,
    webhook_event: Annotated[
        list[str] | None, typer.Option("--webhook-event", metavar="EVENT", help=say("help.webhook_events"))
    ] = None,
    out: Out = None,
    bom: BOM = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help=say("help.no_wait"))] = False,
    resume: Annotated[bool, typer.Option("--resume", help=say("help.resume"))] = False,
    timeout: Timeout = None,
    strict: Strict = False,
    as_json: JSON = False,
) -> None:
    """Submit the file, follow its job, and write the results."""
    options = SubmitOptions(
        text_column=text_column, id_column=id_column, sheet=sheet, charset=encoding, max_bad_rows=max_bad_rows,
        model=model, neutral_band=parse_neutral_band(neutral_band), metadata=parse_metadata(metadata or []),
        deadline=parse_moment(deadline), expires_after=parse_span(expires_after), webhook_url=webhook,
        webhook_events=webhook_event or None,
    )  # fmt: skip
    if out is not None:
        find_format(out)
        check_folder(out)  # better said now than when all is done
    make_file_body(file)
    way_back = WayBack(get_session(context), out, bom)
    with way_back.session.open() as client, ProgressView() as view:
        memory = Submissions.of(file, client.url, options)
        job = Sending(client, memory, view, file, options).send(resume=resume)
        if no_wait:
            view.stop()
            way_back.tell(job)
            write_json(job.info) if as_json else write(str(job.id))
            return
        with _telling_the_way_back(way_back, job, memory, view):
            tally = follow(job, view, timeout)
            if out is not None:
                job.download(out, bom=bom)
    memory.forget()
    tell_summary(job.info, tally.counts, out, as_json=as_json)
    raise typer.Exit(find_ending(job.info, strict=strict))


@dataclass(frozen=True, slots=True)
class Sending:
    """One file on its way to the service."""

    client: Client
    memory: Submissions
    view: ProgressView
    file: Path
    options: SubmitOptions

    def send(self, *, resume: bool) -> Job:
        """Return the file's job: the one that was left unfinished, if that is asked for, or a new one."""
        earlier = self.memory.find()
        if earlier is None or not resume:
            if earlier is not None:
                note(say("unfinished"))
            return self._upload(make_key())
        try:
            job = self._upload(earlier.key) if earlier.job_id is None else self.client.job(earlier.job_id)
        except (NotFound, RequestRefused) as err:
            if isinstance(err, RequestRefused) and err.code != "idempotency_key_reused":
                raise
            return self._upload(make_key())  # it is gone, or its key belongs to something else by now
        if job.info.purged_at is not None:
            return self._upload(make_key())  # nothing is left of it but its counts
        if earlier.job_id is not None:
            note(say("resumed", job=job.id))
        return job

    def _upload(self, key: str) -> Job:
        is_remembered = self._remember(key)
        try:
            job = self.client.submit(self.file, idempotency_key=key, on_upload=self.view.show_upload, **self.options)
        except (KeyboardInterrupt, SentiqError) as err:
            self.view.stop()
            if _is_final(err):
                self.memory.forget()
            elif is_remembered:
                tell_way_to_upload()
            if isinstance(err, KeyboardInterrupt):
                raise typer.Exit(ExitCode.INTERRUPTED) from None
            raise
        if is_remembered:
            self.memory.remember(Remembered(key=key, job_id=job.id))
        note(say("submitted", job=job.id, total=f"{job.counts.total:,}"))
        return job

    def _remember(self, key: str) -> bool:
        """Return whether the submission can be remembered: where it cannot, it is sent all the same."""
        try:
            self.memory.remember(Remembered(key=key))
        except OutputUnwritable as err:
            note(say("not_remembered", reason=err.tell(read_language())))
            return False
        return True


def _is_final(error: BaseException) -> bool:
    """Return whether the same upload would be refused again, under this key at least."""
    return isinstance(error, RequestRefused | Conflict | TooManyRequests) and not error.should_retry


@contextmanager
def _telling_the_way_back(way_back: WayBack, job: Job, memory: Submissions, view: ProgressView) -> Iterator[None]:
    """Say, whatever ends the waiting, how to come back to the job and its results, if there is still something."""
    try:
        yield
    except (NotFound, ResultsPurged):
        memory.forget()
        raise
    except (KeyboardInterrupt, SentiqError) as err:
        view.stop()
        way_back.tell(job)
        if isinstance(err, KeyboardInterrupt):
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        raise
