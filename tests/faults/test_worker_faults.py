"""Workers that die."""

import os
import signal

import pytest

from shared.states import TextState
from tests.factories import list_texts
from tests.faults.poisoned_worker import POISON
from tests.service import Service, wait_until

pytestmark = pytest.mark.faults

MANY = [f"第{number}次购买，质量一直很好，物流也快，包装完整，客服很耐心。" for number in range(1_500)]


def is_under_way(service: Service, job_id: object) -> bool:
    counts = service.count_by_state(job_id)  # type: ignore[arg-type]
    return counts.get("running", 0) > 0 and counts.get("succeeded", 0) > 0


def test_a_child_killed_in_a_micro_batch_loses_and_doubles_nothing(service: Service) -> None:
    child = service.start_worker()
    service.start("sweeper", "worker.sweeper")
    job_id = service.submit(MANY)
    service.nudge(len(MANY))
    wait_until(lambda: is_under_way(service, job_id), 20, "the job being under way")

    os.kill(child, signal.SIGKILL)

    service.wait_for_state(job_id, "completed")
    assert service.count_by_state(job_id) == {"succeeded": len(MANY)}
    assert service.find_child() != child
    assert max(row.attempts for row in list_texts(service.database, job_id)) == 2


def test_a_killed_worker_leaves_no_orphan_and_the_next_one_finishes_its_job(service: Service) -> None:
    child = service.start_worker()
    service.start("sweeper", "worker.sweeper")
    job_id = service.submit(MANY)
    service.nudge(len(MANY))
    wait_until(lambda: is_under_way(service, job_id), 20, "the job being under way")

    service.processes["worker"].kill()
    service.processes["worker"].wait()

    # Init adopts the orphan, which then sees that its parent has changed.
    wait_until(lambda: not os.path.exists(f"/proc/{child}"), 10, "the orphaned child ending itself")
    service.start_worker()
    service.wait_for_state(job_id, "completed")
    assert service.count_by_state(job_id) == {"succeeded": len(MANY)}


def test_a_text_that_kills_its_worker_is_set_aside_and_no_other(service: Service) -> None:
    contents = [*MANY[:20], f"这是{POISON}", *MANY[20:40]]
    service.start_worker("tests.faults.poisoned_worker")
    service.start("sweeper", "worker.sweeper")
    job_id = service.submit(contents)
    service.nudge(len(contents))

    service.wait_for_state(job_id, "completed", seconds=90)

    rows = list_texts(service.database, job_id)
    assert [row.position for row in rows if row.state == TextState.FAILED] == [20]
    assert (rows[20].error_code, rows[20].attempts) == ("attempts_exhausted", 3)
    assert service.count_by_state(job_id) == {"succeeded": 40, "failed": 1}


def test_sigterm_finishes_what_is_claimed_and_burns_no_attempt(service: Service) -> None:
    service.start_worker()
    job_id = service.submit(MANY)
    service.nudge(len(MANY))
    wait_until(lambda: is_under_way(service, job_id), 20, "the job being under way")

    service.processes["worker"].send_signal(signal.SIGTERM)
    exit_code = service.processes["worker"].wait(20)

    assert exit_code == 0
    assert service.count_by_state(job_id).get("running", 0) == 0
    assert {row.attempts for row in list_texts(service.database, job_id)} <= {0, 1}
