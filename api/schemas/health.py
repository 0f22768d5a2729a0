"""Whether the service lives, and whether it can work."""

from typing import Literal

from pydantic import Field

from api.schemas.base import Answer


class Liveness(Answer):
    """The process answers."""

    status: Literal["live"] = "live"


class Check(Answer):
    """One thing that the service needs."""

    ok: bool
    detail: str


class Checks(Answer):
    """Everything that the service needs."""

    database: Check
    broker: Check
    worker: Check = Field(description="Whether a worker of the default model has been heard of lately.")


class Readiness(Answer):
    """Whether texts sent now would be scored."""

    status: Literal["ready", "not_ready"]
    checks: Checks
