"""`python -m tests.chaos.mutants MUTANT MODULE …`: runs a program of the service with one of its safeguards taken out.

The harness must then find fault with the service; what cannot fail proves nothing.
"""

import runpy
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from api.services import submission
from shared.queries import claims
from tests.fakes import FakeQueue

COMMIT_SECONDS = 0.05  # as a slow disk would take


class Mutant(StrEnum):
    """A service without one of its safeguards."""

    SWEEPER_OFF = "sweeper-off"  # nothing to patch: the harness does not start it
    FENCE_OFF = "fence-off"
    PUBLISH_EARLY = "publish-before-commit"


def take_the_fence_down() -> None:
    """Let whoever once held a text store its outcome, whether it still holds it or not."""

    def hold_all(session: object, token: UUID, ids: Sequence[int]) -> dict[int, int]:
        return dict.fromkeys(ids, 0)  # no text of these runs has copies

    claims._lock_held = hold_all


def publish_before_commit() -> None:
    """Nudge the workers before the rows are there, and not afterwards."""
    submit_job = submission.submit_job

    def submit_late(core: Any, wanted: Any, *rest: Any, **more: Any) -> Any:
        core.queue.nudge(wanted.model or core.settings.model_name, len(wanted.texts))
        time.sleep(COMMIT_SECONDS)
        return submit_job(replace(core, queue=FakeQueue()), wanted, *rest, **more)

    submission.submit_job = submit_late  # type: ignore[assignment]  # what else it is given is handed on


_PATCHES: Mapping[Mutant, Callable[[], None]] = {
    Mutant.FENCE_OFF: take_the_fence_down,
    Mutant.PUBLISH_EARLY: publish_before_commit,
}


def mutate(mutant: Mutant | None, command: Sequence[str]) -> tuple[str, ...]:
    """Return the command, as `python -m` takes it, that runs this one with the safeguard taken out."""
    if mutant is None or mutant not in _PATCHES:
        return tuple(command)
    return ("tests.chaos.mutants", mutant, *command)


if __name__ == "__main__":
    _, mutant, module, *arguments = sys.argv
    _PATCHES[Mutant(mutant)]()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
