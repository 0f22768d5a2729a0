"""A cursor comes back as it went out, and nothing else passes for one."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import decode_jobs_cursor, decode_results_cursor, encode_jobs_cursor, encode_results_cursor
from api.request_errors import CursorInvalid


@given(st.uuids())
def test_a_cursor_of_jobs_comes_back(job_id: UUID) -> None:
    assert decode_jobs_cursor(encode_jobs_cursor(job_id)) == job_id


@given(st.integers(min_value=0, max_value=2**31 - 1))
def test_a_cursor_of_results_comes_back(position: int) -> None:
    assert decode_results_cursor(encode_results_cursor(position)) == position


@given(st.text(max_size=40))
def test_a_cursor_that_was_made_up_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        decode_jobs_cursor(cursor)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(CursorInvalid):
        decode_results_cursor(encode_jobs_cursor(UUID(int=1)))
    with pytest.raises(CursorInvalid):
        decode_jobs_cursor(encode_results_cursor(1))


@pytest.mark.parametrize("change", ["{}=", " {}", "{}A", "{}\n", "-{}"])
def test_a_cursor_that_was_changed_is_refused(change: str) -> None:
    with pytest.raises(CursorInvalid):
        decode_results_cursor(change.format(encode_results_cursor(7)))


def test_a_position_beyond_the_databases_integers_is_refused() -> None:
    with pytest.raises(CursorInvalid):
        decode_results_cursor(encode_results_cursor(2**32 - 1))
