"""A model hub of the tests' own, and nothing of the developer's settings for the real one."""

import os
from collections.abc import Iterator

import pytest
import torch

from tests.hub import Hub, running_hub


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_hub_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("MODELSCOPE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as running:
        yield running
