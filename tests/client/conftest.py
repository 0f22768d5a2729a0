"""A played service, and clients of it that do not wait long."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sentiq import Client, RetryPolicy
from tests.client.fake_service import FakeService

QUICK = RetryPolicy(attempts=4, first_pause_seconds=0.001, longest_pause_seconds=0.002)
ADDRESS = "http://sentiq.test"


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep what the command remembers, and the language of whoever runs the tests, out of them."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", "LC_ALL", "LC_MESSAGES", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture
def fake() -> FakeService:
    """Return a service without jobs."""
    return FakeService()


@pytest.fixture
def client(fake: FakeService) -> Iterator[Client]:
    """Yield a client of the played service."""
    with Client(ADDRESS, transport=fake.transport, retries=QUICK) as made:
        yield made
