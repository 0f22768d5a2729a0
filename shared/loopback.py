"""Tells what stays on this machine; loads nothing, since the launcher asks too."""

import socket
from ipaddress import IPv6Address, ip_address


def is_loopback_address(address: str) -> bool:
    """Return whether this is an IP address of the loopback network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback


def is_loopback_host(host: str) -> bool:
    """Return whether a server that listens on this name or address can be reached from this machine only."""
    if not host:
        return False  # means every address
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the latter for what could never be a name
        return False
    return all(is_loopback_address(str(address[0])) for *_, address in found)
