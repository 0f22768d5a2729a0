"""Downloads the results of a job as a file, as steps; what breaks off goes on."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from sentiq.addresses import locate_results
from sentiq.errors import AnswerUnreadable, ConnectionFailed, FormatUnavailable, InputUnusable, RequestRefused
from sentiq.models import TextState
from sentiq.retrying import RetryPolicy, open_stream, pause_after
from sentiq.steps import Answer, Emit, Outcome, Request, Steps, read
from sentiq.streams import Selection, stream_results
from sentiq.uploads import CONTENT_TYPES
from sentiq.writers import CSVWriter, EndMark, WholeWriter

# The service writes a workbook whole before it sends the first byte, and of a million results that takes minutes.
WRITING_PATIENCE_SECONDS = 600.0


class FileFormat(StrEnum):
    """A kind of file that results can be written to."""

    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


# What ZIP archives (APPNOTE 4.3.16, without a comment) and Parquet files end with.
_END_MARKS = {FileFormat.XLSX: EndMark(b"PK\x05\x06", 22), FileFormat.PARQUET: EndMark(b"PAR1", 4)}
_BY_SUFFIX = {f".{kind.value}": kind for kind in FileFormat} | {".jsonl": FileFormat.NDJSON}


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What to download, and where to."""

    job_id: UUID
    file: BinaryIO  # empty, and open for writing
    file_format: FileFormat
    state: TextState | None = None
    total: int | None = None  # how many texts the job has, if that is settled
    bom: bool = False  # begin CSV with a byte order mark, so that Excel takes it for UTF-8


def find_format(path: Path) -> FileFormat:
    """Return the format that the name of the file stands for.

    Raises:
        InputUnusable: it stands for none.
    """
    try:
        return _BY_SUFFIX[path.suffix.lower()]
    except KeyError as err:
        raise InputUnusable("output_kind_unknown", path=path, known=" ".join(_BY_SUFFIX)) from err


def download(wanted: Download, policy: RetryPolicy) -> Steps[None]:
    """Write the file to its end.

    NDJSON and CSV go on behind the last whole record after a break; the others, which cannot be cut, begin anew.

    Raises:
        FormatUnavailable: the service does not write this kind of file.
        AnswerUnreadable: what comes is no such file.
    """
    if wanted.file_format is FileFormat.NDJSON:
        yield from _write_lines(wanted, policy)
        return
    writer = _make_writer(wanted)
    failures = 0
    while True:
        before = writer.after
        yield from _open(wanted, before, policy)
        error = yield from _copy(writer)
        if error is None and _is_whole(wanted, writer):
            return
        failures = failures + 1 if writer.after == before else 1
        yield from pause_after(error or ConnectionFailed("results_broken_off"), failures, policy)


def _write_lines(wanted: Download, policy: RetryPolicy) -> Steps[None]:
    """Write what the stream of results emits, so that services without formats can be read too."""
    steps = stream_results(Selection(wanted.job_id, wanted.state, total=wanted.total), policy)
    outcome: Outcome = None
    while True:
        try:
            step = steps.send(outcome)
        except StopIteration:
            return
        if isinstance(step, Emit):
            wanted.file.writelines(f"{result.model_dump_json()}\n".encode() for result in step.items)
            outcome = None
        else:
            outcome = yield step


def _make_writer(wanted: Download) -> CSVWriter | WholeWriter:
    mark = _END_MARKS.get(wanted.file_format)
    return CSVWriter(wanted.file) if mark is None else WholeWriter(wanted.file, mark)


def _is_whole(wanted: Download, writer: CSVWriter | WholeWriter) -> bool:
    """Return whether nothing is missing: a proxy may take an answer that broke off for one that has ended."""
    if isinstance(writer, WholeWriter):
        return writer.is_whole
    return writer.is_whole and Selection(wanted.job_id, wanted.state, writer.after, wanted.total).is_read_whole()


def _open(wanted: Download, after: int | None, policy: RetryPolicy) -> Steps[None]:
    params = {"format": wanted.file_format.value} | Selection(wanted.job_id, wanted.state, after).params
    params |= {"bom": "true"} if wanted.bom else {}
    patience = 0.0 if wanted.file_format is FileFormat.CSV else WRITING_PATIENCE_SECONDS
    request = Request("GET", locate_results(wanted.job_id), params, patience_seconds=patience)
    try:
        _check_kind((yield from open_stream(request, policy)), wanted.file_format)
    except RequestRefused as err:
        if any(part.parameter == "format" for part in err.problem.errors):
            raise FormatUnavailable("format_unavailable", kind=wanted.file_format.value) from err
        raise


def _check_kind(answer: Answer, file_format: FileFormat) -> None:
    """Refuse what is no such file, such as the page of a proxy that wants a password."""
    if answer.media_type != CONTENT_TYPES[f".{file_format.value}"]:
        raise AnswerUnreadable("answer_unreadable", body=f"Content-Type: {answer.media_type}")


def _copy(writer: CSVWriter | WholeWriter) -> Steps[ConnectionFailed | None]:
    """Write what comes, and return what broke it off."""
    writer.begin()
    while (chunk := (yield from read())) is not None:
        if isinstance(chunk, ConnectionFailed):
            return chunk
        writer.write(chunk)
    return None
