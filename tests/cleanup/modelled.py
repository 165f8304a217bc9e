"""What the model tests stand on: a clock that stands still, a service that is told what to say.

Everything above the transport is the real thing: client, gate, batch, job and SQLite journal.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qs, urlsplit

import anyio
from attrs import define, field
from hypothesis import strategies as st

from pixlab_async import AsyncPixLab, RetryPolicy
from pixlab_async.transports import Reply, Request, Stream, TransportFault

T = TypeVar("T")

Answer = Literal["honest", "429", "429 later", "400", "401", "refused"]
# What goes wrong before or after the service did its work.
Fault = Literal["500", "reset", "truncated", "no JSON 404"]

ANSWERS = st.sampled_from(["honest", "honest", "honest", "429", "429 later", "400", "refused"])
FAULTS = st.sampled_from(["500", "reset", "truncated", "no JSON 404"])


class StoppedClock(asyncio.SelectorEventLoop):
    """An event loop whose clock goes on only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.run_until_complete(work)

    def settle(self, busy: Callable[[], bool]) -> None:
        """Let everybody run until all wait for an answer or the clock."""
        self.do(self._settled(busy))

    async def _settled(self, busy: Callable[[], bool]) -> None:
        limiter = anyio.to_thread.current_default_thread_limiter()
        calm = 0
        while calm < 3:  # a timer that is due is not ready before the loop's next turn
            await asyncio.sleep(0)
            at_work: Any = self._ready  # type: ignore[attr-defined]
            if at_work:
                calm = 0
            elif limiter.borrowed_tokens or busy():
                calm = 0
                time.sleep(0.0001)  # for the threads that are at work, whose clock is a real one
            else:
                calm += 1


@define(eq=False)
class Asked:
    """A request that waits for its answer."""

    link: str
    answered: asyncio.Event = field(factory=asyncio.Event)
    reply: Reply | TransportFault | None = None


@define(eq=False)
class Service:
    """Stores links, deletes them, and answers what it is told to.

    Attributes:
        stored: Links that are there.
        deleted: Links that were, in the order of their deletion: the server's log.
        asked: How often each was asked for.
        waiting: Requests without an answer.
        carries_on: Whether it does the work of requests whose sender has gone.
    """

    stored: set[str] = field(factory=set[str])
    deleted: list[str] = field(factory=list[str])
    asked: Counter[str] = field(factory=Counter[str])
    waiting: list[Asked] = field(factory=list[Asked])
    carries_on: bool = False

    async def send(self, request: Request) -> Reply:
        asked = Asked(parse_qs(urlsplit(request.target).query)["link"][0])
        self.asked[asked.link] += 1
        self.waiting.append(asked)
        try:
            await asked.answered.wait()
        finally:
            if asked.reply is None:  # nobody waits any more
                self.waiting.remove(asked)
                if self.carries_on:
                    self.delete(asked.link)
        if isinstance(asked.reply, TransportFault):
            raise asked.reply

        assert asked.reply is not None
        return asked.reply

    def delete(self, link: str) -> bool:
        if link not in self.stored:
            return False

        self.stored.remove(link)
        self.deleted.append(link)
        return True

    def answer(self, which: int, answer: str) -> None:
        asked = self._take(which)
        if answer == "honest":
            was_there = self.delete(asked.link)
            reply = said(200, id="x", deleted=True) if was_there else said(404, error="nothing")
        elif answer == "refused":
            self._tell(asked, TransportFault("nobody is there", sent=False))
            return
        elif answer == "429 later":
            reply = said(429, error="slower", headers={"retry-after": "20"})
        else:
            reply = said(int(answer), error="no")
        self._tell(asked, reply)

    def spoil(self, which: int, fault: str, *, after: bool) -> None:
        """Answer so that nobody can tell from it what was done."""
        asked = self._take(which)
        if after:
            self.delete(asked.link)
        if fault == "500":
            self._tell(asked, said(500, error="trouble"))
        elif fault == "reset":
            self._tell(asked, TransportFault("the connection broke", sent=True))
        elif fault == "truncated":
            self._tell(asked, Reply(200, {"content-type": "application/json"}, b'{"status":200,'))
        else:
            self._tell(asked, Reply(404, {"content-type": "text/html"}, b"<html>who?</html>"))

    def _take(self, which: int) -> Asked:
        return self.waiting.pop(which % len(self.waiting))

    def _tell(self, asked: Asked, reply: Reply | TransportFault) -> None:
        asked.reply = reply
        asked.answered.set()

    def fetch(self, url: str, *, timeout: float) -> AbstractAsyncContextManager[Stream]:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to close."""


def said(status: int, headers: dict[str, str] | None = None, **fields: object) -> Reply:
    body = json.dumps({**fields, "status": status}).encode()
    return Reply(status, {"content-type": "application/json", **(headers or {})}, body)


def client_for(service: Service) -> AsyncPixLab:
    """A client that retries at once, and whose jitter is the same in each run of the test."""
    pixlab = AsyncPixLab(
        api_key="0123456789abcdef0123456789abcdef",
        transport=service,
        retry=RetryPolicy(base=0.0, cap=0.0),
    )
    pixlab._core.random.seed(1)
    pixlab._core.main.gate.pacer._random.seed(1)
    return pixlab
