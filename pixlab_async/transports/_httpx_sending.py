"""How one request goes through an ``httpx.AsyncClient``, and its reply comes back.

What httpx is shown of it, and what it is not, is in ``_httpx_wire``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import cast

import anyio
import httpx
from anyio.lowlevel import checkpoint

from .._errors import ConfigurationError
from ._body import BodyReader
from ._httpx_faults import bare, broken, fault_of
from ._httpx_leftover import hang_up, holds_more
from ._httpx_logging import scrub_debug_log
from ._httpx_wire import Slot, Timeouts, Unopened, outer_request
from ._seam import Reply, Request, deadline_fault

# Longer than a host needs to answer a SYN, shorter than a caller's patience.
CONNECT_TIMEOUT = 10.0
# Bounded, since an await in a clean-up must end.
CLOSE_TIMEOUT = 5.0


class _NoCookies(httpx.Cookies):
    """Keeps nothing: several tenants share the connections, and must not share cookies."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Ignore what the reply sets."""


class Client(httpx.AsyncClient):
    _no_cookies = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._no_cookies

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Ignore them."""


# Chunks that are passed over before other tasks have their turn.
_PASSED = 100
_SPENT = httpx.ByteStream(b"")
# More than there are endpoints. Each host that something is downloaded from has one, too.
_MOST_URLS = 500


class Sender:
    """What the three transports share: sending through an ``httpx.AsyncClient``."""

    # What is said where that one is closed.
    _closed_before = "The client was closed before this was sent: close it later."

    def __init__(self, client: httpx.AsyncClient) -> None:
        scrub_debug_log()
        self._client = client
        self._urls: dict[str, httpx.URL] = {}

    def _url(self, url: str) -> httpx.URL:
        """The URL, parsed once per endpoint."""
        known = self._urls.get(url)
        if known is None:
            if len(self._urls) == _MOST_URLS:
                self._urls.clear()
            known = self._urls[url] = httpx.URL(url)
        return known

    def _outer(self, request: Request, slot: Slot, *, opens: bool = True) -> httpx.Request:
        patience = timeouts(request.timeout, opens=opens)
        return outer_request(request, slot, self._url(request.url), patience)

    async def _exchange(
        self, outer: httpx.Request, request: Request, *, reused: bool = False
    ) -> Reply:
        """Send, and read the reply to its end."""
        answered = False
        self._check_open()
        try:
            response = await self._client.send(
                outer, stream=True, auth=None, follow_redirects=False
            )
            answered = True
            return await _read(response, request.limit)
        except httpx.RequestError as error:
            fault: Exception = fault_of(error, stale=reused and not answered)
            late = anyio.current_time() >= request.deadline
            if late and isinstance(error, httpx.TimeoutException):
                fault = deadline_fault()
        except OSError as error:  # such as ssl.SSLError, which httpx lets through
            fault = broken(error)
        except Exception as error:  # a hook's, a source's, or a transport's of the caller
            fault = bare(error)
        # Outside the except clauses: no frame that holds the wire request hangs on it.
        try:
            raise fault
        finally:
            del fault  # else it and this frame would hold one another

    @asynccontextmanager
    async def _stream(self, outer: httpx.Request) -> AsyncGenerator[Stream]:
        self._check_open()
        try:
            response = await self._client.send(
                outer, stream=True, auth=None, follow_redirects=False
            )
        except httpx.RequestError as error:
            raise fault_of(error) from None
        except (OSError, ValueError) as error:  # a host that no resolver takes, say
            raise broken(error) from None

        stream = Stream(response)
        try:
            yield stream
        finally:
            await stream.aclose()

    def _check_open(self) -> None:
        if self._client.is_closed:
            raise ConfigurationError(self._closed_before)


def fetching(url: str, seconds: float, address: str | None = None) -> Request:
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
        headers=(
            ("Host", parsed.netloc.decode("ascii")),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
        ),
        content=b"",
        limit=0,
        timeout=seconds,
        address=address,
    )


class Stream:
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
        await close(self._response)
        self._response.stream = _SPENT  # see _read


@lru_cache
def timeouts(seconds: float, *, opens: bool = True) -> Timeouts:
    """httpx's four timeouts. None for the pool: queueing is the gate's business.

    Args:
        seconds: Of silence on the wire.
        opens: Whether a connection may be opened.
    """
    return {
        "connect": min(seconds, CONNECT_TIMEOUT) if opens else Unopened(0),
        "read": seconds,
        "write": seconds,
        "pool": None,
    }


async def close(resource: httpx.Response | httpx.AsyncBaseTransport | httpx.AsyncClient) -> None:
    """Close it, cancelled or not, in bounded time; what fails while closing is closed."""
    with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
        with suppress(httpx.RequestError):
            await resource.aclose()


async def _read(response: httpx.Response, limit: int) -> Reply:
    try:
        headers = _fields(response)
        # What a hook of the caller's has read is unpacked already.
        coding = "" if response.is_stream_consumed else headers.get("content-encoding", "")
        body = BodyReader(limit, coding, http_status=response.status_code)
        async for chunk in (chunks := _chunks(response)):
            try:
                body.feed(chunk)
                while body.goes_on():
                    await checkpoint()
            except BaseException:
                await _abandon(chunks)
                raise
        if holds_more(response):
            hang_up(response)
        await response.aclose()
        return Reply(response.status_code, headers, body.finish())
    except BaseException:
        await close(response)
        raise
    finally:
        # Stream and response refer to one another, and through httpx's layers to the wire
        # request: they would live, and cost, until the garbage collector comes by.
        response.stream = _SPENT


def _fields(response: httpx.Response) -> dict[str, str]:
    """The header fields by their names in lower case; httpx's own look-ups cost more."""
    fields: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in fields:
            repeated.setdefault(name, [fields[name]]).append(value)
        else:
            fields[name] = value
    for name, values in repeated.items():
        fields[name] = ", ".join(values)
    return fields


def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes off the wire; or as it is, where a hook of the caller's read it.

    Not ``aiter_raw``, which refuses the ready bodies of ``httpx.MockTransport``.
    """
    if response.is_stream_consumed:
        return aiter(httpx.ByteStream(response.content))

    return aiter(cast("httpx.AsyncByteStream", response.stream))


async def _abandon(chunks: AsyncIterator[bytes]) -> None:
    """Let go of a body in the middle.

    httpx reads through four async generators, one in the other, and closing the outermost
    leaves the others to the garbage collector, which trio complains of. A cancellation
    from the inside ends them all, once they wait for the wire.
    """
    with anyio.CancelScope(shield=True), suppress(httpx.RequestError):
        while await _read_before(chunks):
            await checkpoint()


async def _read_before(chunks: AsyncIterator[bytes]) -> bool:
    """Pass over chunks that need not be waited for; whether there may be more of them."""
    passed = 0
    with anyio.CancelScope() as scope:
        scope.cancel()
        async for _ in chunks:
            passed += 1
            if passed == _PASSED:
                return True

    return False
