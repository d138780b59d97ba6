"""No address inside the house, in any spelling, may be called on a third party's word."""

from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest

from edge.addresses import is_forbidden, networks

FORBIDDEN = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    *("::/96", "::1/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64"),
    *("5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
]


@pytest.mark.parametrize("block", FORBIDDEN)
def test_the_first_and_the_last_address_of_each_range_are_forbidden(block):
    network = ip_network(block)

    assert is_forbidden(network[0])
    assert is_forbidden(network[-1])
    assert is_forbidden(str(network[0]))
    assert is_forbidden(str(network[-1]))


@pytest.mark.parametrize(
    "address",
    [
        *("1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"),
        *("168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"),
        *("192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0"),
        *("198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0"),
        *("223.255.255.255", "2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::", "2a00::1", "3ffe::"),
    ],
)
def test_the_neighbours_of_the_ranges_are_open(address):
    assert not is_forbidden(address)


@pytest.mark.parametrize(
    "spelling",
    [
        *("2130706433", "0x7f.1", "127.1", "0177.0.0.1", "localhost", "", "[::1]", "1.2.3.4.5", "fe80::1%eth0"),
        *("2a00::1%eth0", "::ffff:8.8.8.8", "1.2.3.4 "),
    ],
)
def test_what_is_no_plain_address_is_forbidden(spelling):
    assert is_forbidden(spelling)


def test_the_bank_may_forbid_its_own_public_ranges():
    assert is_forbidden("1.2.3.4", deny=[IPv4Network("1.2.3.0/24")])
    assert is_forbidden("2a00::1", deny=[IPv6Network("2a00::/32")])
    assert not is_forbidden("1.2.4.4", deny=[IPv4Network("1.2.3.0/24"), IPv6Network("2a00::/32")])


def test_only_the_opened_range_is_opened():
    opened = networks(["127.0.0.1/32"])

    assert not is_forbidden("127.0.0.1", allow=opened)
    assert is_forbidden("127.0.0.2", allow=opened)
    assert is_forbidden("::ffff:127.0.0.1", allow=opened)


def test_a_network_with_host_bits_is_not_guessed():
    with pytest.raises(ValueError, match="host bits"):
        networks(["10.0.0.1/8"])
