"""The default transport: httpx, over connections that we hand out ourselves.

The only module that imports httpx, and only its public names. Three ways to send:

- ``HttpxTransport``: one-connection ``httpx.AsyncHTTPTransport`` objects in a last-in
  first-out free list. httpx's own pool costs more with every connection it holds; a free
  list does not. Capacity is the gate's business, above the seam.
- ``ForeignTransport``: an ``httpx.AsyncBaseTransport`` of the caller's (a proxy, special
  TLS, an ASGI app), under a client of ours.
- ``ClientTransport``: an ``httpx.AsyncClient`` of the caller's, used as it is.

In the first two, the request that httpx sees, logs and hangs on its exceptions has
neither parameters nor key: both are put in by ``_KeyedTransport`` below all of that.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any, TypeGuard, cast

import anyio
import httpx
from attrs import define, evolve

from .._errors import ConfigurationError
from .._key import HEADER, PARAMETER, guard_text
from .._origin import BaseURL, from_environment
from ._body import BodyReader
from ._httpx_faults import bare, broken, fault_of
from ._httpx_logging import scrub_debug_log
from ._httpx_tls import plain_context, ssl_context
from ._seam import Chunks, Reply, Request, TransportFault

# Longer than a host needs to answer a SYN, shorter than a caller's patience.
CONNECT_TIMEOUT = 10.0
# Idle connections older than this are not trusted to be open still. What the service
# itself allows is not known; a connection that it closed is found out when it is reused.
KEEPALIVE_EXPIRY = 30.0
# Bounded, since an await in a clean-up must end.
CLOSE_TIMEOUT = 5.0

_ONE_CONNECTION = httpx.Limits(
    max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEPALIVE_EXPIRY
)
_REQUEST = "pixlab.request"
_SLOT = "pixlab.slot"


@define(eq=False, repr=False)
class _Slot:
    """A transport, and what we may ask of it.

    ``native``: an ``httpx.AsyncHTTPTransport`` of ours, which takes the target as it is
    through httpx's documented ``target`` extension: no URL is parsed, no byte is changed.
    """

    transport: httpx.AsyncBaseTransport
    native: bool = False
    used: bool = False


class _WireRequest(httpx.Request):
    """The request with key and parameters in it; lives below httpx's logging only."""

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, masked)>"


class _KeyedTransport(httpx.AsyncBaseTransport):
    """Puts target and headers in, in the last step."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        slot: _Slot = request.extensions[_SLOT]
        ours: Request = request.extensions[_REQUEST]
        target = ours.target.encode("ascii")
        extensions = {"timeout": request.extensions["timeout"]}
        url = request.url
        if slot.native:
            extensions["target"] = target
        else:
            url = url.copy_with(raw_path=target)

        wire = _wire_request(ours, url, extensions)
        return await slot.transport.handle_async_request(wire)


def _wire_request(request: Request, url: httpx.URL, extensions: dict[str, Any]) -> httpx.Request:
    if isinstance(request.content, bytes):
        return _WireRequest(
            request.method,
            url,
            headers=request.headers,
            content=request.content,
            extensions=extensions,
        )

    headers = [("Host", url.netloc.decode("ascii")), *request.headers]
    stream = _Upload(request.content)
    return _WireRequest(request.method, url, headers=headers, stream=stream, extensions=extensions)


class _Upload(httpx.AsyncByteStream):
    """A body that is made while it is sent.

    httpx's own wrapper is an async generator, which a failed upload would leave open.
    """

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks


class _NoCookies(httpx.Cookies):
    """Keeps nothing: several tenants share the connections, and must not share cookies."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Ignore what the reply sets."""


class _Client(httpx.AsyncClient):
    _no_cookies = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._no_cookies

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Ignore them."""


class _Sender:
    """What the three transports share: sending through an ``httpx.AsyncClient``."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        scrub_debug_log()
        self._client = client
        self._urls: dict[str, httpx.URL] = {}

    def _url(self, url: str) -> httpx.URL:
        """The URL, parsed once per endpoint."""
        known = self._urls.get(url)
        if known is None:
            known = self._urls[url] = httpx.URL(url)
        return known

    def _outer(self, request: Request, slot: _Slot) -> httpx.Request:
        return httpx.Request(
            request.method,
            self._url(request.url),
            extensions={_REQUEST: request, _SLOT: slot, "timeout": _timeouts(request.timeout)},
        )

    async def _exchange(self, outer: httpx.Request, limit: int, *, reused: bool = False) -> Reply:
        """Send, and read the reply to its end."""
        answered = False
        if self._client.is_closed:
            raise ConfigurationError(
                "The httpx client is closed: close it after the AsyncPixLab, not before."
            )

        try:
            response = await self._client.send(
                outer, stream=True, auth=None, follow_redirects=False
            )
            answered = True
            return await _read(response, limit)
        except httpx.RequestError as error:
            fault: Exception = fault_of(error, stale=reused and not answered)
        except OSError as error:  # such as ssl.SSLError, which httpx lets through
            fault = broken(error)
        except Exception as error:  # a hook's, a source's, or a transport's of the caller
            fault = bare(error)
        # Outside the except clauses: no frame that holds the wire request hangs on it.
        raise fault

    @asynccontextmanager
    async def _stream(self, outer: httpx.Request) -> AsyncGenerator[_Stream]:
        try:
            response = await self._client.send(
                outer, stream=True, auth=None, follow_redirects=False
            )
        except httpx.RequestError as error:
            raise fault_of(error) from None
        except (OSError, ValueError) as error:  # a host that no resolver takes, say
            raise broken(error) from None

        stream = _Stream(response)
        try:
            yield stream
        finally:
            await stream.aclose()


def _fetching(url: str, seconds: float) -> Request:
    """The request for a file: masked like any other, its link is a private picture's."""
    try:
        parsed = httpx.URL(url)
        shown = str(parsed.copy_with(raw_path=b"/", fragment=None))
        target = parsed.raw_path.decode("ascii")
    except (httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError("The link is no valid URL.") from error

    return Request(
        method="GET",
        endpoint="download",
        url=shown,
        target=target,
        headers=(("Accept", "*/*"), ("Accept-Encoding", "identity")),
        content=b"",
        limit=0,
        timeout=seconds,
    )


class HttpxTransport(_Sender):
    """The default lane: one connection each, handed out last in, first out."""

    def __init__(self) -> None:
        super().__init__(_Client(transport=_KeyedTransport(), trust_env=False))
        self._free: list[_Slot] = []
        self._closed = False

    async def send(self, request: Request) -> Reply:
        slot = self._free.pop() if self._free else await self._open(request.url)
        try:
            outer = self._outer(request, slot)
            reply = await self._exchange(outer, request.limit, reused=slot.used)
        except BaseException as error:
            # A connection that broke, or was left in the middle, serves nobody else.
            await _close(slot.transport)
            if isinstance(error, TransportFault) and error.stale:
                await self._drop_idle()  # they are of the same age
            raise

        slot.used = True
        await self._put_back(slot)
        return reply

    @asynccontextmanager
    async def fetch(self, url: str, *, timeout: float) -> AsyncGenerator[_Stream]:
        # A connection of its own: media lie on another host, and few are fetched.
        request = _fetching(url, timeout)
        slot = await self._open(request.url)
        try:
            outer = self._outer(request, slot)
            async with self._stream(outer) as stream:
                yield stream
        finally:
            await _close(slot.transport)

    async def aclose(self) -> None:
        self._closed = True
        await self._drop_idle()
        await _close(self._client)

    async def _drop_idle(self) -> None:
        while self._free:
            await _close(self._free.pop().transport)

    async def _open(self, url: str) -> _Slot:
        secure = url.startswith("https:")
        context = await ssl_context() if secure else plain_context()
        transport = httpx.AsyncHTTPTransport(
            verify=context, trust_env=False, limits=_ONE_CONNECTION
        )
        return _Slot(transport, native=True)

    async def _put_back(self, slot: _Slot) -> None:
        if self._closed:
            await _close(slot.transport)
        else:
            self._free.append(slot)


class ForeignTransport(_Sender):
    """An httpx transport of the caller's, closed with the client."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        super().__init__(_Client(transport=_KeyedTransport(), trust_env=False))
        self._slot = _Slot(transport)

    async def send(self, request: Request) -> Reply:
        return await self._exchange(self._outer(request, self._slot), request.limit)

    @asynccontextmanager
    async def fetch(self, url: str, *, timeout: float) -> AsyncGenerator[_Stream]:
        outer = self._outer(_fetching(url, timeout), self._slot)
        async with self._stream(outer) as stream:
            yield stream

    async def aclose(self) -> None:
        await _close(self._slot.transport)
        await _close(self._client)


class ClientTransport(_Sender):
    """An ``httpx.AsyncClient`` of the caller's, who closes it.

    The request is complete before the client sees it, so the client's logging and hooks
    see its parameters (never the key, which is in the header here). The client's own
    headers, parameters, cookies and authentication are not added.
    """

    async def send(self, request: Request) -> Reply:
        return await self._exchange(self._complete(request), request.limit)

    def _complete(self, request: Request) -> httpx.Request:
        url = self._url(request.url).copy_with(raw_path=request.target.encode("ascii"))
        return _wire_request(request, url, {"timeout": _timeouts(request.timeout)})

    @asynccontextmanager
    async def fetch(self, url: str, *, timeout: float) -> AsyncGenerator[_Stream]:
        async with self._stream(self._complete(_fetching(url, timeout))) as stream:
            yield stream

    async def aclose(self) -> None:
        """Leave the client to its owner."""


class _Stream:
    """A reply that is read in chunks."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._chunks: AsyncIterator[bytes] | None = None

    async def read(self) -> bytes:
        if self._chunks is None:
            self._chunks = _chunks(self._response)
        try:
            return await anext(self._chunks, b"")
        except httpx.RequestError as error:
            raise fault_of(error, http_status=self.status) from None
        except OSError as error:
            raise broken(error) from None

    async def aclose(self) -> None:
        if self._chunks is not None:
            await _abandon(self._chunks)
        await _close(self._response)


def is_httpx_transport(value: object) -> TypeGuard[httpx.AsyncBaseTransport]:
    """Whether the value is an httpx transport for async clients."""
    return isinstance(value, httpx.AsyncBaseTransport)


@cache
def _timeouts(seconds: float) -> dict[str, float | None]:
    """httpx's four timeouts. None for the pool: queueing is the gate's business."""
    return {
        "connect": min(seconds, CONNECT_TIMEOUT),
        "read": seconds,
        "write": seconds,
        "pool": None,
    }


async def _close(resource: httpx.Response | httpx.AsyncBaseTransport | httpx.AsyncClient) -> None:
    """Close it, cancelled or not, in bounded time; what fails while closing is closed."""
    with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
        with suppress(httpx.RequestError):
            await resource.aclose()


async def _read(response: httpx.Response, limit: int) -> Reply:
    try:
        body = BodyReader(
            limit,
            response.headers.get("content-encoding", ""),
            http_status=response.status_code,
        )
        async for chunk in (chunks := _chunks(response)):
            try:
                body.feed(chunk)
            except TransportFault:
                await _abandon(chunks)
                raise
        await response.aclose()
        return Reply(response.status_code, response.headers, body.finish())
    except BaseException:
        await _close(response)
        raise


def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes off the wire.

    Not ``aiter_raw``, which refuses the ready bodies of ``httpx.MockTransport``.
    """
    return aiter(cast("httpx.AsyncByteStream", response.stream))


async def _abandon(chunks: AsyncIterator[bytes]) -> None:
    """Let go of a body in the middle.

    httpx reads through four async generators, one in the other, and closing the outermost
    leaves the others to the garbage collector, which trio complains of. A cancellation
    from the inside ends them all.
    """
    with anyio.CancelScope(shield=True) as scope:
        scope.cancel()
        with suppress(httpx.RequestError):
            async for _ in chunks:
                pass  # pragma: no cover - what was read before the cancellation, if anything


def carried_by(client: httpx.AsyncClient) -> BaseURL:
    """The base URL and the key that a caller's client carries. The key is taken off it."""
    # httpx puts a slash at the end of every base URL, behind the query where there is one.
    url = str(client.base_url).removesuffix("/")
    base = BaseURL.parse(url) if url else None
    url = ""
    found = None if base is None else base.key
    if client.base_url.query:
        client.base_url = client.base_url.copy_with(query=None)
    if PARAMETER in client.params:
        found = guard_text(client.params[PARAMETER])
        client.params = client.params.remove(PARAMETER)
    if HEADER in client.headers:
        found = guard_text(client.headers.pop(HEADER))
    return evolve(base or from_environment(), key=found)
