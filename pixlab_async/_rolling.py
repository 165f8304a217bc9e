"""A count of the events of the last minute, in constant memory and on a given clock."""

from __future__ import annotations

import math

# A little more than a minute: the server's clock and ours do not tick together.
WINDOW = 60.2

_SLOT = 0.25
_SLOTS = math.ceil(WINDOW / _SLOT) + 1


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
        slot = math.floor(now / _SLOT)
        if slot > self._slot:
            self._turn(slot)
        if slot > self._slot - _SLOTS:
            self._counts[slot % _SLOTS] += count
            self._total += count

    def total(self, now: float) -> int:
        """The events in the window that ends now."""
        self._turn(math.floor(now / _SLOT))
        return self._total

    def until_below(self, limit: float, now: float) -> float:
        """Seconds until there are fewer events than ``limit`` and one more has room."""
        self._turn(math.floor(now / _SLOT))
        excess = self._total - math.floor(limit) + 1
        if excess <= 0:
            return 0.0

        # Oldest first: the slot after the current one is the one that leaves next.
        for age in range(1, _SLOTS + 1):
            excess -= self._counts[(self._slot + age) % _SLOTS]
            if excess <= 0:
                return (self._slot + age) * _SLOT - now

        raise AssertionError("unreachable")

    def clear(self) -> None:
        """Forget every event."""
        self._counts = [0] * _SLOTS
        self._total = 0

    def _turn(self, slot: int) -> None:
        """Let go of what left the window that ends with the slot."""
        gone = min(slot - self._slot, _SLOTS)
        for age in range(1, gone + 1):
            index = (self._slot + age) % _SLOTS
            self._total -= self._counts[index]
            self._counts[index] = 0
        self._slot = max(self._slot, slot)
