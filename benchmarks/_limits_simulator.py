"""Servers with a rate limit and clients that meet it, in virtual time: a heap of events.

No event loop, no sockets, no sleeping: half an hour of 600 requests a minute takes a part of
a second. The client's side is the package's own rule (or another that has its methods) under
a model of the gate: workers with an endless backlog, a foreground caller that goes first.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Protocol

from pixlab_async._pacer import Pacer, Ticket

MINUTE = 60.0
# Seconds that a request and its reply are on their way, both together.
LATENCY = (0.06, 0.10)

# (from this second on, requests per minute), the first at 0.
Limits = Sequence[tuple[float, float]]


def limit_at(limits: Limits, now: float) -> float:
    """The limit of that moment."""
    return next(limit for since, limit in reversed(limits) if since <= max(now, 0.0))


# --- Servers --------------------------------------------------------------------------------


class Server(Protocol):
    """A rate limit."""

    def refuse(self, now: float) -> float | None:
        """Seconds until there is room where the request is refused, else None."""
        ...

    def most(self, seconds: float) -> float:
        """How many requests the best client gets through, from the start."""
        ...


class FixedWindow:
    """Counts per window of a minute; windows began before the client did."""

    def __init__(self, limits: Limits, random: Random) -> None:
        self._limits = limits
        self._phase = random.uniform(0.0, MINUTE)
        self._window, self._count = -1, 0

    def refuse(self, now: float) -> float | None:
        window = int((now + self._phase) // MINUTE)
        if window != self._window:
            self._window, self._count = window, 0
        self._count += 1
        if self._count <= limit_at(self._limits, now):
            return None

        return MINUTE - (now + self._phase) % MINUTE

    def most(self, seconds: float) -> float:
        windows = math.ceil((seconds + self._phase) / MINUTE)
        return sum(limit_at(self._limits, n * MINUTE - self._phase) for n in range(windows))


class SlidingLog:
    """Allows so many in any minute; what it refused may count like the rest."""

    def __init__(self, limits: Limits, *, counts_refused: bool = False) -> None:
        self._limits = limits
        self._counts_refused = counts_refused
        self._log: deque[float] = deque()

    def refuse(self, now: float) -> float | None:
        while self._log and self._log[0] <= now - MINUTE:
            self._log.popleft()
        limit = int(limit_at(self._limits, now))
        if len(self._log) < limit:
            self._log.append(now)
            return None

        if self._counts_refused:
            self._log.append(now)
        return self._log[-limit] + MINUTE - now

    def most(self, seconds: float) -> float:
        return refill(self._limits, 0.0, seconds)


class TokenBucket:
    """Refills evenly, up to a share of a minute's limit."""

    def __init__(self, limits: Limits, *, share: float = 1.0) -> None:
        self._limits = limits
        self._share = share
        self._tokens = self._burst(0.0)
        self._at = 0.0

    def refuse(self, now: float) -> float | None:
        tokens = self._tokens + refill(self._limits, self._at, now)
        self._at, self._tokens = now, min(tokens, self._burst(now))
        if self._tokens >= 1:
            self._tokens -= 1
            return None

        return (1 - self._tokens) * MINUTE / limit_at(self._limits, now)

    def most(self, seconds: float) -> float:
        return self._burst(0.0) + refill(self._limits, 0.0, seconds)

    def _burst(self, now: float) -> float:
        return max(1.0, limit_at(self._limits, now) * self._share)


def refill(limits: Limits, start: float, end: float) -> float:
    """What the limits allow from one moment to another, evenly spread."""
    ends = [since for since, _ in limits[1:]] + [math.inf]
    return sum(
        limit * max(0.0, min(end, until) - max(start, since)) / MINUTE
        for (since, limit), until in zip(limits, ends, strict=True)
    )


SERVERS: dict[str, Callable[[Limits, Random], Server]] = {
    "fixed": FixedWindow,
    "sliding": lambda limits, _: SlidingLog(limits),
    "slidingR": lambda limits, _: SlidingLog(limits, counts_refused=True),
    "bucketN": lambda limits, _: TokenBucket(limits),
    "bucket10": lambda limits, _: TokenBucket(limits, share=0.1),
}


# --- Clients --------------------------------------------------------------------------------


class Rule(Protocol):
    """What decides when to send: the pacer's methods."""

    def delay(self, now: float) -> float: ...

    def take(self, now: float) -> Ticket: ...

    def accepted(self, ticket: Ticket, now: float) -> None: ...

    def limited(self, ticket: Ticket, now: float, retry_after: float | None) -> None: ...


class Oracle:
    """Knows the limit, and sends evenly."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._next_at = 0.0

    def delay(self, now: float) -> float:
        return max(0.0, self._next_at - now)

    def take(self, now: float) -> Ticket:
        # A thousandth slower, so that latency's jitter alone does not refuse it.
        self._next_at = now + 1.001 * MINUTE / limit_at(self._limits, now)
        return Ticket(now, probe=False)

    def accepted(self, ticket: Ticket, now: float) -> None:
        pass

    def limited(self, ticket: Ticket, now: float, retry_after: float | None) -> None:
        pass


class Unpaced:
    """Sends whenever it can; each refused request waits for itself (see ``backoff``)."""

    def delay(self, now: float) -> float:  # noqa: ARG002 - a rule's method
        return 0.0

    def take(self, now: float) -> Ticket:
        return Ticket(now, probe=False)

    def accepted(self, ticket: Ticket, now: float) -> None:
        pass

    def limited(self, ticket: Ticket, now: float, retry_after: float | None) -> None:
        pass


def backoff(attempt: int, retry_after: float | None, random: Random) -> float:
    """The usual wait of a single request: as asked, else full jitter up to 30 seconds."""
    if retry_after is not None:
        return retry_after + random.uniform(0.0, 0.25)

    return random.uniform(0.0, min(30.0, 0.5 * 2.0 ** min(attempt, 10)))


@dataclass
class Job:
    """One request that is to get through, however often it is sent."""

    foreground: bool = False
    attempts: int = 0


@dataclass
class Client:
    """Workers with an endless backlog under one rule, and perhaps a foreground caller.

    Attributes:
        rule: When to send.
        workers: Requests that the backlog has under way at the most.
        waits: Whether each refused request waits by itself, apart from the rule.
        foreground_every: Seconds between the foreground caller's calls; 0 for none.
    """

    rule: Rule
    workers: int = 10
    waits: bool = False
    foreground_every: float = 0.0
    accepted: int = 0
    refused: int = 0
    foreground_calls: int = 0
    foreground_refused: int = 0
    sent_at: list[float] = field(default_factory=list[float])
    queue: deque[Job] = field(default_factory=deque[Job])
    idle: int = 0
    wakes_at: float = math.inf

    def __post_init__(self) -> None:
        self.idle = self.workers

    def next_job(self) -> Job | None:
        """The one that goes next: the foreground's, else the backlog's where it is allowed."""
        if self.queue and self.queue[0].foreground:
            return self.queue.popleft()

        if not self.idle:
            return None

        self.idle -= 1
        return self.queue.popleft() if self.queue else Job()


@dataclass
class Simulation:
    """Runs clients against one server.

    Args:
        server: The rate limit, shared by the clients.
        clients: Who sends.
        random: The source of latencies.
        announces: Whether a refusal carries ``Retry-After``, in whole seconds.
    """

    server: Server
    clients: Sequence[Client]
    random: Random
    announces: bool
    _events: list[tuple[float, int, Callable[[float], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[float], None]]]
    )
    _number: int = 0

    def run(self, seconds: float) -> None:
        for client in self.clients:
            # Nobody's clock begins with the server's.
            self._at(self.random.uniform(0.0, 0.1), partial(self._dispatch, client))
            if client.foreground_every:
                self._at(client.foreground_every, partial(self._call, client))
        while self._events and self._events[0][0] < seconds:
            now, _, happen = heapq.heappop(self._events)
            happen(now)

    def _at(self, when: float, happen: Callable[[float], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (when, self._number, happen))

    def _call(self, client: Client, now: float) -> None:
        client.foreground_calls += 1
        client.queue.appendleft(Job(foreground=True))
        self._at(now + client.foreground_every, partial(self._call, client))
        self._dispatch(client, now)

    def _wake(self, client: Client, now: float) -> None:
        if client.wakes_at <= now:
            client.wakes_at = math.inf
            self._dispatch(client, now)

    def _dispatch(self, client: Client, now: float) -> None:
        """Send what may be sent; see that somebody looks again when the rest may."""
        while client.idle or client.queue:
            delay = client.rule.delay(now)
            if delay > 0:
                if now + delay < client.wakes_at and delay < math.inf:
                    client.wakes_at = now + delay
                    self._at(client.wakes_at, partial(self._wake, client))
                return

            job = client.next_job()
            if job is None:
                return

            self._send(client, job, now)

    def _send(self, client: Client, job: Job, now: float) -> None:
        ticket = client.rule.take(now)
        job.attempts += 1
        client.sent_at.append(now)
        there = self.random.uniform(*LATENCY) / 2

        def arrive(then: float) -> None:
            wait = self.server.refuse(then)
            back = then + self.random.uniform(*LATENCY) / 2
            self._at(back, partial(self._reply, client, job, ticket, wait))

        self._at(now + there, arrive)

    def _reply(
        self, client: Client, job: Job, ticket: Ticket, wait: float | None, now: float
    ) -> None:
        if wait is None:
            client.accepted += 1
            client.rule.accepted(ticket, now)
            client.idle += not job.foreground
            self._dispatch(client, now)
            return

        client.refused += 1
        client.foreground_refused += job.foreground and job.attempts == 1
        asked = float(math.ceil(wait)) if self.announces else None
        client.rule.limited(ticket, now, asked)
        pause = backoff(job.attempts, asked, self.random) if client.waits else 0.0
        self._at(now + pause, partial(self._again, client, job))

    def _again(self, client: Client, job: Job, now: float) -> None:
        if job.foreground:
            client.queue.appendleft(job)
        else:
            client.queue.append(job)
            client.idle += 1
        self._dispatch(client, now)


# --- Scenarios ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """One cell of the table.

    Attributes:
        server: A name of ``SERVERS``.
        limits: Requests per minute, by time.
        announces: Whether refusals carry ``Retry-After``.
        workers: Requests in flight at the most.
        minutes: How long.
        seed: Of everything random.
    """

    server: str
    limits: Limits = ((0.0, 600.0),)
    announces: bool = True
    workers: int = 10
    minutes: float = 30.0
    seed: int = 1


@dataclass(frozen=True)
class Figures:
    """What came of it.

    Attributes:
        accepted: Requests that got through.
        refused: Answers with 429.
        best: How many the best client of all gets through.
    """

    accepted: int
    refused: int
    best: float

    @property
    def share(self) -> float:
        """Of the best possible."""
        return self.accepted / self.best

    @property
    def per_thousand(self) -> float:
        """Refusals for each thousand accepted."""
        return 1000 * self.refused / max(1, self.accepted)


def learner(scenario: Scenario) -> Client:
    """The package's own rule."""
    return Client(Pacer(random=Random(scenario.seed + 1)), scenario.workers)


def naive(scenario: Scenario) -> Client:
    """Each request backs off for itself."""
    return Client(Unpaced(), scenario.workers, waits=True)


def oracle(scenario: Scenario) -> Client:
    """Knows what the others must learn."""
    return Client(Oracle(scenario.limits), scenario.workers)


def run(scenario: Scenario, *clients: Client) -> Server:
    """Let the clients meet the scenario's server."""
    random = Random(scenario.seed)
    server = SERVERS[scenario.server](scenario.limits, random)
    Simulation(server, clients, random, scenario.announces).run(scenario.minutes * MINUTE)
    return server


def figures(scenario: Scenario, make: Callable[[Scenario], Client] = learner) -> Figures:
    """Run one client of the kind, and count."""
    client = make(scenario)
    server = run(scenario, client)
    return Figures(client.accepted, client.refused, server.most(scenario.minutes * MINUTE))
