"""Which service is meant, with which key, and by which way."""

import pytest

from sentiq import AsyncClient, Client, InputUnusable
from tests.client.conftest import ADDRESS, QUICK
from tests.client.fake_service import FakeService, problem
from tests.client.serving import serve
from tests.servers import find_free_port


def test_the_key_of_the_api_goes_with_every_request_and_never_into_a_message(fake: FakeService) -> None:
    with Client(ADDRESS, "sentiq_secret", transport=fake.transport, retries=QUICK) as client:
        client.analyze("好")

        assert fake.sent[0].headers["authorization"] == "Bearer sentiq_secret"
        assert "sentiq_secret" not in repr(vars(client))


def test_address_and_key_come_from_the_environment(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIQ_URL", "http://elsewhere.test/prefix")
    monkeypatch.setenv("SENTIQ_API_KEY", "k")
    fake.replies.append(problem(404, "not_found", "Nothing here."))

    with Client(transport=fake.transport) as client, pytest.raises(Exception, match="Nothing here"):
        client.analyze("好")

    assert (fake.sent[0].path, fake.sent[0].headers["authorization"]) == ("/prefix/v1/jobs", "Bearer k")


@pytest.mark.parametrize(
    "url", ["localhost:7860", "ftp://a", "http://", "", "http://a:b", "http://a:70000", "http://[::1"]
)
def test_what_is_no_address_is_said_at_once(url: str) -> None:
    with pytest.raises(InputUnusable, match="no address"):
        Client(url or "//")


def test_a_key_with_a_line_end_in_it_is_said_without_showing_it() -> None:
    with pytest.raises(InputUnusable) as caught:
        Client(ADDRESS, "sentiq_a\nb")

    assert "sentiq_a" not in str(caught.value)


@pytest.mark.parametrize("key", ["", " \n"])
def test_an_empty_key_is_said_to_be(key: str) -> None:
    with pytest.raises(InputUnusable, match="empty"):
        Client(ADDRESS, key)


def test_a_proxy_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:1")

    for kind in (Client, AsyncClient):
        with pytest.raises(InputUnusable, match="NO_PROXY"):
            kind(ADDRESS)


def test_no_proxy_leads_to_this_machine(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{find_free_port()}")
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:1")

    with serve(fake) as url, Client(url, retries=QUICK) as client:
        assert client.analyze("好").label == "positive"
