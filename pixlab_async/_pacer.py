"""How fast to send under a limit that nobody publishes: a pure rule on a given clock.

PixLab limits requests per minute and address and tells neither number nor state. So:

    unlimited  --429-->  paused  --time-->  probing  --accepted-->  paced
                           ^                   |                      |
                           +-------429---------+---------429----------+

- unlimited: no pacing. Most programs never leave this state.
- paused: nobody sends, for ``Retry-After`` or a growing wait.
- probing: one request goes; the others wait for its reply.
- paced: at most ``limit`` sends in any rolling window of a minute, evenly spread. The limit
  is what was accepted in the minute before the first 429. It grows again, slowly at first,
  while nothing is refused and it is what holds the sending back.

Only sends that may count at the server count here; one event of refusals is punished once.
Times are seconds of any monotonic clock. No I/O, no waiting: see ``_gate``.
"""

from __future__ import annotations

import math
import re
from random import Random
from typing import NamedTuple

from ._errors import ConfigurationError

MINUTE = 60.0
# A little more than a minute: the server's clock and ours do not tick together.
WINDOW = 60.2
# Below this a learnt limit says more about other traffic than about the service.
LOWEST_LIMIT = 6.0
LONGEST_PAUSE = 120.0

_SLOT = 0.25
_SLOTS = math.ceil(WINDOW / _SLOT) + 1
_BURST = 0.020
_FIRST_PAUSE, _LONGEST_BLIND_PAUSE = 0.5, 15.0
_GROW_AFTER, _GROW_AGAIN_AFTER = 60.0, 15.0
_SMALLEST_GROWTH, _LARGEST_GROWTH = 0.01, 0.25
# A limit is worth raising only while it is what holds the sending back.
_BINDING = 0.8

_UNITS = {
    "s": 60.0,
    "sec": 60.0,
    "second": 60.0,
    "min": 1.0,
    "minute": 1.0,
    "h": 1 / 60,
    "hour": 1 / 60,
}
_RATE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*([a-z]+)\s*")


class Ticket(NamedTuple):
    """The leave to send one request."""

    sent_at: float
    probe: bool


class Pacer:
    """The limit learner.

    Args:
        rate: Requests per minute that are known to be allowed, or None to learn it.
        random: The source of jitter.
    """

    def __init__(self, rate: float | None = None, *, random: Random | None = None) -> None:
        self.limit = rate
        self.refusals = 0
        self._pinned = rate is not None
        self._random = random or Random()
        self._sent = RollingCount()
        self._accepted = RollingCount()
        self._first_sent_at: float | None = None
        self._next_at = -math.inf
        self._pause_until = -math.inf
        self._reacted_at = -math.inf
        self._streak = 0
        self._probing = False
        self._probe_out = False
        self._clean_since = -math.inf
        self._grow_after = _GROW_AFTER
        self._growth = _SMALLEST_GROWTH

    def delay(self, now: float) -> float:
        """Seconds until the next request may go; inf while the probe's reply is awaited."""
        if now < self._pause_until:
            return self._pause_until - now

        if self._probing:
            return math.inf if self._probe_out else 0.0

        if self.limit is None:
            return 0.0

        return max(0.0, self._next_at - now, self._sent.until_below(max(1.0, self.limit), now))

    def paused_for(self, now: float) -> float:
        """Seconds of the present pause that are left."""
        return max(0.0, self._pause_until - now)

    def take(self, now: float) -> Ticket:
        """Count one request as sent. Call it only when ``delay`` is 0."""
        self._sent.add(now)
        if self._first_sent_at is None:
            self._first_sent_at = now

        if self.limit is not None:
            self._next_at = max(self._next_at, now - _BURST) + MINUTE / self.limit

        self._probe_out = self._probing
        return Ticket(now, self._probing)

    def give_back(self, ticket: Ticket) -> None:
        """The request never reached the server: it does not count."""
        self._sent.add(ticket.sent_at, -1)
        self.lost(ticket)

    def lost(self, ticket: Ticket) -> None:
        """No reply came: the request may count, but tells nothing."""
        if ticket.probe:
            self._probe_out = False

    def accepted(self, ticket: Ticket, now: float) -> None:
        """Any reply but a 429 came."""
        self._accepted.add(now)
        if ticket.probe:
            self._probing = self._probe_out = False
            self._streak = 0
            self._clean_since = now
        elif self.limit is not None and not self._pinned:
            self._grow(now)

    def limited(self, ticket: Ticket, now: float, retry_after: float | None) -> None:
        """A 429 came, with the seconds it asks to wait, if it does."""
        self.refusals += 1
        self.lost(ticket)
        asked = None if retry_after is None else min(retry_after, LONGEST_PAUSE)
        if ticket.sent_at < self._reacted_at:
            # Sent before the last reaction: the same event. It can only prolong the pause.
            if asked is not None and self._probing:
                self._pause_until = max(self._pause_until, now + asked)
            return

        self._streak += 1
        self._probing = True
        self._reacted_at = now
        self._pause_until = now + self._pause(asked)
        if not self._pinned:
            self._learn(now)

    def _pause(self, asked: float | None) -> float:
        if asked is not None:
            return asked + self._random.uniform(0.05, 0.25)

        blind = min(_LONGEST_BLIND_PAUSE, _FIRST_PAUSE * 2.0 ** min(self._streak, 10))
        return blind * self._random.uniform(0.75, 1.25)

    def _learn(self, now: float) -> None:
        accepted = float(self._accepted.total(now))
        if self.limit is None:
            limit = accepted
            # Watched for less than a minute, it is a lower bound: be quick to raise it.
            watched = now - (now if self._first_sent_at is None else self._first_sent_at)
            new = watched < MINUTE
        else:
            limit = min(max(accepted, self.limit / 2), self.limit)
            new = False
        self.limit = max(limit, LOWEST_LIMIT)
        self._clean_since = now
        self._grow_after = _GROW_AGAIN_AFTER if new else _GROW_AFTER
        self._growth = _LARGEST_GROWTH if new else _SMALLEST_GROWTH

    def _grow(self, now: float) -> None:
        assert self.limit is not None
        if now - self._clean_since < self._grow_after:
            return

        if self._sent.total(now) < _BINDING * self.limit:
            return

        self.limit *= 1 + self._growth
        self._growth = min(self._growth * 2, _LARGEST_GROWTH)
        self._grow_after = _GROW_AGAIN_AFTER
        self._clean_since = now


class RollingCount:
    """How many events the last ``WINDOW`` seconds saw, in constant memory.

    Counts in slots of a quarter second; a slot leaves as a whole, so an event stays for
    60.25 to 60.5 seconds.
    """

    def __init__(self) -> None:
        self._counts = [0] * _SLOTS
        self._total = 0
        self._slot = 0

    def add(self, now: float, count: int = 1) -> None:
        """Count events; those too old to matter are dropped."""
        slot = self._turn(now)
        if slot > self._slot - _SLOTS:
            self._counts[slot % _SLOTS] += count
            self._total += count

    def total(self, now: float) -> int:
        """The events in the window that ends now."""
        self._turn(now)
        return self._total

    def until_below(self, limit: float, now: float) -> float:
        """Seconds until there are fewer events than ``limit`` and one more has room."""
        self._turn(now)
        excess = self._total - math.floor(limit) + 1
        if excess <= 0:
            return 0.0

        # Oldest first: the slot after the current one is the one that leaves next.
        for age in range(1, _SLOTS + 1):
            excess -= self._counts[(self._slot + age) % _SLOTS]
            if excess <= 0:
                return (self._slot + age) * _SLOT - now

        raise AssertionError("unreachable")

    def _turn(self, now: float) -> int:
        """Let go of slots that left the window; the slot that ``now`` lies in."""
        slot = math.floor(now / _SLOT)
        gone = min(slot - self._slot, _SLOTS)
        for age in range(1, gone + 1):
            index = (self._slot + age) % _SLOTS
            self._total -= self._counts[index]
            self._counts[index] = 0
        self._slot = max(slot, self._slot)
        return slot


def per_minute(rate: str) -> float:
    """The requests per minute that a text such as "600/min", "10/s" or "36000/h" means.

    Raises:
        ConfigurationError: It is no such text, or means none.
    """
    match = _RATE.fullmatch(rate) if isinstance(rate, str) else None
    if match is None or match[2] not in _UNITS or float(match[1]) == 0:
        raise ConfigurationError(
            f"rate={rate!r} is no rate: write a number above 0, a slash and s, min or h, such "
            f"as '600/min'."
        )

    return float(match[1]) * _UNITS[match[2]]
