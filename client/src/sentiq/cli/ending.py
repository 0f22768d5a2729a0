"""How a job ended, for people, for programs, and as an exit code."""

from collections import Counter
from pathlib import Path

from sentiq.cli.console import note, say, write_json
from sentiq.cli.exit_codes import ExitCode
from sentiq.models import JobInfo, JobState, Label


def tell_summary(job: JobInfo, labels: Counter[Label], out: Path | None, *, as_json: bool) -> None:
    """Say how the job ended, and where its results are."""
    if as_json:
        shown = job.model_dump(mode="json") | {"labels": {label.value: count for label, count in labels.items()}}
        write_json(shown | {"out": None if out is None else str(out)})
        return
    note(
        say(
            "summary", job=job.id, state=say(job.state.value), total=f"{job.counts.total:,}",
            succeeded=f"{job.counts.succeeded:,}", failed=f"{job.counts.failed:,}",
            cancelled=f"{job.counts.cancelled:,}",
        )
    )  # fmt: skip
    if labels:
        note(" · ".join(f"{say(label.value)} {count:,}" for label, count in labels.most_common()))
    if out is not None:
        note(say("written", path=out))


def find_ending(job: JobInfo, *, strict: bool) -> ExitCode:
    """Return the exit code for a job that has finished."""
    if job.state is not JobState.COMPLETED:
        return ExitCode.NOT_COMPLETED
    return ExitCode.TEXTS_FAILED if strict and job.counts.failed else ExitCode.DONE
