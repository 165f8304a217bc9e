"""A service in memory that answers by itself, and as it is told in the beginning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from urllib.parse import parse_qs, urlsplit

import anyio

from pixlab_async import AsyncPixLab, RetryPolicy
from pixlab_async.transports import Reply, Request, Stream, TransportFault

from .modelled import said

# What a service says of the n-th request for a link instead of the truth; None for the truth.
Rule = Callable[[str, int], "Reply | TransportFault | None"]


class Answering:
    """Deletes what it is asked to, after so many turns of the event loop."""

    def __init__(
        self, stored: Iterable[str], rule: Rule = lambda link, times: None, *, turns: int = 2
    ) -> None:
        self.stored = set(stored)
        self.deleted: list[str] = []
        self.asked: Counter[str] = Counter()
        self.under_way = 0
        self._rule, self._turns = rule, turns

    async def send(self, request: Request) -> Reply:
        link = parse_qs(urlsplit(request.target).query)["link"][0]
        self.asked[link] += 1
        self.under_way += 1
        try:
            for _ in range(self._turns):
                await anyio.lowlevel.checkpoint()
            reply = self._answer(link)
            for _ in range(self._turns):
                await anyio.lowlevel.checkpoint()
        finally:
            self.under_way -= 1
        return reply

    def _answer(self, link: str) -> Reply:
        told = self._rule(link, self.asked[link])
        if isinstance(told, TransportFault):
            raise told

        if told is not None:
            return told

        if link not in self.stored:
            return said(404, error="nothing there")

        self.stored.remove(link)
        self.deleted.append(link)
        return said(200, id="x", deleted=True)

    def client(self) -> AsyncPixLab:
        return AsyncPixLab(
            api_key="0123456789abcdef0123456789abcdef",
            transport=self,
            retry=RetryPolicy(base=0.0, cap=0.0),
        )

    def fetch(self, url: str, *, timeout: float) -> AbstractAsyncContextManager[Stream]:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to close."""
