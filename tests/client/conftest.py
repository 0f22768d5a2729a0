"""A played service, and clients of it that do not wait long."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentiq import Client, Job, RetryPolicy
from sentiq.cli.main import main
from tests.client.commands import Run
from tests.client.fake_service import FakeService
from tests.client.serving import serve

QUICK = RetryPolicy(attempts=4, first_pause_seconds=0.001, longest_pause_seconds=0.002)
ADDRESS = "http://sentiq.test"
TEXTS = ["好一", "坏二", "坏了", '好"四', "好\n五", "六"]


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


@pytest.fixture
def job(client: Client) -> Job:
    """Return a job that is done."""
    return client.submit([{"text": text, "metadata": {"index": "mine"}} for text in TEXTS]).wait()


@pytest.fixture
def address(fake: FakeService) -> Iterator[str]:
    """Serve the played service."""
    with serve(fake) as url:
        yield url


@pytest.fixture
def run(address: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs the command in this process and returns its exit code."""

    def run_command(*arguments: str, url: str = address) -> int:
        monkeypatch.setenv("SENTIQ_URL", url)
        monkeypatch.setattr(sys, "argv", ["sentiq", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return run_command


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """Return a file of three reviews, of which one fails."""
    path = tmp_path / "reviews.csv"
    path.write_text("id,评论\n1,很好\n2,差\n3,坏了\n", encoding="utf-8")
    return path
