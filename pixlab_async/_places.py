"""Where a link leads: host and port without tricks, and whether an address is public. Pure.

A link comes from a reply, or from somebody else's user. What it names is judged here, once as
it is written, and once more as the address that it is looked up to. Whoever connects must
connect to what was judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from attrs import frozen

from ._errors import ConfigurationError
from ._origin import is_host, is_loopback

_PORTS = {"http": 80, "https": 443}
# No user, no escapes, no letters beyond ASCII: all programs read this alike.
_NETLOC = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)
# Resolvers take 2130706433, 0x7f.1 and 0177.0.0.1 for addresses.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
# Names that exist inside networks only: RFC 6761, 6762, 8375, ICANN's of 2024, and habits.
_INSIDE = frozenset({"localhost", "local", "internal", "intranet", "lan", "localdomain"})
_HOME = "home.arpa"

# ``ipaddress`` differs between patch versions of Python in its exceptions to the second block
# of each list, and counts the rest as public in some or in all.
_NOT_PUBLIC_4 = tuple(
    map(
        ip_network,
        (
            "100.64.0.0/10",  # shared behind carriers' NAT; metadata of a cloud
            "192.0.0.0/24",  # IETF's own; metadata of a cloud
            "192.88.99.0/24",  # relays of 6to4
            "168.63.129.16/32",  # metadata of a cloud
        ),
    )
)
_NOT_PUBLIC_6 = tuple(
    map(
        ip_network,
        (
            "2001::/23",  # IETF's own, and Teredo
            "3fff::/20",  # for documentation
        ),
    )
)
_UNICAST_6 = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
# The third quarter of an address in any network that tunnels to the IPv4 address in the fourth.
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


@frozen
class Place:
    """What a link names.

    Attributes:
        scheme: "http" or "https".
        host: A name or an address in its plain spelling, in lower case.
        port: The port, also where the link leaves it out.
    """

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, link: str) -> Place:
        """Where the link leads.

        Raises:
            ConfigurationError: It cannot be fetched, or can be read in two ways.
        """
        try:
            parts = urlsplit(link)
            host, port = (parts.hostname or "").removesuffix("."), parts.port
        except ValueError:
            raise ConfigurationError(_NO_URL) from None

        if "@" in parts.netloc:
            raise ConfigurationError("The link holds a user name or password: take it out.")

        if not parts.netloc.isascii():
            raise ConfigurationError(
                "The link's host has characters beyond ASCII: write it in punycode."
            )

        readable = parts.scheme in _PORTS and _NETLOC.fullmatch(parts.netloc) and port != 0
        if not readable or not is_host(host):
            raise ConfigurationError(_NO_URL)

        last = host.rpartition(".")[2]
        if ":" not in host and _NUMBER.fullmatch(last) and not _is_plain(host, parts.netloc):
            raise ConfigurationError(
                "The link's host is an address in an odd spelling: write it as 203.0.113.7."
            )

        return cls(parts.scheme, host, port or _PORTS[parts.scheme])

    @property
    def is_address(self) -> bool:
        """Whether the host is an address, so that nobody looks it up."""
        return ":" in self.host or self.host.rpartition(".")[2].isdigit()

    @property
    def is_inside(self) -> bool:
        """Whether the host, as it is written, is none of the public internet's."""
        if self.is_address:
            return not is_public(self.host)

        top = self.host.rpartition(".")[2]
        return top == self.host or top in _INSIDE or f".{self.host}".endswith(f".{_HOME}")

    def is_one_of(self, origins: Iterable[str]) -> bool:
        """Whether it is where one of the origins is; this machine has many names."""
        return any(self._is_at(origin) for origin in origins)

    def _is_at(self, origin: str) -> bool:
        parts = urlsplit(origin)
        host = (parts.hostname or "").removesuffix(".")
        if (parts.scheme, parts.port or _PORTS.get(parts.scheme)) != (self.scheme, self.port):
            return False

        return host == self.host or (is_loopback(host) and is_loopback(self.host))


_NO_URL = "The link is no URL that can be fetched: it needs https://host."


def is_public(address: str) -> bool:
    """Whether the address is a single host's on the public internet.

    Private networks, this machine, links, carriers' shared space, multicast, metadata
    services and what is reserved are not; an IPv4 address inside an IPv6 one is judged.
    """
    try:
        known = ip_address(address)
    except ValueError:
        return False

    if isinstance(known, IPv4Address):
        return _is_public_4(known)

    return known.scope_id is None and _is_public_6(known)


def _is_public_4(address: IPv4Address) -> bool:
    if address.is_private or address.is_multicast or address.is_reserved:
        return False

    return not any(address in network for network in _NOT_PUBLIC_4)


def _is_public_6(address: IPv6Address) -> bool:
    inner, last = address.ipv4_mapped or address.sixtofour, IPv4Address(address.packed[12:])
    if address in _NAT64:
        inner = last
    if inner is not None:
        return _is_public_4(inner)

    if address not in _UNICAST_6 or address.is_private:
        return False

    if address.packed[8:12] in _ISATAP and not _is_public_4(last):
        return False

    return not any(address in network for network in _NOT_PUBLIC_6)


def _is_plain(host: str, netloc: str) -> bool:
    """Whether the numbers are four, decimal, and end without a dot."""
    try:
        return str(IPv4Address(host)) == host and not netloc.partition(":")[0].endswith(".")
    except ValueError:
        return False
