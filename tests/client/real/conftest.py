"""One real service for the tests that only talk to it; they run on one xdist worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sentiq import Client
from tests.hostile.target import run_target

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what uses the one service."""
    for item in items:
        if HERE in item.path.parents and "address" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("client"))


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a service that runs for as long as the tests do."""
    with run_target(tmp_path_factory.mktemp("client-service")) as running:
        yield running.address


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    """Yield a client of the service."""
    with Client(address) as made:
        yield made
