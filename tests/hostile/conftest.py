"""One service for all tests that only talk to it; they run on one xdist worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.target import run_target

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what uses the one service."""
    for item in items:
        if HERE in item.path.parents and "target" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("hostile"))


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a service that runs for as long as the tests do."""
    with run_target(tmp_path_factory.mktemp("target")) as running:
        yield running.address
