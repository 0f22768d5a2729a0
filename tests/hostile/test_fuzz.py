"""The short form of `python -m tests.hostile`: what the document says is what a fuzzer finds."""

from pathlib import Path

import pytest

from tests.hostile.fuzzing import run_round
from tests.hostile.report import format_table
from tests.hostile.target import run_guarded_target, serves_a_job

LEAST_CASES = 300


@pytest.mark.timeout(300)
def test_a_fuzzer_finds_nothing_and_the_next_job_is_served(tmp_path: Path) -> None:
    with run_guarded_target(tmp_path) as (address, headers):
        tally = run_round(address, tmp_path, seed=1, cases_per_operation=10, headers=headers)
        is_served = serves_a_job(address, headers)

    print(format_table(tally))  # shown if this fails
    assert tally.outputs == []
    assert tally.failures == 0
    assert tally.cases >= LEAST_CASES
    assert all(counts["5xx"] == 0 for counts in tally.answers.values())
    assert is_served
