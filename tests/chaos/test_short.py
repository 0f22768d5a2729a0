"""The short form: a few faults on each database, as long as a test may take. `make chaos` runs the full one."""

import pytest

from tests.chaos.options import Options
from tests.chaos.run import run_chaos

pytestmark = [pytest.mark.faults, pytest.mark.timeout(500)]


@pytest.mark.parametrize(("database", "append_only"), [("sqlite", False), ("postgresql", True)])
def test_faults_lose_double_and_spoil_nothing(database: str, append_only: bool) -> None:
    options = Options(seed=7, database=database, append_only=append_only, seconds=25, faults=6, texts=4_000, poisons=1)

    outcome = run_chaos(options)

    assert outcome.verdict.problems == []
    assert (outcome.fault_count, outcome.poisons) == (6, 1)
    assert outcome.texts > 1_000  # all 4,000, unless the machine is very busy
