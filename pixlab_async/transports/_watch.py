"""One timer for all calls under way, where each would have needed several of its own.

Nearly every call ends in a moment, and never needs to be looked at. Who lasts is told when
it is due, and says when it is due next.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol


class Watched(Protocol):
    """Something under way.

    Attributes:
        due: When to look at it, on the event loop's clock.
    """

    due: float

    def look(self, now: float) -> None:
        """It is due. Sets ``due`` to a later moment, or to infinity."""
        ...


class Watch:
    """Who is under way, each looked at when it is due.

    Args:
        now: The event loop's clock.
        call_at: Calls a function at a time of that clock; what it gives back has ``cancel``.
    """

    def __init__(
        self, now: Callable[[], float], call_at: Callable[[float, Callable[[], None]], Any]
    ) -> None:
        self.now = now
        self._call_at = call_at
        self._under_way: set[Watched] = set()
        self._timer: Any = None
        self._rings_at = math.inf

    def __len__(self) -> int:
        return len(self._under_way)

    def begin(self, watched: Watched) -> None:
        """It is under way now."""
        self._under_way.add(watched)
        if watched.due < self._rings_at:
            self._set(watched.due)

    def end(self, watched: Watched) -> None:
        """It has ended, some way or other."""
        self._under_way.discard(watched)

    def stop(self) -> None:
        """Let go of the timer, where nobody is under way any more."""
        if not self._under_way:
            self._set(math.inf)

    def _set(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = when
        self._timer = None if when == math.inf else self._call_at(when, self._ring)

    def _ring(self) -> None:
        now = max(self.now(), self._rings_at)  # an event loop may ring a little early
        for watched in [one for one in self._under_way if one.due <= now]:
            watched.look(now)
        self._set(min((one.due for one in self._under_way), default=math.inf))
