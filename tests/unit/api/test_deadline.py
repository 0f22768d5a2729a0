"""Which moments are taken as deadlines, and how long a job may ask to be kept."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from api.schemas.jobs import MAX_EXPIRES_AFTER, SubmitJob


@pytest.mark.parametrize(
    "given",
    ["2026-01-31T10:00:00Z", "2026-01-31t10:00:00z", "2026-01-31T18:00:00+08:00", "2026-01-31T10:00:00.000-00:00"],
)
def test_a_deadline_is_a_time_with_its_offset(given: str) -> None:
    moment = SubmitJob.model_validate({"texts": ["好"], "deadline": given}).deadline

    assert moment == datetime(2026, 1, 31, 10, tzinfo=UTC)


def test_there_need_not_be_one() -> None:
    assert SubmitJob.model_validate({"texts": ["好"], "deadline": None}).deadline is None


@pytest.mark.parametrize(
    "given",
    [60, 60.0, True, "", "60", "tomorrow", "2026-01-31", "2026-01-31T10:00:00", "2026-02-30T10:00:00Z",
     "2026-01-31T25:00:00Z", "2026-01-31T10:00:60Z", "2026-01-31 10:00:00Z", "20260131T100000Z",
     "2026-01-31T10:00:00+99:99", {}, ["2026"]],
)  # fmt: skip
def test_anything_else_is_refused_with_its_place(given: object) -> None:
    with pytest.raises(ValidationError) as raised:
        SubmitJob.model_validate({"texts": ["好"], "deadline": given})

    assert [(error["loc"], error["type"]) for error in raised.value.errors()] == [(("deadline",), "moment_format")]


@pytest.mark.parametrize("given", ["0001-01-01T00:00:00+14:00", "9999-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"])
def test_a_time_outside_the_calendar_is_refused_by_a_name_of_its_own(given: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SubmitJob.model_validate({"texts": ["好"], "deadline": given})

    assert [error["type"] for error in raised.value.errors()] == ["moment_out_of_range"]


@pytest.mark.parametrize("given", ["0001-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "0690-03-07T23:54:03.223520+22:11"])
def test_any_other_time_is_taken(given: str) -> None:
    assert SubmitJob.model_validate({"texts": ["好"], "deadline": given}).deadline is not None


@pytest.mark.parametrize("given", [0, -1, MAX_EXPIRES_AFTER + 1, "60", 1.5, True])
def test_results_are_kept_for_a_whole_number_of_seconds(given: object) -> None:
    with pytest.raises(ValidationError):
        SubmitJob.model_validate({"texts": ["好"], "expires_after": given})

    assert SubmitJob.model_validate({"texts": ["好"], "expires_after": MAX_EXPIRES_AFTER}).expires_after


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert SubmitJob.model_validate({"texts": ["好"], "expires_after": 359.0}).expires_after == 359
