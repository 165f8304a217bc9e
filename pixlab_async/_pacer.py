"""How fast to send under a limit that nobody publishes: a pure rule on a given clock.

PixLab limits requests per minute and address and tells neither number nor state. So:

    unlimited  --429-->  paused  --time-->  probing  --accepted-->  paced
                           ^                   |                      |
                           +-------429---------+---------429----------+

- unlimited: no pacing. Most programs never leave this state.
- paused: nobody sends, for ``Retry-After`` or a growing wait.
- probing: one request goes; the others wait for its reply.
- paced: at most ``limit`` sends in any rolling window of a minute, evenly spread. What the
  limit is, and how it grows and shrinks, is the learner's business: see ``_learner``.

Only sends that may count at the server count here; one event of refusals is punished once.
Times are seconds of any monotonic clock; a gap in it (a machine that slept) does no harm,
since nothing is made up for: who was away sends on at the pace that was learnt. A pace bounds
what is in flight too, to rate times latency, so there is no other bound than the gate's. No
I/O, no waiting: see ``_gate``.
"""

from __future__ import annotations

import math
import re
from random import Random
from typing import NamedTuple

from ._errors import ConfigurationError
from ._learner import MINUTE, Learner
from ._rolling import RollingCount

LONGEST_PAUSE = 120.0

_BURST = 0.020
_FIRST_PAUSE, _LONGEST_BLIND_PAUSE = 0.5, 15.0
_SHORTEST_BLIND_PAUSE = 1.0

_UNITS = {
    "s": 60.0,
    "sec": 60.0,
    "second": 60.0,
    "min": 1.0,
    "minute": 1.0,
    "h": 1 / 60,
    "hour": 1 / 60,
}
# Requests per minute: one in two years, and far more than any machine sends.
_LOWEST_RATE, _HIGHEST_RATE = 1e-6, 1e9
_RATE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*([a-z]+)\s*")


class Ticket(NamedTuple):
    """The leave to send one request."""

    sent_at: float
    probe: bool


class Pacer:
    """When to send, given what was accepted and refused.

    Args:
        rate: Requests per minute that are known to be allowed, or None to learn it.
        random: The source of jitter.
    """

    def __init__(self, rate: float | None = None, *, random: Random | None = None) -> None:
        self.refusals = 0
        self._learner = Learner(rate)
        self._random = random or Random()
        self._sent = RollingCount()
        self._accepted = RollingCount()
        self._refused_since: float | None = None
        self._refused_for = 0.0
        self._next_at = -math.inf
        self._pause_until = -math.inf
        self._reacted_at = -math.inf
        self._streak = 0
        # Whether a pause of this streak was timed by what had been sent: once is enough.
        self._timed = False
        self._probing = False
        self._probe_out = False

    @property
    def limit(self) -> float | None:
        """Requests per minute, pinned or learnt; None while none is known."""
        return self._learner.limit

    @property
    def pinned(self) -> bool:
        """Whether the limit was given, and not learnt."""
        return self._learner.pinned

    @property
    def refused_for(self) -> float:
        """How long refusals have lasted: seconds from the first 429 in a row to the last.

        0 while the last reply was not a 429. It grows only with further refusals, so a
        program that was idle before or after one does not look as if it had been refused all
        the time.
        """
        return self._refused_for

    def seed(self, limit: float) -> None:
        """Begin at 0.9 of a limit that an earlier run learnt: paced from the start.

        It grows as a learnt one does. Without effect where the rate is pinned, and where a
        limit is known already.
        """
        self._learner.seed(limit)

    def delay(self, now: float) -> float:
        """Seconds until the next request may go; inf while the probe's reply is awaited."""
        if now < self._pause_until:
            return self._pause_until - now

        if self._probing:
            return math.inf if self._probe_out else 0.0

        limit = self._learner.limit
        if limit is None:
            return 0.0

        return max(self._next_at - now, self._sent.until_below(max(1.0, limit), now))

    def paused_for(self, now: float) -> float:
        """Seconds of the present pause that are left."""
        return max(0.0, self._pause_until - now)

    def take(self, now: float) -> Ticket:
        """Count one request as sent. Call it only when ``delay`` is 0."""
        self._sent.add(now)
        self._learner.sent(now)

        limit = self._learner.limit
        if limit is not None:
            self._next_at = max(self._next_at, now - _BURST) + MINUTE / limit

        self._probe_out = self._probing
        return Ticket(now, self._probing)

    def give_back(self, ticket: Ticket) -> None:
        """The request never reached the server: it does not count."""
        self._sent.add(ticket.sent_at, -1)
        self.lost(ticket)

    def unused(self, ticket: Ticket) -> None:
        """The leave was not made use of: the next request may go when this one might have."""
        limit = self._learner.limit
        if limit is not None:
            self._next_at -= MINUTE / limit
        self.give_back(ticket)

    def lost(self, ticket: Ticket) -> None:
        """No reply came: the request may count, but tells nothing."""
        if ticket.probe:
            self._probe_out = False

    def accepted(self, ticket: Ticket, now: float) -> None:
        """Any reply but a 429 came."""
        self._accepted.add(now)
        self._refused_since, self._refused_for = None, 0.0
        learner = self._learner
        learner.accepted()
        if not ticket.probe:
            if learner.limit is None or learner.pinned:
                return

            if not self._probing:
                learner.grow(now, self._sent.total(now))
            elif self._streak == 1 and ticket.sent_at <= self._reacted_at:
                learner.accepted_late()
            return

        self._probing = self._probe_out = False
        self._streak = 0
        if not learner.pinned and learner.resumed(now, now - self._reacted_at):
            self._sent.clear()

    def limited(self, ticket: Ticket, now: float, retry_after: float | None) -> None:
        """A 429 came, with the seconds it asks to wait, if it does."""
        self.refusals += 1
        if self._refused_since is None:
            self._refused_since = now
        self._refused_for = now - self._refused_since
        self.lost(ticket)
        asked = None if retry_after is None else min(retry_after, LONGEST_PAUSE)
        if ticket.sent_at <= self._reacted_at:
            # Sent before the last reaction, if in the same tick of a coarse clock, since
            # nobody sends at once after it: the same event. It can only prolong the pause.
            if asked is not None and self._probing:
                self._pause_until = max(self._pause_until, now + asked)
            return

        self._streak += 1
        self._probing = True
        self._reacted_at = now
        guess = None
        if self._streak == 1:
            self._timed = False
            if not self._learner.pinned:
                guess = self._learner.refused(self._accepted.total(now))
        self._pause_until = now + self._pause(asked, guess, now)

    def _pause(self, asked: float | None, guess: float | None, now: float) -> float:
        jitter = self._random.uniform(0.05, 0.25)
        if asked is not None:
            return asked + jitter

        if guess is not None:
            blind = min(max(guess, _SHORTEST_BLIND_PAUSE), _LONGEST_BLIND_PAUSE)
            return blind * self._random.uniform(0.75, 1.25)

        blind = min(_FIRST_PAUSE * 2.0 ** min(self._streak, 10), _LONGEST_BLIND_PAUSE)
        blind *= self._random.uniform(0.75, 1.25)
        # Do not sleep past the moment at which whoever counts by the minute must have room.
        limit = self._learner.limit
        assert limit is not None  # since the first refusal
        room = self._sent.until_below(limit, now)
        if self._timed or not 0 < room < blind:
            return blind

        self._timed = True
        return room + jitter


def per_minute(rate: str) -> float:
    """The requests per minute that a text such as "600/min", "10/s" or "36000/h" means.

    Raises:
        ConfigurationError: It is no such text, or means none.
    """
    match = _RATE.fullmatch(rate) if isinstance(rate, str) else None
    found = float(match[1]) * _UNITS.get(match[2], 0.0) if match else 0.0
    if not _LOWEST_RATE <= found <= _HIGHEST_RATE:
        raise ConfigurationError(
            f"rate={rate!r} is no rate: write a number above 0, a slash and s, min or h, such "
            f"as '600/min'."
        )

    return found
