"""The supervisor's configuration, read back by supervisord itself."""

import shlex
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from embedded.programs import Program, list_programs
from embedded.state_folder import StateFolder
from embedded.supervisor_conf import render_configuration
from shared.settings import Settings

ODD_COMMAND = ("/路 径/py%thon", "-m", "it's", 'a "b"', "$HOME", "100%")


def read_back(state: StateFolder, programs: list[Program]) -> ServerOptions:
    state.supervisor_conf.write_text(render_configuration(programs), encoding="utf-8")
    options = ServerOptions()
    options.realize(["--configuration", str(state.supervisor_conf)], doc="")
    return options


def test_commands_arrive_as_they_are(state: StateFolder) -> None:
    options = read_back(state, [Program("odd", ODD_COMMAND, environment={"OMP_NUM_THREADS": "2"})])

    (process,) = options.process_group_configs[0].process_configs
    assert shlex.split(process.command) == list(ODD_COMMAND)
    assert process.environment == {"OMP_NUM_THREADS": "2"}


def test_logs_lie_in_the_state_folder(state: StateFolder) -> None:
    options = read_back(state, [Program("api", ("true",))])

    (process,) = options.process_group_configs[0].process_configs
    assert Path(process.stdout_logfile) == state.log_of("api")
    assert Path(options.pidfile).parent == state.path


def test_the_broker_is_stopped_after_those_who_talk_to_it(state: StateFolder) -> None:
    options = read_back(state, [Program("broker", ("true",)), Program("api", ("true",)), Program("worker", ("true",))])

    by_priority = sorted(options.process_group_configs, key=lambda group: -group.priority)
    assert [[process.name for process in group.process_configs] for group in by_priority] == [
        ["api", "worker"],
        ["broker"],
    ]


def test_a_broker_of_ones_own_leaves_out_the_embedded_one() -> None:
    programs = list_programs(Settings(broker_url="redis://10.0.0.1/0"), broker=None)

    assert "broker" not in [program.name for program in programs]


@pytest.mark.parametrize("threads", [1, 4])
def test_the_worker_gets_the_threads_that_the_settings_say(threads: int) -> None:
    programs = list_programs(Settings(threads_per_worker=threads), broker=None)

    (worker,) = [program for program in programs if program.name == "worker"]
    assert worker.environment["OMP_NUM_THREADS"] == str(threads)
