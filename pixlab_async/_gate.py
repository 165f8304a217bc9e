"""The one place where calls wait their turn: for a free connection and for the pacer.

Capacity is the number of connections, so nothing ever queues inside the HTTP library.
First come, first served, but interactive calls go before those of batches, and a batch
never takes the last connection. Who waits holds nothing. All bookkeeping is in plain
functions; the only await is the wait itself, and a cancellation there gives back whatever
had just been granted.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum, IntEnum

import anyio

from ._errors import ConfigurationError, TimedOut
from ._pacer import Pacer, Ticket


class Priority(IntEnum):
    """Whose call it is."""

    INTERACTIVE = 0
    BATCH = 1


class Verdict(Enum):
    """What became of a request, as far as the rate limit is concerned."""

    ACCEPTED = "accepted"
    LIMITED = "limited"
    LOST = "lost"
    UNSENT = "unsent"
    UNUSED = "unused"


class _Waiter:
    __slots__ = ("event", "ticket", "wakes_at")

    def __init__(self) -> None:
        self.event = anyio.Event()
        self.ticket: Ticket | None = None
        # When it will look again by itself; only the first in line sets a timer.
        self.wakes_at = math.inf


class Gate:
    """Slots and pace, shared by every caller of a client.

    Args:
        capacity: Requests that may be under way at once.
        pacer: The rate rule.
        clock: Seconds, monotonic. Default: the event loop's.
    """

    def __init__(
        self, capacity: int, pacer: Pacer, clock: Callable[[], float] | None = None
    ) -> None:
        self.capacity = capacity
        self.in_use = 0
        self.pacer = pacer
        # Named here and not as a default: anyio loads its parts when they are first used.
        self._clock = clock or anyio.current_time
        self._closed = False
        # One request of a batch must not keep an interactive call waiting for a slot.
        self._capacities = (capacity, max(1, capacity - 1))
        self._queues: tuple[OrderedDict[_Waiter, None], ...] = (OrderedDict(), OrderedDict())

    @property
    def queued(self) -> int:
        """How many callers wait."""
        return sum(len(queue) for queue in self._queues)

    def try_enter(self, priority: Priority, now: float) -> Ticket | None:
        """Enter without waiting, or None where the caller has to wait.

        Raises:
            ConfigurationError: The client is closed.
        """
        if self._closed:
            raise ConfigurationError(CLOSED)

        if self._queues[0] or self._queues[priority] or self.in_use >= self._capacities[priority]:
            return None

        return self._take(now) if self.pacer.delay(now) <= 0 else None

    async def enter(self, priority: Priority, deadline: float = math.inf) -> Ticket:
        """Wait for a slot and for leave to send.

        Raises:
            TimedOut: The clock reached the deadline; phase "queue".
            ConfigurationError: The client was closed meanwhile.
        """
        ticket = self.try_enter(priority, self._clock())
        if ticket is not None:
            return ticket

        waiter = _Waiter()
        queue = self._queues[priority]
        queue[waiter] = None
        try:
            return await self._wait(waiter, deadline)
        except BaseException:
            queue.pop(waiter, None)
            if waiter.ticket is not None:
                self.leave(waiter.ticket, Verdict.UNUSED)
            self._dispatch()
            raise

    def leave(
        self,
        ticket: Ticket,
        verdict: Verdict,
        now: float | None = None,
        *,
        retry_after: float | None = None,
    ) -> None:
        """Give the slot back, and tell the pacer what became of the request.

        Args:
            ticket: What was given on entering.
            verdict: What became of it.
            now: What the clock says, where the caller knows.
            retry_after: Seconds that a refusal asks to wait.
        """
        now = self._clock() if now is None else now
        if verdict is Verdict.ACCEPTED:
            self.pacer.accepted(ticket, now)
        elif verdict is Verdict.LIMITED:
            self.pacer.limited(ticket, now, retry_after)
        elif verdict is Verdict.LOST:
            self.pacer.lost(ticket)
        elif verdict is Verdict.UNSENT:
            self.pacer.give_back(ticket)
        else:
            self.pacer.unused(ticket)
        self.in_use -= 1
        if self._queues[0] or self._queues[1]:
            self._dispatch()

    def close(self) -> None:
        """Turn away everybody who waits, and who comes later."""
        self._closed = True
        for queue in self._queues:
            for waiter in queue:
                waiter.event.set()

    async def _wait(self, waiter: _Waiter, deadline: float) -> Ticket:
        while True:
            waiter.wakes_at = math.inf
            self._dispatch(asking=waiter)
            if self._closed:
                raise ConfigurationError(CLOSED)

            # Before the ticket: what is granted in the last moment would be sent in vain.
            if self._clock() >= deadline:
                raise TimedOut("no connection or no leave of the rate limit in time", phase="queue")

            if waiter.ticket is not None:
                return waiter.ticket

            with anyio.CancelScope(deadline=min(deadline, waiter.wakes_at)):
                await waiter.event.wait()
            if waiter.event.is_set() and waiter.ticket is None:
                waiter.event = anyio.Event()

    def _take(self, now: float) -> Ticket:
        self.in_use += 1
        return self.pacer.take(now)

    def _dispatch(self, asking: _Waiter | None = None) -> None:
        """Grant whatever can be granted; see that the first in line has a timer."""
        if self._closed or not (self._queues[0] or self._queues[1]):
            return

        now = self._clock()
        while (first := self._first()) is not None:
            priority, waiter = first
            if self.in_use >= self._capacities[priority]:
                return  # whoever leaves comes by here

            delay = self.pacer.delay(now)
            if delay > 0:
                if waiter.wakes_at > now + delay:
                    waiter.wakes_at = now + delay
                    if waiter is not asking:
                        waiter.event.set()
                return

            del self._queues[priority][waiter]
            waiter.ticket = self._take(now)
            waiter.event.set()

    def _first(self) -> tuple[Priority, _Waiter] | None:
        for priority in Priority:
            if self._queues[priority]:
                return priority, next(iter(self._queues[priority]))

        return None


CLOSED = "The client is closed: make a new AsyncPixLab, or close it later."
