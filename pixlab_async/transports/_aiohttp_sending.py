"""How one request goes through aiohttp, and its reply comes back.

aiohttp does by itself three things that would break this house's promises, and each is
kept from it through its public API:

- It sends a request a second time when a connection breaks. It does so for errors of its
  own alone, and ``Attempt``, a client middleware, lets none of them up.
- It decodes and encodes what a URL holds. ``WireRequest`` is given the target as it is,
  when it is written and no earlier, so nothing above it holds or shows key and links.
- It does not say whether a failed request was written. ``WireRequest`` does: before its
  ``send`` no byte has left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from ssl import SSLContext
from types import TracebackType
from typing import Any, cast
from weakref import WeakSet

import aiohttp
import anyio
from attrs import define, field
from yarl import URL

from ._aiohttp_faults import fault_of
from ._aiohttp_upload import Upload, upload_of
from ._body import BodyReader
from ._seam import Reply, Request, TransportFault

# The same patience as the default lane's.
CONNECT_TIMEOUT = 10.0
CLOSE_TIMEOUT = 5.0
KEEPALIVE_EXPIRY = 30.0

_FAILURES = (aiohttp.ClientError, OSError, ValueError)


@define(eq=False, repr=False)
class Pool:
    """The connections of one scheme: aiohttp keeps the idle ones.

    Attributes:
        session: Sends, and holds the connections.
        served: The connections that have served a request already.
        users: Calls under way.
        retired: No further call gets it; it is closed when the last one has ended.
    """

    session: aiohttp.ClientSession
    served: WeakSet[object] = field(factory=WeakSet[object])
    users: int = 0
    retired: bool = False

    async def retire(self) -> None:
        """Take no further call."""
        self.retired = True
        await self.close_if_done()

    async def close_if_done(self) -> None:
        """Close it, cancelled or not, in bounded time, where nobody will use it again."""
        if self.retired and not self.users:
            with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
                await self.session.close()


@define(eq=False, repr=False)
class Attempt:
    """One request on its way: what aiohttp calls, and what is known when it fails.

    Enter it for the reply, of which the header has come then. Leaving it in the middle of
    the body closes the connection.

    Attributes:
        sent: Whether a byte of the request may have left.
        reused: Whether its connection had served before.
        transport: The connection's.
    """

    pool: Pool
    url: URL
    request: Request
    sent: bool = False
    reused: bool = False
    transport: Any = None
    _upload: Upload | None = None
    _response: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> aiohttp.ClientResponse:
        request = self.request
        self._upload = upload = upload_of(request)
        headers = request.headers
        if upload is not None:  # aiohttp sees for itself that the length is not known
            headers = tuple(pair for pair in headers if pair[0] != "Transfer-Encoding")
        sending = self.pool.session.request(
            request.method,
            self.url,
            headers=headers,
            data=request.content or None if upload is None else upload,
            timeout=_timeout(request.timeout),
            allow_redirects=False,
            middlewares=(self,),
        )
        self.pool.users += 1
        try:
            self._response = await (sending if upload is None else upload.sent(sending))
        except BaseException as error:
            await self._ended(error)
            raise

        return self._response

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._ended(error)

    async def _ended(self, error: BaseException | None) -> None:
        response, pool = self._response, self.pool
        if response is not None and not response.closed:
            response.close()
        if self._upload is not None:
            if error is not None and self.transport is not None:
                self.transport.abort()  # else it would go on sending what it holds
            await self._upload.left_alone()

        pool.users -= 1
        if isinstance(error, TransportFault) and error.stale:
            pool.retired = True  # the idle connections are of the same age
        if pool.retired:
            await pool.close_if_done()

    async def __call__(
        self, wire: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """A client middleware of aiohttp's: what fails leaves it as our own error."""
        cast("WireRequest", wire).attempt = self
        try:
            return await handler(wire)
        except _FAILURES as error:
            fault = self.fault(error)
        raise fault

    def fault(self, error: Exception, http_status: int = 0) -> TransportFault:
        return fault_of(error, sent=self.sent, reused=self.reused, http_status=http_status)


class WireRequest(aiohttp.ClientRequest):
    """aiohttp's request: without parameters until it is written."""

    attempt: Attempt | None = None

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        assert self.attempt is not None
        attempt = self.attempt
        attempt.sent = True
        attempt.transport = conn.transport
        served = attempt.pool.served
        attempt.reused = conn.protocol in served
        if not attempt.reused:
            served.add(conn.protocol)
        path, _, query = attempt.request.target.partition("?")
        bare = self.url
        self.url = URL.build(
            scheme=bare.scheme,
            authority=bare.raw_authority,
            path=path,
            query_string=query,
            encoded=True,
        )
        return await super().send(conn)


def session(context: SSLContext | bool) -> aiohttp.ClientSession:
    """Connections of their own; nothing that aiohttp would add or do by itself."""
    return aiohttp.ClientSession(
        # No limit: how many connections there are is the gate's business.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_EXPIRY, ssl=context),
        request_class=WireRequest,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


@cache
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=None, connect=min(seconds, CONNECT_TIMEOUT), sock_read=seconds
    )


async def read(response: aiohttp.ClientResponse, attempt: Attempt) -> Reply:
    """The whole reply."""
    status, headers, content = response.status, Headers(response), response.content
    coding = headers.get("content-encoding", "")
    body = BodyReader(attempt.request.limit, coding, http_status=status)
    try:
        while chunk := await content.readany():
            body.feed(chunk)
    except _FAILURES as error:
        fault = attempt.fault(error, status)
    else:
        return Reply(status, headers, body.finish())

    raise fault


class Headers(Mapping[str, str]):
    """A reply's header; a field that came more than once is one text with commas in it."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._fields = response.headers

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._fields.getall(name))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name in self._fields))

    def __len__(self) -> int:
        return len(list(iter(self)))


class Stream:
    """A reply that is read in chunks."""

    def __init__(self, response: aiohttp.ClientResponse, attempt: Attempt) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = Headers(response)
        self._content = response.content
        self._attempt = attempt

    async def read(self) -> bytes:
        try:
            return await self._content.readany()
        except _FAILURES as error:
            fault = self._attempt.fault(error, self.status)
        raise fault
