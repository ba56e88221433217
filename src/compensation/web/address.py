"""From which network address a request comes, as far as we can believe it."""

from ipaddress import IPv6Address, ip_address
from typing import Any

from litestar.connection import ASGIConnection


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The peer's address. One IPv6 customer holds a whole /64, so that is what is counted. A header is not believed:
    anybody can write one."""
    peer = connection.client.host if connection.client else ""
    try:
        parsed = ip_address(peer)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else parsed.exploded[:19]
    return str(parsed)
