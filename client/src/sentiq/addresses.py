"""Where the service's jobs are, and the headers that go with asking for them (see docs/http-api.md)."""

from uuid import UUID

from sentiq.errors import InputUnusable

JOBS = "/v1/jobs"


def locate(job_id: UUID | str) -> str:
    """Return the address of the job.

    Raises:
        InputUnusable: no job can have this id.
    """
    try:
        return f"{JOBS}/{UUID(str(job_id))}"
    except ValueError as err:
        raise InputUnusable("job_id_unusable", job=str(job_id)[:50]) from err


def locate_results(job_id: UUID | str) -> str:
    """Return the address of the job's results."""
    return f"{locate(job_id)}/results"


def prefer_wait(seconds: float) -> dict[str, str]:
    """Return the header that asks the service to hold its answer until the job is done, so long at most."""
    return {"Prefer": f"wait={int(seconds)}"} if seconds >= 1 else {}


def name_key(key: str) -> dict[str, str]:
    """Return the header that makes a submission safe to send again.

    Raises:
        InputUnusable: no header can carry this key.
    """
    if not (key.isascii() and key.isprintable() and key == key.strip()):
        raise InputUnusable("idempotency_key_unusable", key=key[:50])
    return {"Idempotency-Key": key}
