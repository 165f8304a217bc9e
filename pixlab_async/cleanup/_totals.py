"""What a job counts over all its runs, beyond the state of each link. Pure."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import cast

from attrs import define, field

from .._bulk import Latency
from .._bulk._summary import Latencies
from .._results import JSON, Outcome

# Seconds over which the present rate is taken.
_RECENT = 10.0


@define(eq=False)
class Totals:
    """Attempts, refusals and latencies, of earlier runs and of this one.

    Attributes:
        attempts: Deletions that were sent or tried.
        rate_limited: Answers with status 429.
        duplicates: Links that shared an earlier one's outcome.
        done: Links that were settled in this run.
    """

    attempts: int = 0
    rate_limited: int = 0
    duplicates: int = 0
    done: int = 0
    _latencies: Latencies = field(factory=Latencies)
    _recent: deque[tuple[float, int]] = field(factory=deque[tuple[float, int]])

    @classmethod
    def of(cls, facts: Mapping[str, JSON]) -> Totals:
        """The totals that a journal has."""
        totals = cls(
            _whole(facts, "attempts"), _whole(facts, "rate_limited"), _whole(facts, "duplicates")
        )
        for bound, count in cast("list[tuple[float, int]]", facts.get("latencies") or []):
            totals._latencies.add(bound * 0.99, count)  # a bound belongs to its own bucket
        return totals

    def add(self, outcome: Outcome) -> None:
        """Count one link."""
        self.done += 1
        self.attempts += outcome.attempts
        self.rate_limited += outcome.rate_limited
        if outcome.duplicate_of is not None:
            self.duplicates += 1
        if outcome.elapsed is not None:
            self._latencies.add(outcome.elapsed)

    def latency(self) -> Latency:
        """How long replies took."""
        return self._latencies.value()

    def facts(self) -> dict[str, JSON]:
        """The totals as a journal keeps them."""
        buckets: list[JSON] = [[bound, count] for bound, count in self.latency().buckets]
        return {
            "attempts": self.attempts,
            "rate_limited": self.rate_limited,
            "duplicates": self.duplicates,
            "latencies": buckets,
        }

    def rate_now(self, now: float | None = None) -> float:
        """Links per minute in the last seconds. Call it about once a second or more often."""
        now = time.monotonic() if now is None else now
        self._recent.append((now, self.done))
        while len(self._recent) > 2 and self._recent[1][0] <= now - _RECENT:
            self._recent.popleft()
        since, done = self._recent[0]
        return (self.done - done) / (now - since) * 60 if now > since else 0.0


def _whole(facts: Mapping[str, JSON], name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) else 0
