"""Faults on demand: what goes wrong, where, and how often, as a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Literal

import anyio
from attrs import field, frozen

_STEP = 0.05


@frozen
class Fault:
    """Trouble for requests to come.

    Attributes:
        endpoint: Whom it strikes: an endpoint's name, "media" for fetches of stored
            pictures, or None for every request.
        times: How many requests it strikes; None for all.
        acts: Whether the service does its work all the same, so that only the reply is
            lost or wrong.
        latency: Seconds before anything happens.
        status: Answer with this status, in HTTP and in the body.
        http_status: Answer with this HTTP status, whatever the body says.
        body: Answer with these bytes.
        media_type: The content type that goes with ``body``.
        headers: Header fields for the reply, such as ``Retry-After``.
        truncated: Send only the first half of the body, as if that were all.
        reset: Break the connection "before" the reply, or in its "middle".
    """

    endpoint: str | None = None
    times: int | None = 1
    acts: bool = False
    latency: float = 0.0
    status: int | None = None
    http_status: int | None = None
    body: bytes | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(factory=dict[str, str])
    truncated: bool = False
    reset: Literal["before", "middle"] | None = None

    @property
    def works(self) -> bool:
        """Whether the endpoint is to do its work."""
        return self.acts or (self.status is None and self.body is None and self.reset != "before")


class Forgotten(Exception):
    """The emulator was cleared while a fault kept a request waiting."""


class FaultPlan:
    """The faults that are still to strike. Safe between threads."""

    def __init__(self) -> None:
        self._left: list[tuple[Fault, float]] = []
        self._lock = Lock()
        self._forgotten = 0

    def add(self, fault: Fault) -> None:
        """Let the fault strike from now on, after those that were added before."""
        with self._lock:
            self._left.append((fault, float("inf") if fault.times is None else fault.times))

    def clear(self) -> None:
        """Let nothing strike any more."""
        with self._lock:
            self._left.clear()

    def forget(self) -> None:
        """Let nothing strike any more, and whom it struck wait no longer."""
        self.clear()
        self._forgotten += 1

    async def wait(self, fault: Fault) -> None:
        """Wait for as long as the fault says; in short steps, since another thread forgets.

        Raises:
            Forgotten: It was forgotten meanwhile.
        """
        forgotten, left = self._forgotten, fault.latency
        while left > 0:
            await anyio.sleep(min(left, _STEP))
            left -= _STEP
            if self._forgotten != forgotten:
                raise Forgotten

    def strike(self, endpoint: str) -> Fault | None:
        """The fault that strikes a request to this endpoint now, if one does."""
        with self._lock:
            for index, (fault, left) in enumerate(self._left):
                if fault.endpoint in (None, endpoint):
                    self._left[index] = (fault, left - 1)
                    if left <= 1:
                        del self._left[index]
                    return fault

        return None
