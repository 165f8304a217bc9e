"""Whether the service is down, and when to try it again: a pure rule.

One link that fails says little. Twenty in a row, of whatever links, say that nobody is there:
going on would only burn through the list. So all pause, and one link at a time tries again,
after 1, 2, 4 ... seconds, a minute at most. Any answer that is no trouble ends the pause.
"""

from __future__ import annotations

import math
from random import Random

from attrs import define, field

from .._errors import ConnectionFailed, PixLabError, ServerFailed, TimedOut, UnreadableReply

# Failures in a row after which the service counts as down; more where more are under way.
TELLING = 20
# Seconds between two tries at most, and for how long they are made.
LONGEST_WAIT = 60.0
PATIENCE = 600.0

_TROUBLE = (ConnectionFailed, TimedOut, ServerFailed, UnreadableReply)


@define(eq=False)
class Outage:
    """What the last answers say of the service.

    Args:
        telling: Failures in a row after which it counts as down.
        random: The source of jitter.
    """

    telling: int = TELLING
    random: Random = field(factory=Random)
    _streak: int = field(default=0, init=False)
    _since: float = field(default=math.inf, init=False)
    _tries: int = field(default=0, init=False)

    @property
    def is_down(self) -> bool:
        """Whether everybody is to wait but one."""
        return self._streak >= self.telling

    def lasts(self, now: float) -> float:
        """Seconds since the first failure in a row; 0 where it is not down."""
        return now - self._since if self.is_down else 0.0

    def failed(self, error: PixLabError | None, now: float) -> None:
        """A link failed in every attempt."""
        if not isinstance(error, _TROUBLE):
            return

        if not self._streak:
            self._since = now
        self._streak += 1

    def answered(self) -> None:
        """A link was answered, one way or the other."""
        self._streak = self._tries = 0
        self._since = math.inf

    def wait(self) -> float:
        """Seconds until the next try."""
        self._tries += 1
        longest = min(LONGEST_WAIT, 2.0 ** min(self._tries - 1, 10))
        return longest * self.random.uniform(0.75, 1.0)
