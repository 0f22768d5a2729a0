"""Which death is news and which is the end."""

import pytest

from embedded.errors import LaunchError
from embedded.state_folder import StateFolder
from embedded.supervisor import ProgramEvent, ProgramState
from embedded.watch import Watch

DEATH = ProgramEvent("worker", ProgramState.EXITED, expected=False)
BACKOFF = ProgramEvent("worker", ProgramState.BACKOFF, expected=False)
FATAL = ProgramEvent("worker", ProgramState.FATAL, expected=True)
STOPPED = ProgramEvent("worker", ProgramState.EXITED, expected=True)


def watch_these(state: StateFolder, *events: ProgramEvent) -> Watch:
    return Watch(lambda _seconds: list(events), state)


def test_a_program_given_up_ends_the_service_and_shows_its_last_lines(state: StateFolder) -> None:
    state.log_of("worker").write_text("".join(f"line {number}\n" for number in range(20)), encoding="utf-8")

    with pytest.raises(LaunchError) as caught:
        watch_these(state, FATAL).follow(0)

    lines = caught.value.detail.splitlines()
    assert lines[:-1] == [f"line {number}" for number in range(12, 20)]
    assert "worker" in lines[-1]
    assert str(state.log_of("worker")) in lines[-1]


def test_a_program_that_never_wrote_a_log_is_named_all_the_same(state: StateFolder) -> None:
    with pytest.raises(LaunchError, match="worker keeps ending"):
        watch_these(state, FATAL).follow(0)


def test_dying_again_and_again_before_the_service_is_ready_is_the_end(state: StateFolder) -> None:
    watch = watch_these(state, DEATH)

    for _ in range(4):
        watch.follow(0)
    with pytest.raises(LaunchError, match="worker keeps ending"):
        watch.follow(0)


def test_a_death_while_the_service_runs_is_told_in_one_line(
    state: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    watch = watch_these(state, DEATH, BACKOFF, STOPPED)
    watch.is_ready = True

    for _ in range(10):
        watch.follow(0)

    assert capsys.readouterr().out.count("worker ended unexpectedly") == 20
