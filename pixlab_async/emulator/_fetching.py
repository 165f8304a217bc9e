"""Files at links, fetched as the service would: from the public internet.

An emulator that listens on this machine alone fetches from anywhere, since tests have their
pictures on this machine. One that others can reach would let them reach what they should
not: it asks for each host where it is, and connects to a public address or not at all. A
redirect is judged like the link that led to it.
"""

from __future__ import annotations

import socket
import ssl
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import anyio
import httpx
from attrs import frozen

from ._bounds import limits
from ._replies import Refused

_REDIRECTS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
# Public by the word of ``ipaddress``, or in some of its versions.
_SPECIAL = [
    ip_network(text)
    for text in ("100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")
]
_GLOBAL = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
# The third quarter of an address that is tunnelled to the IPv4 address in the fourth.
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")
_SPECIAL_6 = [ip_network(text) for text in ("2001::/23", "3fff::/20")]


class _Inside(Exception):
    """The link leads to what is not public."""


def fetching() -> httpx.AsyncClient:
    """What a ``Fetcher`` fetches with: as it lies there, and with no limit of time but ours."""
    headers = {"Accept-Encoding": "identity"}
    return httpx.AsyncClient(
        trust_env=False,
        timeout=None,  # noqa: S113 - see above
        headers=headers,
        verify=_certificates(),
    )


@cache
def _certificates() -> ssl.SSLContext:
    """Once for the process: to load them takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


@frozen
class Fetcher:
    """Fetches files.

    Attributes:
        private: Whether from addresses that are not public, too.
    """

    private: bool

    async def fetch(self, client: httpx.AsyncClient, where: str, link: str) -> bytes:
        """The bytes at the link.

        Raises:
            Refused: They cannot be had. ``where`` is the name that it gets in the message.
        """
        content: bytes | None = None
        with anyio.move_on_after(limits().fetch_seconds):
            content = await self._followed(client, where, link)
        if content is None:
            raise Refused(404, f"the address in {where!r} does not answer")

        return content

    async def _followed(self, client: httpx.AsyncClient, where: str, link: str) -> bytes:
        try:
            url = httpx.URL(link)
            for _ in range(_REDIRECTS + 1):
                request = await self._request(client, url)
                reply = await client.send(request, stream=True)
                try:
                    if reply.status_code not in _MOVED:
                        return await _read(reply, where)

                    url = url.join(reply.headers["location"])
                finally:
                    await reply.aclose()
        except Refused:
            raise
        except _Inside:
            raise Refused(
                400,
                f"the address in {where!r} is not on the public internet, where alone this "
                f"emulator fetches",
            ) from None
        except Exception:  # a host or port that no resolver takes raises almost anything
            raise Refused(404, f"the address in {where!r} does not answer") from None

        raise Refused(404, f"the address in {where!r} leads round in circles")

    async def _request(self, client: httpx.AsyncClient, url: httpx.URL) -> httpx.Request:
        if url.scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol("neither http nor https")

        if self.private:
            return client.build_request("GET", url)

        address = await _public(url)
        return client.build_request(
            "GET",
            url.copy_with(host=address),
            headers={"Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},
        )


async def _read(reply: httpx.Response, where: str) -> bytes:
    if reply.status_code != 200:
        raise Refused(404, f"the address in {where!r} answered {reply.status_code}")

    # httpx would unpack it, several times over, before anybody could count.
    if reply.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(400, f"the file at the address in {where!r} is packed, which is not taken")

    content = bytearray()
    async for chunk in reply.aiter_raw():
        content += chunk
        if len(content) > limits().fetched:
            raise Refused(400, f"the file at the address in {where!r} is too large")

    return bytes(content)


async def _public(url: httpx.URL) -> str:
    """An address of the URL's host, where all that it has are public."""
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    found = await anyio.getaddrinfo(url.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(place[0])) for *_, place in found]
    if not all(map(_is_public, addresses)):
        raise _Inside

    return str(addresses[0])


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        inner, last = address.ipv4_mapped or address.sixtofour, IPv4Address(address.packed[12:])
        if address in _NAT64:
            inner = last
        if address.packed[8:12] in _ISATAP and not _is_public(last):
            return False

        if inner is None:
            special = any(address in network for network in _SPECIAL_6)
            return address in _GLOBAL and address.is_global and not special

        address = inner
    special = any(address in network for network in _SPECIAL)
    return address.is_global and not address.is_multicast and not special
