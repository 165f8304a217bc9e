"""The service's rate limit in memory, on anyio's clock: minutes pass as fast as they are simulated.

A transport of ours (the seam is public), so that everything above it is the real thing.
"""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager
from random import Random
from urllib.parse import parse_qs, urlsplit

import anyio

from pixlab_async.transports import Reply, Request, Stream, TransportFault

MINUTE = 60.0


class SimulatedService:
    """Deletes whatever it is asked to, under a fixed window of a minute."""

    def __init__(
        self,
        per_minute: int,
        *,
        announce_wait: bool,
        phase: float = 0.0,
        trouble: Random | None = None,
    ) -> None:
        self.per_minute = per_minute
        self.announce_wait = announce_wait
        self.phase = phase
        self.trouble = trouble
        self.requests = self.refused = self.deleted = 0
        self.gone: set[str] = set()
        self._window, self._count = -1, 0
        self._random = Random(5)

    async def send(self, request: Request) -> Reply:
        await anyio.sleep(self._random.uniform(0.02, 0.07))
        self.requests += 1
        now = anyio.current_time() + self.phase
        if now // MINUTE != self._window:
            self._window, self._count = int(now // MINUTE), 0
        self._count += 1
        if self._count > self.per_minute:
            self.refused += 1
            headers = {"retry-after": f"{MINUTE - now % MINUTE:.0f}"} if self.announce_wait else {}
            reply = _reply(429, headers, error="too many requests")
        else:
            reply = self._delete(parse_qs(urlsplit(request.target).query)["link"][0])
        await anyio.sleep(self._random.uniform(0.02, 0.07))
        return reply

    def _delete(self, link: str) -> Reply:
        dice = self.trouble.random() if self.trouble else 1.0
        if dice < 0.02:
            raise TransportFault("reset before the work", sent=True)

        if link in self.gone:
            return _reply(404, {}, error="nothing there")

        self.gone.add(link)
        self.deleted += 1
        if dice < 0.04:
            raise TransportFault("reset after the work", sent=True)

        return _reply(200, {}, id=link, deleted=True)

    def fetch(self, url: str, *, timeout: float) -> AbstractAsyncContextManager[Stream]:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to close."""


def _reply(status: int, headers: dict[str, str], **fields: object) -> Reply:
    body = json.dumps({**fields, "status": status}).encode()
    return Reply(status, {"content-type": "application/json", **headers}, body)
