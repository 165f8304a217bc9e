"""Telling tasks, from a thread and without waiting for them, that what they wait for is done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
from anyio.lowlevel import EventLoopToken, current_token
from attrs import define, field


@define(eq=False)
class Waiter:
    """A task that waits until so many rows are committed; made in its event loop.

    Attributes:
        target: How many, counted from the writer's begin.
        failure: What went wrong, if it did.
    """

    target: int
    failure: Exception | None = None
    _token: EventLoopToken = field(factory=current_token)
    _arrived: anyio.Event = field(factory=lambda: anyio.Event())  # noqa: PLW0108 - anyio loads lazily

    async def wait(self) -> None:
        """Return once the target is reached, or something went wrong."""
        await self._arrived.wait()

    def tell(self) -> None:
        """Let the task go on. Callable from any thread."""
        post(self._token, self._arrived.set)


class Waiters:
    """All who wait for one writer; its lock is held around each method."""

    def __init__(self) -> None:
        self._waiting: list[Waiter] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def all(self) -> list[Waiter]:
        """Those who wait now."""
        return list(self._waiting)

    def add(self, target: int) -> Waiter:
        """Wait in the current task."""
        waiter = Waiter(target)
        self._waiting.append(waiter)
        return waiter

    def discard(self, waiter: Waiter) -> None:
        """Forget one, if it is still there."""
        with suppress(ValueError):
            self._waiting.remove(waiter)

    def reached(self, committed: int) -> None:
        """Tell those whose rows are committed."""
        self._tell([waiter for waiter in self._waiting if waiter.target <= committed])

    def failed(self, waiters: list[Waiter], error: Exception) -> None:
        """Tell these that their rows are not committed."""
        for waiter in waiters:
            waiter.failure = error
        self._tell(waiters)

    def withdrawn(self, place: int) -> None:
        """Wait for one row less, where it would have come after ``place`` others."""
        for waiter in self._waiting:
            waiter.target -= waiter.target > place

    def _tell(self, waiters: list[Waiter]) -> None:
        for waiter in waiters:
            self.discard(waiter)
            waiter.tell()


def post(token: EventLoopToken, report: Callable[[], object]) -> bool:
    """Have a function called in an event loop, without waiting for it; False where that is gone.

    anyio's ``from_thread.run_sync`` waits: for ever where the loop ends meanwhile, and for a
    loop whose thread waits for the very thread that tells it.
    """
    loop: Any = token.native_token
    call = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon
    with suppress(RuntimeError):  # the loop is closed (trio: RunFinishedError), and nobody waits
        call(report)
        return True

    return False
