"""A way to the wire on which something happens at one request of many."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from pixlab_async.transports import Reply, Request, Stream, make_transport


class Striking:
    """Sends through the default transport, and tells when.

    Args:
        strike: Called with the number of each request, from 1, and whether it was answered
            already; may raise.
    """

    def __init__(self, strike: Callable[[int, bool], object]) -> None:
        self.requests: list[Request] = []
        self._strike = strike
        self._inner = make_transport("httpx", None)

    async def send(self, request: Request) -> Reply:
        self.requests.append(request)
        number = len(self.requests)
        self._strike(number, False)
        reply = await self._inner.send(request)
        self._strike(number, True)
        return reply

    def fetch(self, url: str, *, timeout: float) -> AbstractAsyncContextManager[Stream]:
        return self._inner.fetch(url, timeout=timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()
