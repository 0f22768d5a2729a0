"""What is looked at before anything starts, so that each foreseeable fault is one line and not a log to search."""

import errno
import socket
from importlib.util import find_spec

from embedded.errors import LaunchError
from shared.errors import ModelDirectoryError
from shared.loopback import is_loopback_host
from shared.settings import Settings
from worker.model_directory import load_manifest, verify_files


def check_port(host: str, port: int) -> None:
    """Try the address that the API will listen on.

    Raises:
        LaunchError: the port is taken, or the host is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
            probe.bind(address)
    except OSError as err:
        raise LaunchError(_explain_port(host, port, err)) from err


def _explain_port(host: str, port: int, err: OSError) -> str:
    if err.errno == errno.EADDRINUSE:
        return (
            f"端口 {port}（{host}）已被占用：请停止占用它的程序，或换一个端口，例如 SENTIQ_PORT={port + 1} make run / "
            f"Port {port} on {host} is taken: stop the program that has it, or choose another, "
            f"e.g. SENTIQ_PORT={port + 1} make run."
        )
    return (
        f"无法监听 {host}:{port}（{err.strerror}）：请检查 SENTIQ_HOST 和 SENTIQ_PORT / "
        f"Cannot listen on {host}:{port} ({err.strerror}): check SENTIQ_HOST and SENTIQ_PORT."
    )


def check_exposure(settings: Settings) -> None:
    """Look for keys, if other machines could reach the service; its database must be up to date.

    Raises:
        SettingsError: there are none.
    """
    if settings.auth == "keys" or is_loopback_host(settings.host):
        return
    # Here, since it loads SQLAlchemy, which most starts can do without.
    from shared.exposure import refuse_open_exposure

    refuse_open_exposure(settings, [settings.host])


def check_model(settings: Settings) -> None:
    """Look at the model that the workers will load.

    Raises:
        LaunchError: it is not there or damaged, or its backend is not installed.
    """
    path = settings.model_path
    if not path.is_dir():
        raise LaunchError(
            f"没有模型目录 {path}：请检查 SENTIQ_MODEL 与 SENTIQ_MODELS_DIR / "
            f"There is no model directory {path}: check SENTIQ_MODEL and SENTIQ_MODELS_DIR."
        )
    if settings.backend == "modelscope":
        _check_modelscope()
        return
    try:
        verify_files(path, load_manifest(path))
    except ModelDirectoryError as err:
        raise LaunchError(f"模型目录无法使用 / The model directory cannot be used: {err.detail}") from err


def _check_modelscope() -> None:
    if find_spec("modelscope") is None or find_spec("torch") is None:
        raise LaunchError(
            "SENTIQ_BACKEND=modelscope 需要 torch 与 modelscope："
            "请运行 make dev-bootstrap，然后 .venv-dev/bin/python -m embedded / "
            "SENTIQ_BACKEND=modelscope needs torch and modelscope: "
            "run `make dev-bootstrap`, then .venv-dev/bin/python -m embedded."
        )
