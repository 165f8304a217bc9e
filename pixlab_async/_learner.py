"""What the limit is, from what was accepted and refused: pure, on a given clock.

It knows neither how a server counts (in fixed minutes, in any minute, or by a bucket that
refills) nor how much else comes from the same address. Two measures serve for all of them:

- At a refusal: what was accepted in the minute before. Exact where the server looks at any
  minute; too high after a burst, or across the border of two fixed minutes.
- Over a *round*, from one accepted probe to the next: what was accepted, by the time that
  took, the pause included. At both ends the server had just room again, so this is what it
  lets through; only a bucket that ran over, or an idle client, makes it too low.

Between refusals the limit grows: carefully around what was learnt, since each test of it
costs refusals, and boldly (*searching*) once it is out that the limit must be another one:

- within a minute from the start there was a refusal, and at once room again: a bucket,
  refilled all the time. What had been accepted was its burst, of whatever size;
- a whole minute above the old limit passed without a refusal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

MINUTE = 60.0
# Below this a learnt limit says more about other traffic than about the service.
LOWEST_LIMIT = 6.0

# (seconds without a refusal, factor). Careful: two small steps, and then more than a fixed
# minute at that height, since such a server notices only at its minute's end.
_CAREFUL = ((60.0, 1.01), (15.0, 1.03), (46.0, 1.04), (6.0, 1.08), (3.0, 1.16), (2.0, 1.25))
_BOLD = ((5.0, 1.25), (2.0, 1.25))
# At low limits a refusal is a larger share of all: wait for as many requests, within bounds.
_REQUESTS_BEFORE_GROWTH, _LONGEST_BEFORE_GROWTH = 120.0, 120.0
# A limit is worth raising only while it is what holds the sending back.
_BINDING = 0.8
# A round's measure lags behind growth within the round by about that.
_ROUND_MARGIN = 1.01
# One idle round must not cost much.
_LARGEST_CORRECTION = 0.99
# What is that much higher than the limit before is another limit, and perhaps not yet all.
_FOUND_MORE = 1.25
_SHORTEST_ROUND = 1.0
# Room again after so many seconds, or so many requests' time: a bucket, no minute's end.
_AT_ONCE, _AT_ONCE_REQUESTS = 5.0, 2.0
_SEEDED, _HIGHEST_SEED = 0.9, 1e9


class Learner:
    """The limit in requests per minute, or None until the first refusal.

    Args:
        limit: The limit if it is known; it stays as it is.
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self.pinned = limit is not None
        # What was learnt last, where growth starts from, and the limit at the last refusal.
        self._base: float | None = None
        self._ceiling = math.inf
        self._searching = False
        self._round_at: float | None = None
        self._round_accepted = 0
        self._steps: Sequence[tuple[float, float]] = _CAREFUL
        self._step = 0
        self._step_at, self._step_sent = -math.inf, 0

    def seed(self, limit: float) -> None:
        """Begin with what an earlier run learnt, a little lower; no effect on a known limit."""
        if self.limit is not None:
            return

        # In this order, so that no number at all becomes the lowest.
        self.limit = self._base = min(max(LOWEST_LIMIT, _SEEDED * limit), _HIGHEST_SEED)

    def sent(self, now: float) -> None:
        """A request goes out."""
        self._step_sent += 1
        if self._round_at is None:
            self._round_at = self._step_at = now

    def accepted(self) -> None:
        """A request was accepted."""
        self._round_accepted += 1

    def refused(self, accepted: int) -> float | None:
        """A refusal that is news, after so many accepted in a minute.

        Returns:
            Seconds after which there should be room, where that can be guessed.
        """
        if self.limit is None:
            self.limit = max(float(accepted), LOWEST_LIMIT)
            return None

        self._ceiling = before = self.limit
        base = self._base or before
        lowest = max(min(before / 2, base), LOWEST_LIMIT)
        self.limit = min(max(float(accepted), lowest), before)
        if self._searching:
            return None

        # A fixed minute is used up as much earlier as we went faster.
        return max(MINUTE * (1 - base / before), 2 * MINUTE / before)

    def accepted_late(self) -> None:
        """A request was accepted whose reply came after that refusal."""
        assert self.limit is not None
        self.limit = min(self.limit + 1, self._ceiling)

    def resumed(self, now: float, waited: float) -> bool:
        """A probe was accepted, so many seconds after the refusal: the round is over.

        Returns:
            Whether what was sent before no longer matters: the service does not count it.
        """
        assert self.limit is not None
        at_once = waited < max(_AT_ONCE, _AT_ONCE_REQUESTS * MINUTE / self.limit)
        forget = self._close_round(now, at_once=at_once)
        self._base = self.limit = max(self.limit, LOWEST_LIMIT)
        self._round_at, self._round_accepted = now, 0
        self._begin_steps(now)
        return forget

    def grow(self, now: float, sent: int) -> None:
        """Raise the limit if it is time; so many were sent in the last minute."""
        elapsed = now - self._step_at
        wait, factor = self._steps[self._step]
        if elapsed < wait or self.limit is None:
            return

        if self._step == 0 and not self._searching:
            patience = _REQUESTS_BEFORE_GROWTH * MINUTE / self.limit
            if elapsed < min(patience, _LONGEST_BEFORE_GROWTH):
                return

        if max(float(sent), self._step_sent * MINUTE / elapsed) < _BINDING * self.limit:
            return

        # At least by one: a server counts whole requests.
        self.limit = max(self.limit * factor, self.limit + 1)
        self._step_at, self._step_sent = now, 0
        self._step = min(self._step + 1, len(self._steps) - 1)
        if self._steps is _CAREFUL and self._step == len(_CAREFUL) - 1:
            self._searching = True

    def _close_round(self, now: float, *, at_once: bool) -> bool:
        assert self.limit is not None
        elapsed = now - (now if self._round_at is None else self._round_at)
        if self._base is None:  # the first refusal of all
            self._searching = at_once and elapsed < MINUTE
            return elapsed < MINUTE

        through = MINUTE * self._round_accepted / max(elapsed, _SHORTEST_ROUND)
        if not self._searching:
            self._correct(through)
            return False

        if elapsed < 2 * MINUTE:
            self._searching = at_once and through > _FOUND_MORE * self._base
            self.limit = max(through, self._base) if at_once else self._base
            return self._searching

        # The search began in the middle of this round: its measure is too low, as the other
        # one is too high across the border of two fixed minutes.
        if self.limit <= _FOUND_MORE * self._base:
            self._searching = False
            self.limit = min(self.limit, (self.limit + max(through, self._base)) / 2)
        return False

    def _correct(self, through: float) -> None:
        """Take the round's measure where it is lower, within bounds."""
        assert self.limit is not None
        assert self._base is not None
        lowest = _LARGEST_CORRECTION * self._base
        self.limit = min(self.limit, max(_ROUND_MARGIN * through, lowest))

    def _begin_steps(self, now: float) -> None:
        self._steps, self._step = _BOLD if self._searching else _CAREFUL, 0
        self._step_at, self._step_sent = now, 0
