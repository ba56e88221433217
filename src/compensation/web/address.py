"""From which network address a request comes, as far as we can believe it."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from litestar.connection import ASGIConnection

from compensation.core.errors import Invalid

Network = IPv4Network | IPv6Network
_MOST_HOPS = 20


@lru_cache(maxsize=8)
def networks(text: str) -> tuple[Network, ...]:
    """The networks of ``COMPENSATION_TRUSTED_PROXIES``: addresses or ranges, with commas. Raises Invalid."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise Invalid("invalid_settings", f"COMPENSATION_TRUSTED_PROXIES: {error}.") from None


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The address of whoever asks; one IPv6 customer holds a whole /64, so that is what is counted.

    Anybody can write a header, so it is believed only where a proxy of ours wrote it.
    """
    peer = connection.client.host if connection.client else ""
    trusted = networks(connection.app.state.settings.trusted_proxies)
    hops = ",".join(connection.headers.getall("x-forwarded-for", [])).split(",") if trusted else []
    return _counted(origin(peer, hops, trusted))


def origin(peer: str, hops: Sequence[str], trusted: Sequence[Network]) -> IPv4Address | IPv6Address | None:
    """Each proxy adds the address it was called from at the end. So we go back from the end for as long as the one who
    wrote is ours: the first who is not is who asks, whatever he wrote before that."""
    found = _parsed(peer)
    for hop in reversed(hops[-_MOST_HOPS:]):
        if found is None or not any(found in network for network in trusted):
            break
        before = _parsed(hop.strip())
        if before is None:
            break  # not an address: the proxy that handed it on is as far as we can see
        found = before
    return found


@lru_cache(maxsize=4096)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed


def _counted(address: IPv4Address | IPv6Address | None) -> str:
    if address is None:
        return "unknown"
    return address.exploded[:19] if isinstance(address, IPv6Address) else str(address)
