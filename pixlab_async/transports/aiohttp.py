"""The fast lane: aiohttp, used natively. Needs the extra ``fast``; asyncio only.

How each request is sent is in ``_aiohttp_sending``. Cancelling closes the connection at
once, whatever the request was doing; aiohttp does that itself.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import Any
from urllib.parse import quote, urlsplit

import anyio
from anyio.lowlevel import current_token
from yarl import URL

from .._errors import ConfigurationError
from .._origin import is_host
from .._protocol import USER_AGENT
from ._aiohttp_reply import Stream
from ._aiohttp_sending import Attempt, Pool
from ._aiohttp_upload import is_whole
from ._aiohttp_wire import SEND, session, untraced
from ._asleep import Sleep
from ._httpx_logging import scrub_debug_log
from ._resolving import Resolve, looked_up
from ._seam import Reply, Request, deadline_fault
from ._watch import Watch

# Of a link: what may stand in a request's first line as it is.
_PLAIN = "%/:@!$&'()*+,;=?~[]"


class AiohttpTransport:
    """The fast lane: see ``AsyncPixLab(transport="fast")``.

    Args:
        resolve: Looks up the hosts of links that are downloaded. Default: the operating
            system does.
        sleep: Says when the machine has slept.
    """

    cancel_safe = keeps_deadline = True

    def __init__(self, *, resolve: Resolve = looked_up, sleep: Sleep | None = None) -> None:
        scrub_debug_log()
        self._resolve = resolve
        self._sleep = sleep or Sleep()
        self._urls: dict[str, URL] = {}
        self._pools: dict[str, Pool] = {}
        self._closed = False

    def send(self, request: Request) -> Awaitable[Reply]:
        url = self._urls.get(request.url)
        if url is None:
            url = self._urls[request.url] = URL(request.url)
        slept = self._sleep.was_long()
        pool = None if slept else self._pool(url)
        if pool is None or (request.content and not is_whole(request.content)):
            return self._timed(url, request, slept=slept)

        return Attempt(pool, url, request).reply()

    async def _timed(self, url: URL, request: Request, *, slept: bool) -> Reply:
        """The same, where there is more to be waited for than aiohttp."""
        deadline, request.deadline = request.deadline, math.inf
        with anyio.CancelScope(deadline=deadline):
            if slept:
                await self._retire()
            return await Attempt(self._pool(url) or await self._open(url), url, request).reply()

        raise deadline_fault()

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        return await self._resolve(host, port)

    @asynccontextmanager
    async def fetch(
        self, url: str, *, timeout: float, address: str | None = None
    ) -> AsyncGenerator[Stream]:
        bare, request = fetching(url, timeout, address)
        attempt = Attempt(self._pool(bare) or await self._open(bare), bare, request)
        async with attempt as response:
            yield Stream(response, attempt.fault)

    async def aclose(self) -> None:
        """Close every connection, those of calls under way when these end."""
        self._closed = True
        await self._retire()

    async def _retire(self) -> None:
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.retire()

    def _pool(self, url: URL) -> Pool | None:
        pool = self._pools.get(url.scheme)
        return None if pool is None or pool.retired else pool

    async def _open(self, url: URL) -> Pool:
        """The pool for the URL's scheme, made by the first call that needs it."""
        if not anyio.get_cancelled_exc_class().__module__.startswith("asyncio"):
            raise ConfigurationError(
                "transport='fast' works under asyncio only: leave it out to run under trio."
            )

        if not SEND.as_known:  # pragma: no cover - an aiohttp that is not there yet
            raise ConfigurationError(
                "transport='fast' does not know this version of aiohttp: install an older one, or "
                "leave the transport out."
            )

        context: SSLContext | bool = True
        if url.scheme == "https":
            # Here and not above: it imports httpx, for the same list of authorities.
            from ._httpx_tls import http1_context, ssl_context  # noqa: PLC0415

            context = await ssl_context(http1_context)
        pool = self._pool(url)  # somebody else may have made it while certificates were read
        if pool is None:
            loop: Any = current_token().native_token
            holder, watch = session(context), Watch(loop.time, loop.call_at)
            pool = Pool(holder, untraced(holder), loop, watch, retired=self._closed)
            self._pools[url.scheme] = pool
        return pool


def fetching(link: str, seconds: float, address: str | None = None) -> tuple[URL, Request]:
    """The request for a file, and the URL to connect to, without what is private.

    Percent signs stay as they are: in a link they are part of its text.
    """
    try:
        parts = urlsplit(link)
        bare = URL(f"{parts.scheme}://{parts.netloc}/")
        if not is_host(bare.raw_host or ""):  # once its letters are told apart
            raise ValueError(bare)

        target = quote(parts.path or "/", safe=_PLAIN)
        if parts.query:
            target += "?" + quote(parts.query, safe=_PLAIN)
    except ValueError as error:
        raise ConfigurationError("The link is no valid URL.") from error

    return bare if address is None else bare.with_host(address), Request(
        method="GET",
        endpoint="download",
        url=str(bare),
        target=target,
        headers=(
            ("Host", bare.raw_authority),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", USER_AGENT),
        ),
        content=b"",
        limit=0,
        timeout=seconds,
        address=address,
    )
