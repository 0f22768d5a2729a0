"""Real worker processes: each serves one model, with either backend."""

import shutil
from pathlib import Path

import pytest

from modelkit.export import restore_checkpoint
from tests.factories import list_texts
from tests.service import ROOT, Service

pytestmark = pytest.mark.model

PRAISE, BLAME = (
    "房间干净，早餐丰富，服务员非常热情，下次还住这里。",
    "质量太差了，用了两天就坏，客服也不理人，非常失望。",
)
BUNDLED = "structbert-small-zh"


def test_several_models_are_served_side_by_side(service: Service, tmp_path: Path) -> None:
    other = tmp_path / "other-model"
    shutil.copytree(ROOT / "models" / BUNDLED, other)
    first = service.submit([PRAISE, BLAME])
    second = service.submit([PRAISE], model="other-model")
    orphan = service.submit([PRAISE], model="nobody-serves-this")

    service.start("sweeper", "worker.sweeper")
    service.start("worker", "worker")
    service.start("other", "worker", model=str(other))

    service.wait_for_state(first, "completed")
    service.wait_for_state(second, "completed")
    versions = [{str(row.model_version) for row in list_texts(service.database, job)} for job in (first, second)]
    assert [name.split("@")[0] for (name,) in versions] == [BUNDLED, "other-model"]
    assert service.count_by_state(orphan) == {"queued": 1}


def test_the_reference_backend_runs_modelscope_itself(service: Service, tmp_path: Path) -> None:
    checkpoint = tmp_path / "reference"
    restore_checkpoint(ROOT / "models" / BUNDLED, checkpoint, overwrite=False)
    job_id = service.submit([PRAISE, BLAME], model="reference")

    service.start("sweeper", "worker.sweeper")
    service.start("worker", "worker", model=str(checkpoint), backend="modelscope", watchdog_seconds=60)

    service.wait_for_state(job_id, "completed", seconds=90)
    assert [row.label for row in list_texts(service.database, job_id)] == ["positive", "negative"]


def test_a_model_that_is_not_there_is_one_kind_line(service: Service) -> None:
    worker = service.start("worker", "worker", model="no-such-model")

    assert worker.wait(30) == 1
    (line,) = service.read_log("worker").splitlines()
    assert "no-such-model" in line
    assert "SENTIQ_MODEL" in line
