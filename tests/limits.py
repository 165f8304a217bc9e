"""Rate limits of the kinds that services have, and clients that meet them, in simulated time.

Pure: nothing here waits or sends. ``benchmarks/limit_learner.py`` prints what the tests
assert.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count, pairwise
from random import Random
from typing import Protocol

from attrs import define, field, frozen

from pixlab_async._pacer import Pacer, Ticket

MINUTE = 60.0


class Limit(Protocol):
    """A server's rule: ``admit`` counts a request and says whether it is let through."""

    def admit(self, now: float) -> bool: ...

    def wait(self, now: float) -> float:
        """Seconds until a request would be let through: what ``Retry-After`` would say."""
        ...


@define
class FixedWindow:
    """So many in each minute of the server's clock, which began ``phase`` seconds earlier."""

    per_minute: float
    phase: float = 0.0
    _window: int = -1
    _used: int = 0

    def admit(self, now: float) -> bool:
        window = math.floor((now + self.phase) / MINUTE)
        if window != self._window:
            self._window, self._used = window, 0
        self._used += self._used < self.per_minute + 1
        return self._used <= self.per_minute

    def wait(self, now: float) -> float:
        return MINUTE - (now + self.phase) % MINUTE


@define
class Sliding:
    """So many in any minute; with ``counts_refusals``, refused requests use it up as well."""

    per_minute: float
    counts_refusals: bool = False
    _log: deque[float] = field(factory=deque[float])

    def admit(self, now: float) -> bool:
        while self._log and self._log[0] <= now - MINUTE:
            self._log.popleft()
        admitted = len(self._log) < self.per_minute
        if admitted or self.counts_refusals:
            self._log.append(now)
        return admitted

    def wait(self, now: float) -> float:
        excess = len(self._log) - math.floor(self.per_minute)
        return self._log[max(0, excess)] + MINUTE - now


@define
class Bucket:
    """Tokens that come back evenly, of which ``burst`` can be saved up."""

    per_minute: float
    burst: float
    _tokens: float = math.inf
    _at: float = 0.0

    def admit(self, now: float) -> bool:
        back = (now - self._at) * self.per_minute / MINUTE
        self._tokens, self._at = min(self.burst, self._tokens + back), now
        if self._tokens < 1:
            return False

        self._tokens -= 1
        return True

    def wait(self, now: float) -> float:
        return (1 - self._tokens) * MINUTE / self.per_minute


def limits(per_minute: int) -> dict[str, Callable[[], Limit]]:
    """Every kind of server at one limit, by the names of the benchmark's table."""
    return {
        "fixed": lambda: FixedWindow(per_minute, phase=23.0),
        "sliding": lambda: Sliding(per_minute),
        "sliding, counts refusals": lambda: Sliding(per_minute, counts_refusals=True),
        "bucket N": lambda: Bucket(per_minute, per_minute),
        "bucket N/10": lambda: Bucket(per_minute, per_minute / 10),
    }


@define
class Server:
    """A limit, and what it did to the requests so far.

    Args:
        limit: The rule.
        announces: Whether a refusal says how long to wait, in whole seconds.
        changes: Times at which the limit becomes another, in seconds.
    """

    limit: Limit
    announces: bool
    changes: Sequence[tuple[float, float]] = ()
    accepted: int = 0
    refused: int = 0
    # The longest row of requests that were all refused.
    refused_in_a_row: int = 0
    _row: int = 0

    def answer(self, now: float) -> tuple[bool, float | None]:
        """Whether the request is let through, and the wait that a refusal asks for."""
        for at, per_minute in self.changes:
            if now >= at:
                self.limit.per_minute = per_minute  # type: ignore[attr-defined] # all have it
        if self.limit.admit(now):
            self.accepted += 1
            self._row = 0
            return True, None

        self.refused += 1
        self._row += 1
        self.refused_in_a_row = max(self.refused_in_a_row, self._row)
        return False, math.ceil(self.limit.wait(now)) if self.announces else None


@define(eq=False)
class Client:
    """A backlog without end behind one pacer, and calls of a program that do not queue.

    Args:
        pacer: The rule under test.
        slots: Requests under way at once, at most.
        foreground: When interactive calls come; they go before the backlog.
    """

    pacer: Pacer
    slots: int = 16
    foreground: deque[float] = field(factory=deque[float])
    accepted: int = 0
    in_flight: int = 0
    foreground_sent: int = 0
    foreground_refused: int = 0
    foreground_waits: list[float] = field(factory=list[float])


@frozen
class Result:
    """What a run came to."""

    accepted: int
    refused: int
    best: int
    refused_in_a_row: int

    @property
    def share(self) -> float:
        """What was let through, of the most that could have been."""
        return self.accepted / self.best

    @property
    def refusals(self) -> float:
        """Refusals per thousand that were let through."""
        return 1000 * self.refused / max(1, self.accepted)


def run(
    server: Server,
    clients: Sequence[Client],
    seconds: float,
    *,
    random: Random,
    latency: tuple[float, float] = (0.06, 0.10),
) -> None:
    """Let the clients send as fast as their pacers let them, for so long."""
    events: list[tuple[float, int, Callable[[float], None]]] = []
    order = count()

    def later(at: float, event: Callable[[float], None]) -> None:
        heapq.heappush(events, (at, next(order), event))

    def send(client: Client, now: float) -> None:
        urgent = bool(client.foreground) and client.foreground[0] <= now
        if urgent:
            client.foreground_waits.append(now - client.foreground.popleft())
            client.foreground_sent += 1
        ticket = client.pacer.take(now)
        client.in_flight += 1
        trip = random.uniform(*latency) / 2
        later(now + trip, lambda at: arrive(client, ticket, at, trip, urgent=urgent))

    def arrive(client: Client, ticket: Ticket, now: float, trip: float, *, urgent: bool) -> None:
        admitted, wait = server.answer(now)
        client.foreground_refused += urgent and not admitted
        later(now + trip, lambda at: reply(client, ticket, at, wait, admitted=admitted))

    def reply(
        client: Client, ticket: Ticket, now: float, wait: float | None, *, admitted: bool
    ) -> None:
        client.in_flight -= 1
        if admitted:
            client.accepted += 1
            client.pacer.accepted(ticket, now)
        else:
            client.pacer.limited(ticket, now, wait)

    now = 0.0
    while now < seconds:
        wake = events[0][0] if events else math.inf
        for client in clients:
            # The last slot is for interactive calls, as at the gate.
            while client.in_flight < client.slots:
                delay = client.pacer.delay(now)
                if delay > 0:
                    wake = min(wake, now + delay)
                    break
                send(client, now)
                wake = min(wake, events[0][0])
        if events and events[0][0] <= wake:
            now, _, event = heapq.heappop(events)
            event(now)
        else:
            now = max(wake, math.nextafter(now, math.inf))


def best(limit: Callable[[], Limit], seconds: float) -> int:
    """The most requests that any client could get through, found by always asking."""
    rule = limit()
    if isinstance(rule, FixedWindow):
        windows = math.floor((seconds + rule.phase) / MINUTE) - math.floor(rule.phase / MINUTE) + 1
        return math.floor(windows * rule.per_minute)

    if isinstance(rule, Sliding):
        return math.ceil(seconds / MINUTE) * math.floor(rule.per_minute)

    assert isinstance(rule, Bucket)
    return math.floor(rule.burst + seconds * rule.per_minute / MINUTE)


def measure(
    limit: Callable[[], Limit],
    *,
    announces: bool,
    seconds: float = 1800.0,
    slots: int = 16,
    seed: int = 1,
) -> Result:
    """One client against one server."""
    server = Server(limit(), announces)
    client = Client(Pacer(random=Random(seed)), slots)
    run(server, [client], seconds, random=Random(seed + 1))
    return Result(server.accepted, server.refused, best(limit, seconds), server.refused_in_a_row)


def capacity(steps: Sequence[tuple[float, float]], end: float) -> float:
    """Requests that a limit which changes at these times lets through until the end."""
    edges = [*steps, (end, 0.0)]
    return sum((b - a) * rate / MINUTE for (a, rate), (b, _) in pairwise(edges))
