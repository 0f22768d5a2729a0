"""A service whose every part may be killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.database import Database
from tests.servers import Broker
from tests.service import Service


@pytest.fixture
def service(tmp_path: Path, database: Database, database_url: str) -> Iterator[Service]:
    """Yield a service with its own broker, which keeps nothing on disk, and no process started yet."""
    folder = tmp_path / "service"
    folder.mkdir()
    broker = Broker(folder)
    broker.start()
    running = Service(broker, database, database_url, folder)
    yield running
    running.stop()
    broker.kill()
