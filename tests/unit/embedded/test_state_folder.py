"""The state folder and its lock."""

import stat
from pathlib import Path

import pytest

from embedded.errors import LaunchError
from embedded.state_folder import StateFolder


def test_only_its_owner_may_look_into_the_folder(state: StateFolder) -> None:
    assert stat.S_IMODE(state.path.stat().st_mode) == 0o700


def test_metrics_of_the_last_run_are_thrown_away(state: StateFolder) -> None:
    (state.metrics / "counter_1.db").write_text("old")

    state.create()

    assert list(state.metrics.iterdir()) == []


def test_a_second_launcher_is_told_which_process_holds_the_folder(state: StateFolder) -> None:
    with state.lock(), pytest.raises(LaunchError, match=r"already running \(process \d+"), state.lock():
        pytest.fail("the folder was locked twice")


def test_a_clean_end_leaves_no_mark(state: StateFolder) -> None:
    with state.lock() as first:
        pass
    with state.lock() as second:
        pass

    assert (first, second) == (False, False)


def test_an_end_without_clean_up_is_seen_by_the_next_launcher(state: StateFolder) -> None:
    with pytest.raises(ZeroDivisionError), state.lock():
        1 / 0  # noqa: B018

    with state.lock() as was_killed:
        assert was_killed


def test_a_folder_that_cannot_be_made_is_one_kind_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    state = StateFolder(tmp_path / "file" / "state")

    with pytest.raises(LaunchError, match="SENTIQ_STATE_DIR") as caught, state.lock():
        pytest.fail("locked a folder that cannot exist")

    assert "\n" not in caught.value.detail
    assert str(state.path) in caught.value.detail


def test_a_folder_whose_parts_cannot_be_made_is_one_kind_line(state: StateFolder) -> None:
    state.logs.rmdir()
    state.logs.touch()

    with pytest.raises(LaunchError, match="cannot be written to"):
        state.create()
