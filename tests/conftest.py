"""Fixtures that every layer shares: a real broker, both databases, and settings that point at them."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from migrations.upgrade import upgrade
from shared.database import Database
from shared.models import Base, TenantRow
from shared.settings import Settings
from shared.tenants import Tenant
from tests.servers import Broker, PostgreSQL
from tests.service import Service


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the developer's own environment and `.env` out of the tests."""
    for name in list(os.environ):
        if name.startswith("SENTIQ_"):
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Yield a broker shared by the session; a test that kills its broker starts its own."""
    server = Broker(tmp_path_factory.mktemp("broker"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def broker_url(broker: Broker) -> str:
    """Return the address of an emptied broker."""
    with broker.client() as client:
        client.flushall()
    return broker.url


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """Yield the address of a migrated PostgreSQL that lives as long as the session."""
    # Not in pytest's own folder, which only this user may enter: the server refuses to run as root, so the package
    # runs it as another user.
    with tempfile.TemporaryDirectory(prefix="sentiq-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = PostgreSQL(Path(folder))
        server.start()
        _migrate(server.url)
        yield server.url
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty, migrated database, of each kind in turn."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'sentiq.db'}"
        _migrate(url)
        return url
    url = str(request.getfixturevalue("postgresql_url"))
    _empty(url)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Yield an open, empty database."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path, database_url: str, broker_url: str) -> Settings:
    """Return settings that point at the test's own servers."""
    return Settings(state_dir=tmp_path / "state", database_url=database_url, broker_url=broker_url, workers=1)


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


def _migrate(url: str) -> None:
    database = Database(url)
    upgrade(database)
    database.close()


def _empty(url: str) -> None:
    database = Database(url)
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables if table is not TenantRow.__table__)
    with database.writing() as session:
        session.execute(text(f"TRUNCATE {tables} CASCADE"))
        session.execute(delete(TenantRow).where(TenantRow.id != Tenant.LOCAL))
    database.close()
