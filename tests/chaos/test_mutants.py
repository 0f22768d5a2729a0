"""The harness can fail: a service without one of its safeguards does not pass."""

import pytest

from tests.chaos.faults import Fault
from tests.chaos.mutants import Mutant
from tests.chaos.options import Options
from tests.chaos.run import run_chaos

pytestmark = [pytest.mark.faults, pytest.mark.timeout(500)]


def test_without_the_sweeper_texts_stay_unfinished_or_webhooks_untold() -> None:
    faults = (Fault.FLUSH_BROKER, Fault.KILL_WORKER)
    options = Options(
        mutant=Mutant.SWEEPER_OFF, seconds=12, faults=4, only=faults, texts=6_000, poisons=0, drain_seconds=12
    )

    verdict = run_chaos(options).verdict

    assert verdict.unfinished + verdict.untold > 0  # which of them depends on what was queued when it was flushed
    assert (verdict.missing, verdict.doubled, verdict.wrong) == (0, 0, 0)


def test_without_the_fence_a_worker_that_wakes_up_writes_what_it_no_longer_holds() -> None:
    # Not on SQLite, where a worker that is frozen in the middle of a transaction keeps all others from writing.
    options = Options(
        mutant=Mutant.FENCE_OFF, database="postgresql", seconds=24, faults=4, only=(Fault.FREEZE_WORKER,),
        texts=30_000, poisons=0, drain_seconds=15,
    )  # fmt: skip

    verdict = run_chaos(options).verdict

    assert verdict.doubled + verdict.wrong + verdict.refused > 0


def test_nudges_sent_before_the_commit_wake_nobody() -> None:
    options = Options(mutant=Mutant.PUBLISH_EARLY, seconds=2, faults=0, texts=300, poisons=0)

    verdict = run_chaos(options).verdict

    assert [problem.partition(":")[0] for problem in verdict.problems] == ["late"]
