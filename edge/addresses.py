"""Which internet addresses the platform must never call: a pure rule of the address."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

FORBIDDEN_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # RFC 791: "this network"
        "10.0.0.0/8",  # RFC 1918: private
        "100.64.0.0/10",  # RFC 6598: carrier-grade NAT
        "127.0.0.0/8",  # RFC 1122: loopback
        "168.63.129.16/32",  # a cloud's host agent, routed inside its virtual networks
        "169.254.0.0/16",  # RFC 3927: link-local, and every cloud's metadata service
        "172.16.0.0/12",  # RFC 1918: private
        "192.0.0.0/24",  # RFC 6890: protocol assignments
        "192.0.2.0/24",  # RFC 5737: documentation
        "192.88.99.0/24",  # RFC 7526: 6to4 relays, deprecated
        "192.168.0.0/16",  # RFC 1918: private
        "198.18.0.0/15",  # RFC 2544: benchmarks
        "198.51.100.0/24",  # RFC 5737: documentation
        "203.0.113.0/24",  # RFC 5737: documentation
        "224.0.0.0/4",  # RFC 5771: multicast
        "240.0.0.0/4",  # RFC 1112: reserved, and the broadcast address
    )
)
"""IPv4 ranges that are no public host's, whatever the Python release thinks of them."""

PUBLIC_V6 = IPv6Network("2000::/3")
"""RFC 4291: the only range from which global unicast addresses are given out."""

FORBIDDEN_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # RFC 2928: protocol assignments, Teredo among them
        "2001:db8::/32",  # RFC 3849: documentation
        "2002::/16",  # RFC 3056: 6to4, which wraps any IPv4 address
        "3fff::/20",  # RFC 9637: documentation
    )
)
"""Ranges inside :data:`PUBLIC_V6` that are no public host's."""


def is_forbidden(ip: str | Address, *, deny: Iterable[Network] = (), allow: Iterable[Network] = ()) -> bool:
    """
    Say whether calling ``ip`` must be refused.

    ``deny`` adds ranges (the bank's own public ones), ``allow`` opens ranges in spite of everything
    else (a sandbox's own receiver). What cannot be read as an address is forbidden.
    """
    address = _parse(ip)
    if address is None:
        return True
    if lies_in(address, allow):
        return False
    return lies_in(address, deny) or not _is_public(address)


def lies_in(ip: str | Address, blocks: Iterable[Network]) -> bool:
    """Say whether ``ip`` belongs to one of the networks; what cannot be read as an address does not."""
    address = _parse(ip)
    return address is not None and any(address.version == block.version and address in block for block in blocks)


def networks(blocks: Iterable[str]) -> tuple[Network, ...]:
    """
    Read networks such as ``10.0.0.0/8``.

    :raises ValueError: if one of them is none, or has host bits set.
    """
    return tuple(ip_network(block) for block in blocks)


def _parse(ip: str | Address) -> Address | None:
    try:
        return ip_address(ip) if isinstance(ip, str) else ip
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not lies_in(address, FORBIDDEN_V4)
    if address.scope_id is not None:  # fe80::1%eth0: means something on one machine only.
        return False
    return address in PUBLIC_V6 and address.is_global and not lies_in(address, FORBIDDEN_V6)
