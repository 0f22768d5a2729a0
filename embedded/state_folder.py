"""The one folder that holds all a service keeps: database, queue, logs; and the lock of the launcher that uses it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from embedded.errors import LaunchError


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Where things lie inside the folder."""

    path: Path

    @property
    def logs(self) -> Path:
        """The folder of the programs' logs."""
        return self.path / "logs"

    @property
    def broker(self) -> Path:
        """The folder of the embedded broker."""
        return self.path / "broker"

    @property
    def metrics(self) -> Path:
        """The folder in which processes share their metrics; emptied at each start."""
        return self.path / "metrics"

    @property
    def supervisor_conf(self) -> Path:
        """The supervisor's generated configuration."""
        return self.path / "supervisord.conf"

    def log_of(self, program: str) -> Path:
        """Return where a program's output goes."""
        return self.logs / f"{program}.log"

    def create(self) -> None:
        """Make the folder and what lies in it.

        Raises:
            LaunchError: it cannot be written to.
        """
        try:
            # Private: it holds texts, and the broker's password.
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
            self.broker.mkdir(mode=0o700, exist_ok=True)
            shutil.rmtree(self.metrics, ignore_errors=True)
            self.metrics.mkdir(exist_ok=True)
        except OSError as err:
            raise _unwritable(self.path, err) from err

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Hold the folder for this launcher; yield whether the last one ended without cleaning up.

        Raises:
            LaunchError: another launcher holds it, or it cannot be written to.
        """
        with self._open_lock() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as err:
                raise _in_use(self.path, file.read().strip()) from err
            was_killed = bool(file.read())
            _rewrite(file, str(os.getpid()))
            yield was_killed
            # Reached only after a clean end: an exception leaves the mark for the next start.
            _rewrite(file, "")

    def _open_lock(self) -> TextIO:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.fdopen(os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
        except OSError as err:
            raise _unwritable(self.path, err) from err


def _rewrite(file: TextIO, content: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(content)
    file.flush()


def _unwritable(path: Path, err: OSError) -> LaunchError:
    return LaunchError(
        f"无法写入状态目录 {path}（{err.strerror}）：请把 SENTIQ_STATE_DIR 设为可写的目录 / "
        f"The state folder {path} cannot be written to ({err.strerror}): set SENTIQ_STATE_DIR to a folder that can."
    )


def _in_use(path: Path, pid: str) -> LaunchError:
    return LaunchError(
        f"服务已在运行（进程 {pid}，状态目录 {path}）：请先停止它，或换一个 SENTIQ_STATE_DIR 和 SENTIQ_PORT / "
        f"The service is already running (process {pid}, state folder {path}): "
        "stop it first, or choose another SENTIQ_STATE_DIR and SENTIQ_PORT."
    )
