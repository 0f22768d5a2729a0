"""Asks everything that the service needs whether it is there."""

from dataclasses import dataclass

import redis
from sqlalchemy.exc import SQLAlchemyError

from api.core import Core
from api.services.progress import find_last_sign_of_life
from shared.queries import workers


@dataclass(frozen=True, slots=True)
class Finding:
    """What asking one thing has shown."""

    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What asking everything has shown."""

    database: Finding
    broker: Finding
    worker: Finding

    @property
    def are_good(self) -> bool:
        """Whether texts sent now would be scored."""
        return self.database.ok and self.broker.ok and self.worker.ok


def examine(core: Core) -> Findings:
    """Ask the database, the broker and, through the database, the workers of the default model."""
    database, worker = _ask_database(core)
    return Findings(database, _ask_broker(core), worker)


def _ask_database(core: Core) -> tuple[Finding, Finding]:
    model = core.settings.model_name
    try:
        with core.database.reading() as session:
            alive = workers.list_live(session, find_last_sign_of_life(core.settings, core.clock), model)
    except SQLAlchemyError:
        return (
            Finding(False, "The database does not answer, or its schema is not there."),
            Finding(False, "Unknown while the database does not answer."),
        )
    if not alive:
        return Finding(True, "It answers."), Finding(False, f"No worker of {model} has been heard of lately.")
    return Finding(True, "It answers."), Finding(True, f"{len(alive)} of {model} alive.")


def _ask_broker(core: Core) -> Finding:
    try:
        core.ping_broker()
    except (redis.RedisError, OSError):
        return Finding(False, "The message broker does not answer; texts are accepted and wait for it.")
    return Finding(True, "It answers.")
