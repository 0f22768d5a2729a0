"""Decides where a webhook may go: https, to a public host.

Pure. The API asks at registration, the courier again at every attempt, for then it knows the addresses behind the name.
What is public is an allowlist after IANA's registries, since a list of what is private has always missed something:
https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import quote, urlsplit

from shared.errors import WebhookURLRefused

MAX_URL_CHARS = 2_000
MAX_RECEIVER_CHARS = 300
DEFAULT_PORTS = {"https": 443, "http": 80}
IPAddress = IPv4Address | IPv6Address

_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:%]+)(?::(?P<port>[0-9]{1,5}))?")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\ud800-\udfff]")
_HOST_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_LOCAL_NAME = re.compile(r"[a-z0-9_-]{1,63}")
# What resolvers take for a number: decimal, octal and hexadecimal, whole or in parts.
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")

_NOT_PUBLIC_V4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # globally routable by its number, yet the host's own agent inside Azure
    )
]  # fmt: skip
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
# Teredo (2001::/32) and 6to4 (2002::/16) hide an IPv4 address in their middle; both are dead and refused whole.
_NOT_PUBLIC_V6 = [IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
# These two lead to an IPv4 address, and a network without IPv4 reaches every IPv4 host through the second.
_CARRIES_V4 = [IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")]


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """A checked address in the very parts that are used to connect, so that nobody reads it a second time."""

    scheme: str
    host: str  # ASCII, lower case, without brackets
    port: int
    target: str  # path and query, ASCII

    @property
    def authority(self) -> str:
        """Return host and port as the `Host` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_webhook_url(url: str, *, allow_private: bool) -> WebhookAddress:
    """Return the parts of a webhook's address.

    Raises:
        WebhookURLRefused: with what is wrong with it.
    """
    if len(url) > MAX_URL_CHARS:
        raise WebhookURLRefused(f"The webhook's address is longer than {MAX_URL_CHARS:,} characters.")
    if _UNSAFE.search(url):
        raise WebhookURLRefused("The webhook's address holds a space, a control character or a backslash.")
    if "#" in url:
        raise WebhookURLRefused("The webhook's address holds a fragment (#…), which is never sent.")
    try:
        parts = urlsplit(url)
    except ValueError as err:
        raise WebhookURLRefused("The webhook's address is not a URL.") from err
    _check_scheme(parts.scheme, allow_private)
    if "@" in parts.netloc:
        raise WebhookURLRefused("The webhook's address holds a user name or password; put a token into its path.")
    found = _AUTHORITY.fullmatch(parts.netloc)
    if found is None:
        raise WebhookURLRefused("The webhook's address has no valid host.")
    port = int(found["port"] or DEFAULT_PORTS[parts.scheme])
    if not 0 < port < 65_536:
        raise WebhookURLRefused(f"The webhook's address has the port {port}; ports go from 1 to 65535.")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return WebhookAddress(parts.scheme, _check_host(found["host"], allow_private), port, target)


def name_receiver(tenant_id: int, url: str) -> str:
    """Return who waits in one line: a tenant's deliveries to one host; the url has been parsed before."""
    return f"{tenant_id} {urlsplit(url).netloc.lower()}"[:MAX_RECEIVER_CHARS]


def _check_scheme(scheme: str, allow_private: bool) -> None:
    allowed = ("https", "http") if allow_private else ("https",)
    if scheme not in allowed:
        raise WebhookURLRefused(f"The webhook's address must begin with {' or '.join(f'{s}://' for s in allowed)}.")


def _check_host(written: str, allow_private: bool) -> str:
    """Return the host as it is looked up; a literal address is judged here, a name when it has been resolved."""
    try:
        # The codec also turns full-width digits and dots into plain ones, as resolvers do.
        host = written.strip("[]").encode("idna").decode("ascii").lower().removesuffix(".")
        literal = _read_literal(host, in_brackets=written.startswith("["))
    except ValueError as err:
        raise WebhookURLRefused("The webhook's address has no valid host.") from err
    if literal is not None:
        if not allow_private and not is_public(literal):
            raise WebhookURLRefused("The webhook's address is not public, so no webhook is sent there.")
        return str(literal)
    if _HOST_NAME.fullmatch(host) is None and not (allow_private and _LOCAL_NAME.fullmatch(host)):
        raise WebhookURLRefused("The webhook's address needs a full host name, such as hooks.example.com.")
    if not allow_private and host.endswith(".localhost"):
        raise WebhookURLRefused("The webhook's address is not public, so no webhook is sent there.")
    return host


def _read_literal(host: str, *, in_brackets: bool) -> IPAddress | None:
    """Return the address that the host is, or None if it is a name.

    Raises:
        AddressValueError: it is a number, but not one in the usual form, such as 0x7f.1 or 2130706433.
    """
    if in_brackets:
        return IPv6Address(host)
    return IPv4Address(host) if _NUMERIC.fullmatch(host) else None


def is_public(address: IPAddress) -> bool:
    """Return whether this is one host that anybody on the internet can reach, and no other kind of address."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    if any(address in network for network in _CARRIES_V4):
        return is_public(IPv4Address(address.packed[-4:]))
    return address in _GLOBAL_UNICAST_V6 and not any(address in network for network in _NOT_PUBLIC_V6)
