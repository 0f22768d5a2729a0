"""Reads docker-compose.yml as compose does, with every variable at its default."""

import re
from functools import cache
from typing import Any

import yaml

from tests.service import ROOT

SETTING = re.compile(r"^(\w+)=(.*)$", re.MULTILINE)
VARIABLE = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")


@cache
def read_compose() -> dict[str, Any]:
    """Return the whole file; merge keys are resolved, and no variable is left over."""
    content = VARIABLE.sub(lambda match: match[2], (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert "$" not in content
    loaded: dict[str, Any] = yaml.safe_load(content)
    return loaded


def list_services() -> dict[str, dict[str, Any]]:
    """Return the services by name."""
    services: dict[str, dict[str, Any]] = read_compose()["services"]
    return services


def list_own_services() -> dict[str, dict[str, Any]]:
    """Return the services that run sentiq's own image."""
    return {name: service for name, service in list_services().items() if "build" in service}


def combine_environment(service: dict[str, Any], env_file: str) -> dict[str, str]:
    """Return what a container of the service finds in its environment where `.env` has this content."""
    assert service["env_file"] == [{"path": ".env", "required": False}]
    return dict(SETTING.findall(env_file)) | {key: str(value) for key, value in service["environment"].items()}
