"""The story of one run: check, migrate, start, try one text, watch, stop."""

import time
from collections.abc import Mapping
from typing import Any

from embedded.announcement import announce
from embedded.broker import configure_broker
from embedded.checks import check_exposure, check_model, check_port
from embedded.console import say_step
from embedded.leftovers import end_leftovers
from embedded.migrating import is_up_to_date, migrate
from embedded.programs import build_environment, list_programs
from embedded.readiness import Address, Skipped, find_address, score_sample, wait_until_ready
from embedded.state_folder import StateFolder
from embedded.stopping import StopRequested, StopSignals
from embedded.supervisor import SupervisorProcess
from embedded.supervisor_conf import render_configuration
from embedded.watch import Watch
from shared.settings import Settings

IDLE_SECONDS = 60.0


def run_service(settings: Settings, signals: StopSignals) -> None:
    """Run the service until a signal stops it.

    Raises:
        LaunchError: it cannot be started, or not be kept running.
        SettingsError: it has no keys, and others could reach it.
    """
    started = time.monotonic()
    state = StateFolder(settings.state_dir.resolve())
    with state.lock() as last_was_killed:
        if last_was_killed:
            _clear(state)
        state.create()
        check_model(settings)
        check_port(settings.host, settings.port)
        broker = None if settings.broker_url else configure_broker(state)
        environment = build_environment(state, broker)
        if not is_up_to_date(settings.resolved_database_url):
            say_step("正在准备数据库", "Bringing the database up to date")
            migrate(state, environment)
        check_exposure(settings)
        state.supervisor_conf.write_text(render_configuration(list_programs(settings, broker)), encoding="utf-8")
        _supervise(settings, state, environment, signals, started)


def _clear(state: StateFolder) -> None:
    if count := end_leftovers(state.path):
        say_step(f"已结束上次运行遗留的 {count} 个进程", f"Ended {count} processes that the last run had left")


def _supervise(
    settings: Settings, state: StateFolder, environment: dict[str, str], signals: StopSignals, started: float
) -> None:
    supervisor: SupervisorProcess | None = None
    try:
        supervisor = SupervisorProcess(state, environment)
        watch = Watch(supervisor.read_events, state)
        address = find_address(settings)
        answer = _start(settings, address, watch)
        announce(address, answer, state, time.monotonic() - started)
        while True:
            watch.follow(IDLE_SECONDS)
    except StopRequested:
        pass
    finally:
        # Whatever has happened: from here on nothing may interrupt, and nothing may stay behind.
        signals.disarm()
        _stop(supervisor, state)


def _start(settings: Settings, address: Address, watch: Watch) -> Mapping[str, Any] | Skipped:
    say_step(
        f"正在启动服务并加载模型 {settings.model_name}",
        f"Starting the programs and loading the model {settings.model_name}",
    )
    wait_until_ready(address, watch.follow)
    say_step("正在自检：为一条文本打分", "Checking: scoring one text")
    answer = score_sample(address, settings, watch.follow)
    watch.is_ready = True
    return answer


def _stop(supervisor: SupervisorProcess | None, state: StateFolder) -> None:
    say_step("正在停止所有进程", "Stopping every process")
    if supervisor is not None:
        supervisor.stop()
    end_leftovers(state.path)
    say_step("已停止", "Stopped")
