"""The supervisor with tiny programs in place of the real ones."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from embedded.errors import LaunchError
from embedded.leftovers import end_leftovers, find_leftovers
from embedded.programs import MARK, Program
from embedded.state_folder import StateFolder
from embedded.supervisor import ProgramEvent, ProgramState, SupervisorProcess
from embedded.supervisor_conf import render_configuration
from tests.service import wait_until

SLEEP = "import time; print('started', flush=True); time.sleep(60)"
IGNORE_SIGTERM = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
WITH_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); {SLEEP}"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")


def python(name: str, code: str, stop_seconds: int = 10) -> Program:
    return Program(name, (sys.executable, "-c", code), stop_seconds=stop_seconds)


@pytest.fixture(autouse=True)
def no_process_stays(state: StateFolder) -> Iterator[None]:
    yield
    end_leftovers(state.path)


def start(state: StateFolder, *programs: Program) -> SupervisorProcess:
    state.supervisor_conf.write_text(render_configuration(programs), encoding="utf-8")
    return SupervisorProcess(state, {MARK: str(state.path)})


def wait_for(supervisor: SupervisorProcess, *states: ProgramState, seconds: float = 15) -> list[ProgramEvent]:
    """Collect news until these states have come in this order."""
    seen: list[ProgramEvent] = []
    missing = list(states)
    deadline = time.monotonic() + seconds
    while missing:
        assert time.monotonic() < deadline, f"{missing} missing after {seen}"
        for event in supervisor.read_events(0.1):
            seen.append(event)
            if missing and event.state == missing[0]:
                missing.pop(0)
    return seen


def find_program(state: StateFolder, code: str) -> psutil.Process:
    (found,) = [process for process in find_leftovers(state.path) if process.cmdline()[-1] == code]
    return found


def test_programs_start_at_once_and_their_output_goes_to_their_logs(state: StateFolder) -> None:
    started = time.monotonic()
    supervisor = start(state, python("api", SLEEP))

    wait_until(lambda: "started" in _read(state.log_of("api")), 10, "the program's first line")

    # supervisord alone would wait for a second before it starts anything.
    assert time.monotonic() - started < 0.9 + _MACHINE_SLACK
    supervisor.stop()


def test_stopping_leaves_no_process_not_even_grandchildren(state: StateFolder) -> None:
    supervisor = start(state, python("broker", SLEEP), python("worker", WITH_CHILD))
    wait_for(supervisor, ProgramState.RUNNING, ProgramState.RUNNING)

    supervisor.stop()
    end_leftovers(state.path)

    assert find_leftovers(state.path) == []


def test_a_program_that_will_not_stop_is_killed_in_bounded_time(state: StateFolder) -> None:
    supervisor = start(state, python("api", IGNORE_SIGTERM, stop_seconds=1))
    wait_for(supervisor, ProgramState.RUNNING)
    started = time.monotonic()

    supervisor.stop()

    assert time.monotonic() - started < 6
    assert find_leftovers(state.path) == []


def test_a_killed_program_is_started_again(state: StateFolder) -> None:
    supervisor = start(state, python("worker", SLEEP))
    wait_for(supervisor, ProgramState.RUNNING)

    first = find_program(state, SLEEP)
    first.kill()
    events = wait_for(supervisor, ProgramState.EXITED, ProgramState.RUNNING)

    assert [event.is_death for event in events if event.state == ProgramState.EXITED] == [True]
    assert find_program(state, SLEEP).pid != first.pid
    supervisor.stop()


def test_a_program_that_keeps_dying_is_given_up(state: StateFolder) -> None:
    supervisor = start(state, python("worker", "raise SystemExit('no model')"))

    events = wait_for(supervisor, ProgramState.FATAL, seconds=30)

    assert sum(event.is_death for event in events) == 4
    assert "no model" in _read(state.log_of("worker"))
    supervisor.stop()


@linux_only
def test_programs_die_with_a_killed_supervisor(state: StateFolder) -> None:
    supervisor = start(state, python("worker", SLEEP))
    wait_for(supervisor, ProgramState.RUNNING)

    os.kill(int(_read(state.path / "supervisord.pid")), signal.SIGKILL)

    wait_until(lambda: find_leftovers(state.path) == [], 10, "the end of the program")
    with pytest.raises(LaunchError, match="supervisor ended"):
        wait_for(supervisor, ProgramState.FATAL)
    supervisor.stop()


def test_what_a_killed_launcher_left_is_found_and_ended(state: StateFolder, tmp_path: Path) -> None:
    supervisor = start(state, python("api", SLEEP))
    wait_for(supervisor, ProgramState.RUNNING)

    assert end_leftovers(tmp_path / "another folder") == 0
    assert end_leftovers(state.path) == 2
    assert find_leftovers(state.path) == []
    supervisor.stop()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


_MACHINE_SLACK = 4.0
