"""Services of the tests' own; all of e2e runs on one xdist worker, since each service uses every core."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.launched import LaunchedService

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder, and keep it together."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("e2e"))
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LaunchedService]:
    """Yield a service that is not started yet."""
    launched = LaunchedService(tmp_path / "state")
    yield launched
    launched.clean_up()


@pytest.fixture(scope="session")
def running_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedService]:
    """Yield a service that runs for as long as the tests do; they must leave it as they found it."""
    launched = LaunchedService(tmp_path_factory.mktemp("service") / "state")
    launched.start()
    yield launched
    launched.clean_up()
