"""In an outage: whose turn it is to try the service, and the wait before it."""

from __future__ import annotations

import math

import anyio

from .._errors import BatchStopped
from ._outage import PATIENCE, Outage
from ._waits import Waits


class Pausing:
    """Lets one worker at a time try, and the others wait.

    Args:
        outage: What the last answers say of the service.
        waits: Ends these waits, too, where the batch ends.
    """

    def __init__(self, outage: Outage, waits: Waits) -> None:
        self.outage = outage
        self._waits = waits
        self._turn = anyio.Lock()
        self._tries_at = -math.inf

    def seconds_left(self, now: float) -> float | None:
        """Seconds until the service is tried again; None where it is not down."""
        return max(0.0, self._tries_at - now) if self.outage.is_down else None

    async def take_turn(self) -> bool:
        """Wait for this worker's turn; False where the batch ends. Give it back after the try."""
        with self._waits.waiting():
            await self._turn.acquire()
            return True

        return False

    def give_turn(self) -> None:
        """Let another worker try, or all go on."""
        self._turn.release()

    async def wait(self) -> bool:
        """Wait until the next try; False where the batch ends.

        Raises:
            BatchStopped: It has been down for too long.
        """
        now = anyio.current_time()
        if self.outage.lasts(now) > PATIENCE:
            raise BatchStopped(
                f"the service could not be reached, or failed, for {PATIENCE / 60:.0f} minutes",
                reason="unreachable",
            )

        self._tries_at = now + self.outage.wait()
        with self._waits.waiting():
            await anyio.sleep_until(self._tries_at)
            return True

        return False
