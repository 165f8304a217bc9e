"""The service's limit of requests per minute and address: fixed windows of a minute."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

MINUTE = 60.0


class AddressLimit:
    """Counts requests per address.

    Args:
        per_minute: How many are allowed, or None for any number.
        clock: Seconds, monotonic.
    """

    def __init__(self, per_minute: int | None, clock: Callable[[], float]) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._window = -1
        self._lock = Lock()

    def refuse(self, address: str) -> float | None:
        """Seconds until the next window where the request is over the limit, else None."""
        if self.per_minute is None:
            return None

        now = self._clock()
        with self._lock:
            window = int(now // MINUTE)
            if window != self._window:
                self._window = window
                self._counts.clear()
            self._counts[address] = self._counts.get(address, 0) + 1
            if self._counts[address] <= self.per_minute:
                return None

        return MINUTE - now % MINUTE
