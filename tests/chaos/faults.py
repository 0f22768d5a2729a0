"""The faults, and how each is done to the running service."""

import errno
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from enum import StrEnum
from functools import partial
from pathlib import Path

import psutil
import redis

from tests.chaos.service import BROKER, DATABASE, WORKERS, ChaosService
from tests.service import LEASE_SECONDS

FREEZE_SECONDS = LEASE_SECONDS + 2  # beyond the lease, and long enough for the sweeper to have seen it run out
FULL_DISK_SECONDS = 4.0
PATIENCE_SECONDS = 20.0  # with a program that is just being started again
FILLER_BYTES, PAGE_BYTES = 1 << 20, 4096


class Fault(StrEnum):
    """What can go wrong."""

    KILL_CHILD = "kill-child"
    KILL_WORKER = "kill-worker"
    KILL_API = "kill-api"
    KILL_COURIER = "kill-courier"
    KILL_SWEEPER = "kill-sweeper"
    KILL_BROKER = "kill-broker"
    KILL_DATABASE = "kill-database"
    STOP_WORKER = "stop-worker"
    STOP_API = "stop-api"
    STOP_COURIER = "stop-courier"
    STOP_SWEEPER = "stop-sweeper"
    STOP_BROKER = "stop-broker"
    STOP_DATABASE = "stop-database"
    FREEZE_BROKER = "freeze-broker"
    FREEZE_WORKER = "freeze-worker"
    FLUSH_BROKER = "flush-broker"
    FILL_DISK = "fill-disk"


def list_possible(service: ChaosService) -> list[Fault]:
    """Return the faults that can happen to this service: SQLite has no server, PostgreSQL here no disk of its own."""
    impossible = {Fault.FILL_DISK} if service.disk is None else set()
    if DATABASE not in service.names:
        impossible |= {Fault.KILL_DATABASE, Fault.STOP_DATABASE}
    if "sweeper" not in service.names:
        impossible |= {Fault.KILL_SWEEPER, Fault.STOP_SWEEPER}
    return [fault for fault in Fault if fault not in impossible]


def inject(fault: Fault, service: ChaosService, draw: float) -> bool:
    """Do it; `draw`, from 0 to 1, chooses among several workers. Returns when the fault itself is over.

    What is just being started again is waited for. Returns whether there was something to do it to at last.
    """
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        try:
            _DO[fault](service, WORKERS[int(draw * len(WORKERS))])
        except (psutil.NoSuchProcess, redis.RedisError):
            time.sleep(0.05)
        else:
            return True
    return False


def _kill_child(service: ChaosService, worker: str) -> None:
    children = service.find_process(worker).children()
    if not children:
        raise psutil.NoSuchProcess(0)
    for child in children:
        child.kill()


def _kill(service: ChaosService, worker: str, name: str | None = None) -> None:
    """Kill a program with all its processes, as the end of its container would; only a worker's children are left.

    Those find out by themselves that they are orphans.
    """
    root = service.find_process(name or worker)
    doomed = [root] if name is None else [root, *root.children(recursive=True)]
    for process in doomed:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _kill_database(service: ChaosService, worker: str) -> None:
    # Its server processes see for themselves that the first one is gone; a lock on shared memory is theirs until then.
    service.find_process(DATABASE).kill()


def _send(service: ChaosService, worker: str, number: signal.Signals, name: str | None = None) -> None:
    service.find_process(name or worker).send_signal(number)


def _freeze(service: ChaosService, worker: str, name: str | None = None) -> None:
    root = service.find_process(name or worker)
    with ExitStack() as thaw:
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.suspend()
                thaw.callback(_resume, process)
        time.sleep(FREEZE_SECONDS)


def _resume(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.resume()


def _flush(service: ChaosService, worker: str) -> None:
    with service.broker.client() as client:
        client.flushall()


def _fill_disk(service: ChaosService, worker: str) -> None:
    assert service.disk is not None
    filler = service.disk / "filler"
    try:
        _write_until_full(filler)
        time.sleep(FULL_DISK_SECONDS)
    finally:
        filler.unlink(missing_ok=True)


def _write_until_full(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for size in (FILLER_BYTES, PAGE_BYTES):  # the last pages too, or small commits would still fit
            _write_until_refused(descriptor, size)
    finally:
        os.close(descriptor)


def _write_until_refused(descriptor: int, size: int) -> None:
    try:
        while True:
            os.write(descriptor, b"\0" * size)
    except OSError as err:
        if err.errno != errno.ENOSPC:
            raise


_DO: Mapping[Fault, Callable[[ChaosService, str], None]] = {
    Fault.KILL_CHILD: _kill_child,
    Fault.KILL_WORKER: _kill,
    Fault.KILL_API: partial(_kill, name="api"),
    Fault.KILL_COURIER: partial(_kill, name="courier"),
    Fault.KILL_SWEEPER: partial(_kill, name="sweeper"),
    Fault.KILL_BROKER: partial(_kill, name=BROKER),
    Fault.KILL_DATABASE: _kill_database,
    Fault.STOP_WORKER: partial(_send, number=signal.SIGTERM),
    Fault.STOP_API: partial(_send, number=signal.SIGTERM, name="api"),
    Fault.STOP_COURIER: partial(_send, number=signal.SIGTERM, name="courier"),
    Fault.STOP_SWEEPER: partial(_send, number=signal.SIGTERM, name="sweeper"),
    Fault.STOP_BROKER: partial(_send, number=signal.SIGTERM, name=BROKER),
    # What container engines and systemd send to PostgreSQL; at SIGTERM it would wait for its clients to go.
    Fault.STOP_DATABASE: partial(_send, number=signal.SIGINT, name=DATABASE),
    Fault.FREEZE_BROKER: partial(_freeze, name=BROKER),
    Fault.FREEZE_WORKER: _freeze,
    Fault.FLUSH_BROKER: _flush,
    Fault.FILL_DISK: _fill_disk,
}
