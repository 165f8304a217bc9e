"""How aiohttp is told of a request: its session, or past that its connector.

For each request the session joins URLs, merges headers, looks for cookies, proxies and
redirects, and sets timers: an eighth of all the time, and nothing of it is of use here. So
``handle`` asks the connector and the request itself. The session is asked where somebody
traces it, as OpenTelemetry and Sentry do, and where aiohttp's parts are not as they are known.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from inspect import Parameter, signature
from operator import attrgetter
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from .._protocol import HEADERS

if TYPE_CHECKING:
    from ._aiohttp_sending import Attempt

KEEPALIVE_EXPIRY = 30.0


class WireRequest(aiohttp.ClientRequest):
    """aiohttp's request: without parameters until it is written."""

    attempt: Attempt | None = None
    limits: aiohttp.ClientTimeout

    def update_headers(self, headers: Any) -> None:
        """In one step where aiohttp looks at each field, as they hold all that it would add."""
        self.headers = CIMultiDict({"Host": self.url.host_port_subcomponent or ""})
        self.headers.update(headers)

    def update_auto_headers(self, skip_auto_headers: Any) -> None:
        pass

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        assert self.attempt is not None
        self.attempt.written_to(conn)
        path, _, query = self.attempt.request.target.partition("?")
        self.url = URL.build(path=path, query_string=query, encoded=True)
        return await super().send(conn)


def session(context: SSLContext | bool) -> aiohttp.ClientSession:
    """Connections of their own; nothing that aiohttp would add or do by itself."""
    return aiohttp.ClientSession(
        # No limit: how many connections there are is the gate's business.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_EXPIRY, ssl=context),
        headers=HEADERS,  # those of nearly every request need not be merged with others then
        request_class=WireRequest,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


async def handle(wire: WireRequest) -> aiohttp.ClientResponse:
    """The header of the reply, over a connection that was idle or is new."""
    connector = wire.session.connector
    assert connector is not None
    connection = await connector.connect(wire, traces=[], timeout=wire.limits)
    try:
        assert connection.protocol is not None
        connection.protocol.set_response_params(read_until_eof=True, auto_decompress=False)
        response = await wire.send(connection)
        try:
            return await response.start(connection)
        except BaseException:
            response.close()
            raise
    except BaseException:
        connection.close()
        raise


class Part(NamedTuple):
    """A function of aiohttp's, and the parameters that it is given here."""

    module: str
    name: str
    given: frozenset[str]

    @property
    def as_known(self) -> bool:
        """Whether it takes these, and needs no others."""
        try:
            function = attrgetter(self.name)(import_module(self.module))
        except (ImportError, AttributeError):
            return False

        found = signature(function).parameters
        needed = {name for name, one in found.items() if one.default is Parameter.empty}
        return needed <= self.given <= found.keys()


def _part(module: str, name: str, given: str) -> Part:
    return Part(f"aiohttp.{module}", name, frozenset(given.split()))


# Without this one nobody would know whether a request was sent.
SEND = _part("client_reqrep", "ClientRequest.send", "self conn")
_PARTS = (
    _part(
        "client_reqrep",
        "ClientRequest.__init__",
        "self method url headers data loop response_class session server_hostname",
    ),
    _part("client_reqrep", "ClientResponse.start", "self connection"),
    _part("connector", "BaseConnector.connect", "self req traces timeout"),
    _part(
        "client_proto",
        "ResponseHandler.set_response_params",
        "self read_until_eof auto_decompress",
    ),
)


def untraced(session: aiohttp.ClientSession, parts: Iterable[Part] = _PARTS) -> bool:
    """Whether nobody misses the session's part, and aiohttp's others are as they are known."""
    return not session.trace_configs and all(part.as_known for part in parts)
