"""Whether the machine has slept: what was connected before is not connected any more.

Neither side may know it: the host gave up while nobody was there to be told, a router forgot
the connection, and the first request over it would be met with silence until its timeout. The
clocks that age idle connections stand still meanwhile, so another one has to tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable

# Shorter than most hosts and routers keep what is silent.
_LONG = 30.0
_SINCE_START: int | None = getattr(time, "CLOCK_BOOTTIME", None)  # on Linux


def slept() -> float:
    """Seconds that the machine has slept since it was started; 0 where no clock tells."""
    if _SINCE_START is None:
        return 0.0  # pragma: no cover - other systems

    return time.clock_gettime(_SINCE_START) - time.monotonic()


class Sleep:
    """Notices that the machine has slept for long.

    Args:
        total: Seconds that it has slept in all.
    """

    def __init__(self, total: Callable[[], float] = slept) -> None:
        self._total = total
        self._before = total()

    def was_long(self) -> bool:
        """Whether it has slept for long since this was asked last."""
        before, self._before = self._before, self._total()
        return self._before - before > _LONG
