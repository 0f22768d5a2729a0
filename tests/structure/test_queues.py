"""Whatever is sent is also received."""

import pytest

from embedded.programs import list_programs
from shared import task_names
from shared.settings import Settings
from shared.task_names import TaskName
from tests.service import ROOT
from worker.celery_app import create_worker_app
from worker.courier import register_delivery
from worker.tasks import register_tasks

QUEUES = sorted(name for name in vars(task_names) if "queue" in name.lower())


@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_is_consumed_by_a_program_that_make_run_starts(queue: str) -> None:
    settings = Settings(broker_url="redis://127.0.0.1/0")
    modules = [program.command[2] for program in list_programs(settings, broker=None) if program.command[1] == "-m"]

    consumers = [module for module in modules if f"--queues={{{queue}" in read_source(module)]

    assert consumers, f"nobody consumes {queue}"


def test_every_task_that_can_be_sent_is_registered() -> None:
    settings = Settings(broker_url="redis://127.0.0.1/0")
    worker, courier = create_worker_app(settings), create_worker_app(settings)
    register_tasks(worker)
    register_delivery(courier, deliver=lambda _delivery_id: None)

    assert set(TaskName) <= set(worker.tasks) | set(courier.tasks)


def read_source(module: str) -> str:
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__main__.py"):
        if candidate.is_file():
            return candidate.read_text(encoding="utf-8")
    return ""
