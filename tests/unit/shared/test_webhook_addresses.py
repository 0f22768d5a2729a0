"""Where a webhook may go, and the many ways of writing where it may not."""

from ipaddress import ip_address

import pytest

from shared.errors import WebhookURLRefused
from shared.webhook_addresses import is_public, parse_webhook_url

HOSTILE_HOSTS = [
    # loopback, in every way of writing it that some resolver takes
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0x0.0x0.0x1",
    "0177.0.0.1", "017700000001", "00000127.0.0.1", "127.0.0.1.", "①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1",
    "localhost", "LOCALHOST", "localhost.", "a.localhost", "ｌｏｃａｌｈｏｓｔ",
    # nowhere, private, link-local, shared, reserved, multicast, broadcast, and metadata services
    "0.0.0.0", "0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "0xa9fea9fe",
    "2852039166", "0251.0376.0251.0376", "100.100.100.200", "100.64.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "168.63.129.16",
    # IPv6: loopback, unspecified, unique local, link-local, site-local, multicast, documentation, discard, segments
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]",
    "[2001:db8::1]", "[3fff::1]", "[100::1]", "[5f00::1]", "[2001:20::1]", "[2001:10::1]", "[2001:2::1]",
    "[4000::1]",
    # IPv4 inside IPv6: mapped, translated, compatible, 6to4, NAT64, local NAT64, Teredo, ISATAP
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]", "[::ffff:0:127.0.0.1]", "[::127.0.0.1]",
    "[::169.254.169.254]", "[::8.8.8.8]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::10.0.0.1]", "[2001:0:7f00:1::]", "[2001::1]", "[fe80::5efe:10.0.0.1]",
    # names without a dot, and what is no host at all
    "redis", "metadata", "", ".", "..", "a..b", "-", "[::1", "::1", "[::1%25lo]", "[fe80::1%eth0]", "[v1.a]",
    "127.0.0.1%2f.example.com", "exa mple.com", "example.com%00.evil.com", "[::1].example.com", "[example.com]",
    "example.123", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0x", "a" * 64 + ".com",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTILE_HOSTS)
def test_a_hostile_host_is_refused(host: str) -> None:
    with pytest.raises(WebhookURLRefused):
        parse_webhook_url(f"https://{host}/hook", allow_private=False)


HOSTILE_URLS = [
    "http://hooks.example.com/", "ftp://hooks.example.com/", "file:///etc/passwd", "gopher://example.com/",
    "javascript:alert(1)", "//hooks.example.com/", "hooks.example.com", "", "https:", "https://", "https:///hook",
    "https:/hooks.example.com/", "https:hooks.example.com", "https://user:pass@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/", "https://hooks.example.com\\@127.0.0.1/",
    "https://127.0.0.1\\.hooks.example.com/", "https://hooks.example.com:@127.0.0.1/",
    "https://hooks.example.com#@127.0.0.1:80@/", "https://127.0.0.1#.hooks.example.com/", "https://127.0.0.1?.a.com/",
    "https://hooks.example.com:0/", "https://hooks.example.com:65536/", "https://hooks.example.com:999999999/",
    "https://hooks.example.com:-1/", "https://hooks.example.com:https/", "https://hooks.example.com:４４３/",
    "https://hooks.example.com:80:443/", "https://hooks.exam\tple.com/", "https://hooks.example.com/\r\nX: 1",
    "https://hooks.example.com/a b", "\x00https://hooks.example.com/", " https://hooks.example.com/",
    "https://hooks.example.com/\ud800", "https://hooks.example.com／@127.0.0.1/", "https://[::1]@hooks.example.com/",
    "https://hooks.example.com/" + "a" * 2_000,
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE_URLS, ids=range(len(HOSTILE_URLS)))
def test_a_hostile_url_is_refused(url: str) -> None:
    with pytest.raises(WebhookURLRefused):
        parse_webhook_url(url, allow_private=False)


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://hooks.example.com", "hooks.example.com", 443, "/", "hooks.example.com"),
        ("https://Hooks.Example.COM./x", "hooks.example.com", 443, "/x", "hooks.example.com"),
        ("https://hooks.example.com:8443/a/b?c=d&e=%20", "hooks.example.com", 8443, "/a/b?c=d&e=%20",
         "hooks.example.com:8443"),
        ("https://例子.中国/回调?来源=一", "xn--fsqu00a.xn--fiqs8s", 443,
         "/%E5%9B%9E%E8%B0%83?%E6%9D%A5%E6%BA%90=%E4%B8%80", "xn--fsqu00a.xn--fiqs8s"),
        ("https://8.8.8.8:1/", "8.8.8.8", 1, "/", "8.8.8.8:1"),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443, "/", "[2606:4700::1111]"),
        ("https://my_hooks.example.com/?x=http://127.0.0.1/", "my_hooks.example.com", 443, "/?x=http://127.0.0.1/",
         "my_hooks.example.com"),
    ],
)  # fmt: skip
def test_a_public_address_is_taken_apart(url: str, host: str, port: int, target: str, authority: str) -> None:
    address = parse_webhook_url(url, allow_private=False)

    assert (address.scheme, address.host, address.port, address.target) == ("https", host, port, target)
    assert address.authority == authority


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/x", "http://localhost/", "https://[::1]:8443/", "http://receiver:9000/hook"]
)
def test_private_addresses_are_taken_where_the_setting_allows_them(url: str) -> None:
    assert parse_webhook_url(url, allow_private=True).scheme in url


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "http://user@127.0.0.1/", "http://0x7f.1/", "http://a b/", "http://:80/"]
)
def test_nonsense_is_refused_even_then(url: str) -> None:
    with pytest.raises(WebhookURLRefused):
        parse_webhook_url(url, allow_private=True)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "223.5.5.5", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2a00:1450::1"]
)
def test_ordinary_hosts_are_public(address: str) -> None:
    assert is_public(ip_address(address))
