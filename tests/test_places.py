"""Where links lead: odd spellings are refused, and what is not public is known as such."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pixlab_async import ConfigurationError
from pixlab_async._places import Place, is_public

FOURS = st.integers(0, 2**32 - 1).map(IPv4Address)
# IANA's registries of special-purpose addresses, with multicast and metadata services.
SPECIAL_4 = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "168.63.129.16/32",
]
SPECIAL_6 = [
    "::/128",
    "::1/128",
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "fd00:ec2::254/128",
    "fe80::5efe:808:808/128",
    "4000::/3",
]
SPECIAL = [*SPECIAL_4, *SPECIAL_6]


@pytest.mark.parametrize("network", SPECIAL)
def test_the_ends_of_a_network_that_is_not_public_are_not(network: str) -> None:
    known = ip_network(network)

    assert not is_public(str(known[0]))
    assert not is_public(str(known[-1]))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "172.32.0.1",
        "192.0.1.1",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "2a00::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "168.63.129.17",
        "223.255.255.255",
    ],
)
def test_addresses_of_the_public_internet_are_public(address: str) -> None:
    assert is_public(address)


@given(FOURS)
@example(IPv4Address("127.0.0.1"))
@example(IPv4Address("169.254.169.254"))
@example(IPv4Address("100.100.100.200"))
@settings(max_examples=300)
def test_an_address_in_an_address_is_judged_like_itself(four: IPv4Address) -> None:
    low = int(four)
    inside = [
        IPv6Address((0xFFFF << 32) | low),  # mapped
        IPv6Address((0x64FF9B << 96) | low),  # NAT64
        IPv6Address((0x2002 << 112) | (low << 80) | 1),  # 6to4
        IPv6Address((0x2606 << 112) | (0x5EFE << 32) | low),  # ISATAP
        IPv6Address((0x2606 << 112) | (0x2005EFE << 32) | low),  # ISATAP, said to be unique
    ]

    assert {is_public(str(six)) for six in inside} == {is_public(str(four))}


@given(FOURS)
@settings(max_examples=200)
def test_what_is_public_is_in_no_special_network(four: IPv4Address) -> None:
    special = any(four in ip_network(network) for network in SPECIAL_4)

    assert is_public(str(four)) is not special


@pytest.mark.parametrize("address", ["", "x", "1.2.3", "fe80::1%eth0", "2606::1%eth0", "1.2.3.4.5"])
def test_what_is_no_plain_address_is_not_public(address: str) -> None:
    assert not is_public(address)


ODD = [
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0X7F.1",
    "0x",
    "127.1",
    "127.0.1",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.1.",
    "127.0.0.0x1",
    "1.2.3.4.5",
    "256.1.1.1",
    "a.0x7f",
    "example.123",
]


@pytest.mark.parametrize("host", ODD)
def test_an_address_in_an_odd_spelling_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match="odd spelling"):
        Place.of(f"https://{host}/a.png")


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org@127.0.0.1/",
        "https://user:word@example.org/",
        "https://@example.org/",
        "https://127.0.0.1\\@example.org/",
        "https://example.org\\@127.0.0.1/",
        "https://example.org\\.evil.example/",
        "https://%31%32%37.0.0.1/",
        "https://example.org%2f@127.0.0.1/",
        "https://127.0.0.1%2523@example.org/",
        "https://[fe80::1%25eth0]/",
        "https://[::1]x/",
        "https://[v1.fe]/",
        "https://example.org:0/",
        "https://example.org:/",
        "https://example.org:99999/",
        "https://example.org:+443/",
        "https://example.org:4 43/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://127\u30020.0.1/",
        "https://\u24db\u24de\u24d2alhost/",
        "https://b\u00fccher.example/",
        "https://..example.org/",
        "https://example..org/",
        "https:///127.0.0.1/",
        "https:127.0.0.1",
        "//127.0.0.1/",
        "gopher://127.0.0.1/",
        "file:///etc/passwd",
        "https://ex*ample.org/",
        "https://xn--/",
    ],
)
def test_a_link_that_can_be_read_in_two_ways_is_refused(link: str) -> None:
    with pytest.raises(ConfigurationError):
        Place.of(link)


@pytest.mark.parametrize(
    ("link", "place"),
    [
        ("https://Example.ORG/a", Place("https", "example.org", 443)),
        ("HTTPS://example.org:8443", Place("https", "example.org", 8443)),
        ("https://example.org./a", Place("https", "example.org", 443)),
        ("http://203.0.113.7/a", Place("http", "203.0.113.7", 80)),
        ("https://[2606:4700::1111]:1/a", Place("https", "2606:4700::1111", 1)),
        ("https://xn--bcher-kva.example/?@127.0.0.1#@[::1]", None),
        ("https://under_score.example/", None),
        ("https://3com.example/", None),
        ("https://1.2.3.4.example/", None),
    ],
)
def test_a_plain_link_leads_where_it_says(link: str, place: Place | None) -> None:
    known = Place.of(link)

    assert place is None or known == place
    assert known.host in link.lower()


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "a.localhost",
        "localhost.",
        "printer",
        "printer.local",
        "nas.home.arpa",
        "metadata.google.internal",
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.100.100.200",
        "[::1]",
        "[::ffff:7f00:1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[fd00:ec2::254]",
    ],
)
def test_what_is_written_as_a_place_inside_is_inside(host: str) -> None:
    assert Place.of(f"https://{host}/a").is_inside


@pytest.mark.parametrize("host", ["example.org", "local.example", "8.8.8.8", "[2606:4700::1111]"])
def test_what_is_written_as_a_public_place_is_not_inside(host: str) -> None:
    assert not Place.of(f"https://{host}/a").is_inside


@pytest.mark.parametrize(
    ("link", "origin", "same"),
    [
        ("http://localhost:8080/a", "http://127.0.0.1:8080", True),
        ("http://[::1]:8080/a", "http://localhost:8080", True),
        ("http://127.0.0.1:8081/a", "http://127.0.0.1:8080", False),
        ("https://localhost:8080/a", "http://localhost:8080", False),
        ("https://pixlab.corp:443/a", "https://pixlab.corp/prefix", True),
        ("https://pixlab.corp.evil.example/a", "https://pixlab.corp", False),
    ],
)
def test_the_service_is_known_by_host_and_port(link: str, origin: str, same: bool) -> None:
    assert Place.of(link).is_one_of([origin]) is same
