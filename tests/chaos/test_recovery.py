"""Recovery, once; `make recovery` does it twenty times and holds it to its seconds."""

import pytest

from tests.chaos.recovery import list_options, measure_recovery

pytestmark = [pytest.mark.faults, pytest.mark.timeout(500)]


def test_work_goes_on_after_a_death_and_a_graceful_restart_costs_no_attempt() -> None:
    worker, broker, rolling = measure_recovery(list_options("sqlite"), times=1)

    # On a busy machine the seconds say more about it than about the service; that work went on at all was waited for.
    assert worker.times == broker.times == 1
    assert rolling.met, str(rolling)
