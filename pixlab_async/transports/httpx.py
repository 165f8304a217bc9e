"""The default transport: httpx, over connections that we hand out ourselves.

With ``_httpx_sending`` and its like the only one that imports httpx, and only its public
names. Three ways to send:

- ``HttpxTransport``: one-connection ``httpx.AsyncHTTPTransport`` objects in a last-in
  first-out free list. httpx's own pool costs more with every connection it holds; a free
  list does not. Capacity is the gate's business, above the seam.
- ``ForeignTransport``: an ``httpx.AsyncBaseTransport`` of the caller's (a proxy, special
  TLS, an ASGI app), under a client of ours.
- ``ClientTransport``: an ``httpx.AsyncClient`` of the caller's, used as it is.

How each request is sent, and kept out of httpx's own logs, is in ``_httpx_sending``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from time import monotonic
from typing import TypeGuard

import httpx
from attrs import evolve

from .._bridge import DeadlineReached, bridged
from .._errors import ConfigurationError
from .._key import HEADER, PARAMETER, guard_text
from .._origin import BaseURL, from_environment
from ._asleep import Sleep
from ._at_once import AtOnce, turn_of_others
from ._httpx_sending import (
    Client,
    Sender,
    Stream,
    close,
    fetching,
    timeouts,
)
from ._httpx_tls import http2_context, http_context, plain_context, ssl_context
from ._httpx_wire import KeyedTransport, Slot, wire_request
from ._resolving import Resolve, looked_up
from ._seam import Reply, Request, TransportFault, deadline_fault

# Idle connections older than this are not trusted to be open still. What the service
# itself allows is not known; a connection that it closed is found out when it is reused.
KEEPALIVE_EXPIRY = 30.0
_ONE_CONNECTION = httpx.Limits(
    max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEPALIVE_EXPIRY
)
# Seconds after a reply in which hosts do not hang up, as a rule. Where one does, it is found
# out; whoever traces httpx sees that as an error, though it is none.
_FRESH = 1.0


class HttpxTransport(Sender):
    """The default lane: one connection each, handed out last in, first out.

    Args:
        http2: Whether to speak HTTP/2 with a server that takes it.
        resolve: Looks up the hosts of links that are downloaded. Default: the operating
            system does.
        sleep: Says when the machine has slept.
    """

    cancel_safe = keeps_deadline = True

    def __init__(
        self,
        *,
        http2: bool = False,
        resolve: Resolve = looked_up,
        sleep: Sleep | None = None,
    ) -> None:
        if http2:
            _require_h2()
        super().__init__(Client(transport=KeyedTransport(), trust_env=False))
        self._resolve = resolve
        self._http2 = http2
        # Idle connections by origin, and each known URL's share of them.
        self._idle: dict[str, list[Slot]] = {}
        self._idle_of: dict[str, list[Slot]] = {}
        self._closed = False
        self._sleep = sleep or Sleep()
        self._turn: object = None

    async def send(self, request: Request) -> Reply:
        free = self._idle_of.get(request.url)
        if free is None:
            free = self._free(request.url)
        dead = self._taken() if self._sleep.was_long() else []
        if free and request.content == b"" and free[-1].fresh_until > monotonic():
            try:
                over = self._over(free.pop(), request, free, opens=False)
                return await AtOnce(over, self._turn)
            except TransportFault as fault:
                if fault.phase != "connect":
                    raise

            # The host had hung up, and nothing was sent.
        try:
            return await bridged(partial(self._opening, request, free, dead), request.deadline)
        except DeadlineReached:
            pass
        raise deadline_fault()

    async def _opening(self, request: Request, free: list[Slot], dead: list[Slot]) -> Reply:
        """Send it over a connection that may have to be opened. For a task of its own.

        One that httpx opens in a task that is cancelled natively is lost for good.
        """
        await _discard_all(dead)
        self._turn = turn_of_others()
        slot = free.pop() if free else await self._open(request.url)
        return await self._over(slot, request, free, opens=True)

    async def _over(self, slot: Slot, request: Request, free: list[Slot], *, opens: bool) -> Reply:
        """Send it over that connection; any cancellation costs that one, and nothing else."""
        try:
            outer = self._outer(request, slot, opens=opens)
            reply = await self._exchange(outer, request, reused=slot.used)
        except BaseException as error:
            # A connection that broke, or was left in the middle, serves nobody else.
            await _discard(slot)
            if isinstance(error, TransportFault) and error.stale:
                await _discard_all(self._taken())  # they are of the same age
            raise

        slot.used = True
        if slot.kept is not None:
            slot.kept.aim("")  # an idle connection keeps nobody's key and link
        if not self._http2 and reply.headers.get("connection", "").lower() != "close":
            slot.fresh_until = monotonic() + _FRESH
        await self._put_back(slot, free)
        return reply

    def _free(self, url: str) -> list[Slot]:
        """The idle connections to where the URL is: the same list for all of one origin."""
        parsed = self._url(url)
        origin = f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"
        free = self._idle_of[url] = self._idle.setdefault(origin, [])
        return free

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        return await self._resolve(host, port)

    @asynccontextmanager
    async def fetch(
        self, url: str, *, timeout: float, address: str | None = None
    ) -> AsyncGenerator[Stream]:
        # A connection of its own: media lie on another host, and few are fetched.
        request = fetching(url, timeout, address)
        slot = await self._open(request.url)
        try:
            outer = self._outer(request, slot)
            async with self._stream(outer) as stream:
                yield stream
        finally:
            await _discard(slot)

    async def aclose(self) -> None:
        # Not the httpx client: it holds nothing, and calls under way are still to go through.
        self._closed = True
        await _discard_all(self._taken())

    def _taken(self) -> list[Slot]:
        """All idle connections, which nobody else finds any more."""
        taken = [slot for free in self._idle.values() for slot in free]
        for free in self._idle.values():
            free.clear()
        return taken

    async def _open(self, url: str) -> Slot:
        secure = url.startswith("https:")
        make = http2_context if self._http2 else http_context
        context = await ssl_context(make) if secure else plain_context()
        transport = httpx.AsyncHTTPTransport(
            verify=context, trust_env=False, limits=_ONE_CONNECTION, http2=self._http2
        )
        return Slot(transport, native=True)

    async def _put_back(self, slot: Slot, free: list[Slot]) -> None:
        if self._closed:
            await _discard(slot)
        else:
            free.append(slot)


async def _discard_all(slots: list[Slot]) -> None:
    try:
        while slots:
            await _discard(slots.pop())
    finally:
        if slots:  # a native cancellation ends the closing of one alone
            await _discard_all(slots)


async def _discard(slot: Slot) -> None:
    slot.kept = None  # it refers to the slot: the two would live until the collector comes by
    await close(slot.transport)


def _require_h2() -> None:
    try:
        import_module("h2")
    except ImportError:
        raise ConfigurationError(
            "http2=True needs the extra 'http2': in the checkout run pip install '.[http2]'."
        ) from None


class ForeignTransport(Sender):
    """An httpx transport of the caller's, closed with the client.

    Not under a call, though: a connection that httpx is still opening then is closed by nobody.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        super().__init__(Client(transport=KeyedTransport(), trust_env=False))
        self._slot = Slot(transport)
        self._under_way = 0

    async def send(self, request: Request) -> Reply:
        async with self._counted():
            return await self._exchange(self._outer(request, self._slot), request)

    @asynccontextmanager
    async def fetch(self, url: str, *, timeout: float) -> AsyncGenerator[Stream]:
        outer = self._outer(fetching(url, timeout), self._slot)
        async with self._counted(), self._stream(outer) as stream:
            yield stream

    async def aclose(self) -> None:
        """Close it now, or with the last call under way."""
        await close(self._client)
        await self._close_if_done()

    @asynccontextmanager
    async def _counted(self) -> AsyncGenerator[None]:
        self._check_open()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            await self._close_if_done()

    async def _close_if_done(self) -> None:
        if self._client.is_closed and not self._under_way:
            await close(self._slot.transport)


class ClientTransport(Sender):
    """An ``httpx.AsyncClient`` of the caller's, who closes it.

    The request is complete before the client sees it, so the client's logging and hooks
    see its parameters (never the key, which is in the header here). The client's own
    headers, parameters, cookies and authentication are not added.
    """

    _closed_before = "The httpx client is closed: close it after the AsyncPixLab, not before."

    async def send(self, request: Request) -> Reply:
        return await self._exchange(self._complete(request), request)

    def _complete(self, request: Request) -> httpx.Request:
        url = self._url(request.url).copy_with(raw_path=request.target.encode("ascii"))
        return wire_request(request, url, {"timeout": timeouts(request.timeout)})

    @asynccontextmanager
    async def fetch(self, url: str, *, timeout: float) -> AsyncGenerator[Stream]:
        async with self._stream(self._complete(fetching(url, timeout))) as stream:
            yield stream

    async def aclose(self) -> None:
        """Leave the client to its owner."""


def is_httpx_transport(value: object) -> TypeGuard[httpx.AsyncBaseTransport]:
    """Whether the value is an httpx transport for async clients."""
    return isinstance(value, httpx.AsyncBaseTransport)


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
