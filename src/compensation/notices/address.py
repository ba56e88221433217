"""Which addresses a merchant may have us call: those of the public internet, and nothing behind our own walls."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from compensation.core.errors import Invalid

LONGEST = 2000
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Public by the book, and yet answered by the machine's own host or by a translator to any other address.
_NOT_FOR_US = tuple(
    IPv6Network(network) if ":" in network else IPv4Network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "2002::/16")
)
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?", re.IGNORECASE)
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\.?", re.IGNORECASE)


def is_public(address: str) -> bool:
    """Whether an IP address, as a resolver writes it, is one that anybody on the internet could mean."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv6Address) and ip not in _GLOBAL_UNICAST:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_FOR_US)


def is_loopback(address: str) -> bool:
    ip = ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback


def check_url(url: str, *, development: bool) -> None:
    """Refuse early what we would never call. A name may still resolve to anything: that is seen at each call.

    Raises Invalid ``invalid_webhook_url``.
    """
    problem = _flaw(url, development=development)
    if problem:
        raise Invalid("invalid_webhook_url", problem, pointer="/url")


def _flaw(url: str, *, development: bool) -> str:
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return f"Write the address in up to {LONGEST} ASCII characters without spaces; other letters are encoded."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "This is not an address. Write one such as https://shop.example/hooks."
    if parts.scheme != "https" and not (development and parts.scheme == "http"):
        return "Notices go by https only. Write an address that begins with https://."
    if parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        return "Leave out the user, the password, the fragment and port 0: the signature proves who calls."
    literal = _literal(host)
    if literal is None:
        if not _HOST.fullmatch(host) or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            return "The host is neither a name nor an IP address in its usual form."
        return ""
    if is_public(str(literal)) or (development and is_loopback(str(literal))):
        return ""
    return "We call public addresses only, and this one is not."


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
