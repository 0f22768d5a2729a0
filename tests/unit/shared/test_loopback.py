"""What stays on this machine is told from what does not, however it is written."""

import pytest

from shared.loopback import is_loopback_address, is_loopback_host


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_addresses_are_known(address: str) -> None:
    assert is_loopback_address(address)
    assert is_loopback_host(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.1", "192.0.2.1", "::ffff:10.0.0.1", "fe80::1"])
def test_other_addresses_are_not_taken_for_them(address: str) -> None:
    assert not is_loopback_address(address)
    assert not is_loopback_host(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.0.0.1:80", "/run/sentiq.sock", "unix:"])
def test_what_is_no_address_is_no_loopback_address(text: str) -> None:
    assert not is_loopback_address(text)


@pytest.mark.parametrize(("host", "is_loopback"), [("localhost", True), ("127.1", True), ("", False), ("0", False)])
def test_a_name_is_judged_by_what_it_resolves_to(host: str, is_loopback: bool) -> None:
    assert is_loopback_host(host) is is_loopback


@pytest.mark.parametrize("host", ["no such host", f"/run/{'long' * 20}/sentiq.sock"])
def test_a_name_that_resolves_to_nothing_is_not_trusted(host: str) -> None:
    assert not is_loopback_host(host)
