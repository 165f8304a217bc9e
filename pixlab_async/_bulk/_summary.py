"""The counts of a batch: kept in constant memory, given out as a frozen value. Pure."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import define, field, frozen

from .._errors import BatchIncomplete, PixLabError, ReplyError
from .._results import JSON, DeletionState, Outcome

# Outcomes that a summary keeps whole: enough to see what is wrong, flat however long the list.
FAILURES_KEPT = 100

# Buckets of latency: four to an octave, from a tenth of a millisecond to an hour or so.
_SHORTEST = 1e-4
_PER_OCTAVE = 4
_BUCKETS = 4 * 26
# Of a link that is shown masked, its end tells which one it is.
_SHOWN = 8

_NOT_BAD = frozenset({DeletionState.NOT_SENT, *(s for s in DeletionState if s.gone)})


@frozen
class Latency:
    """How long replies took, in seconds from send to reply; each within some 10 %.

    Attributes:
        count: How many replies there were.
        p50: Half of them took no longer; None where there were none.
        p95: 95 of a hundred took no longer.
        p99: 99 of a hundred took no longer.
        buckets: Upper bounds in seconds, ascending, and how many replies each has.
    """

    count: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    buckets: Sequence[tuple[float, int]] = ()


@define(eq=False)
class Latencies:
    """Counts latencies in buckets that grow by a fifth."""

    _counts: list[int] = field(factory=lambda: [0] * _BUCKETS)

    def add(self, seconds: float, count: int = 1) -> None:
        """Count replies."""
        place = math.ceil(_PER_OCTAVE * math.log2(max(seconds, _SHORTEST) / _SHORTEST))
        self._counts[min(place, _BUCKETS - 1)] += count

    def value(self) -> Latency:
        """What was counted."""
        buckets = [(_bound(place), n) for place, n in enumerate(self._counts) if n]
        total = sum(n for _, n in buckets)
        if not total:
            return Latency()

        p50, p95, p99 = (_percentile(buckets, total * share) for share in (0.5, 0.95, 0.99))
        return Latency(total, p50, p95, p99, tuple(buckets))


def _bound(place: int) -> float:
    return float(_SHORTEST * 2.0 ** (place / _PER_OCTAVE))


def _percentile(buckets: Sequence[tuple[float, int]], rank: float) -> float:
    for bound, count in buckets:
        rank -= count
        if rank <= 0:
            return bound

    return buckets[-1][0]


@frozen
class BatchSummary:
    """What became of a batch, so far or in all.

    Attributes:
        counts: How many links are in each state.
        duplicates: How many of them shared an earlier link's outcome.
        attempts: Requests that were sent or tried.
        rate_limited: Answers with status 429.
        elapsed: Seconds since the first link was taken.
        latency: How long replies took.
        failures: The first hundred outcomes that are rejected, failed or unknown.
        stopped: Why no further link was taken, or None.
    """

    counts: Mapping[DeletionState, int] = field(factory=dict[DeletionState, int])
    duplicates: int = 0
    attempts: int = 0
    rate_limited: int = 0
    elapsed: float = 0.0
    latency: Latency = Latency()
    failures: tuple[Outcome, ...] = ()
    stopped: PixLabError | None = None

    @property
    def total(self) -> int:
        """Links that have an outcome."""
        return sum(self.counts.values())

    @property
    def gone(self) -> int:
        """Links at which nothing is stored any more."""
        return sum(count for state, count in self.counts.items() if state.gone)

    @property
    def throughput(self) -> float:
        """Links with an outcome per second."""
        return self.total / self.elapsed if self.elapsed > 0 else 0.0

    def raise_if_incomplete(self) -> None:
        """See that nothing is left of any link.

        Raises:
            BatchIncomplete: Some links are not gone; its ``batch`` is this summary. Its
                cause is what stopped the batch, where something did.
        """
        left = self.total - self.gone
        if left == 0 and self.stopped is None:
            return

        told = [f"{n:,} {s.replace('_', ' ')}" for s, n in self.counts.items() if not s.gone and n]
        reason = "" if self.stopped is None else f"; the batch was stopped: {self.stopped.summary}"
        error = BatchIncomplete(
            f"{left:,} of {self.total:,} links are not gone ({', '.join(told) or 'none'}){reason}",
            endpoint="delete",
        )
        error.batch = self
        raise error from self.stopped

    def to_json(self, *, show_links: bool = False) -> str:
        """The summary as a JSON object.

        Args:
            show_links: Whether the failures' links are written whole; else host and last
                8 characters. Whoever has a link can see the picture.
        """
        return json.dumps(self.fields(show_links=show_links))

    def fields(self, *, show_links: bool = False) -> dict[str, JSON]:
        """What ``to_json`` writes, as a dictionary."""
        latency = self.latency
        failures: list[JSON] = [_fields(outcome, show_links) for outcome in self.failures]
        return {
            "total": self.total,
            "gone": self.gone,
            "counts": {state.value: count for state, count in self.counts.items()},
            "duplicates": self.duplicates,
            "attempts": self.attempts,
            "rate_limited": self.rate_limited,
            "elapsed": round(self.elapsed, 3),
            "throughput": round(self.throughput, 3),
            "latency": {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99},
            "stopped": None if self.stopped is None else self.stopped.summary,
            "failures": failures,
        }


@define(eq=False)
class Tally:
    """Counts outcomes as they come."""

    counts: Counter[DeletionState] = field(factory=Counter[DeletionState])
    duplicates: int = 0
    attempts: int = 0
    rate_limited: int = 0
    latencies: Latencies = field(factory=Latencies)
    failures: list[Outcome] = field(factory=list[Outcome])

    def add(self, outcome: Outcome) -> None:
        """Count one."""
        self.counts[outcome.state] += 1
        self.attempts += outcome.attempts
        self.rate_limited += outcome.rate_limited
        if outcome.elapsed is not None:
            self.latencies.add(outcome.elapsed)
        if outcome.duplicate_of is not None:
            self.duplicates += 1
        if outcome.state not in _NOT_BAD and len(self.failures) < FAILURES_KEPT:
            self.failures.append(outcome)

    def summary(self, elapsed: float, stopped: PixLabError | None) -> BatchSummary:
        """What was counted."""
        return BatchSummary(
            dict(self.counts),
            self.duplicates,
            self.attempts,
            self.rate_limited,
            elapsed,
            self.latencies.value(),
            tuple(self.failures),
            stopped,
        )


def masked(link: str) -> str:
    """A link that shows which one it is to those who know it, and to nobody else."""
    host = link.partition("://")[2].partition("/")[0].rpartition("@")[2]
    shown = link[-_SHOWN:] if len(link) > 2 * _SHOWN else ""
    return f"{host}/…{shown}" if host else f"…{shown}"


def _fields(outcome: Outcome, show_links: bool) -> dict[str, JSON]:
    error = outcome.error
    return {
        "index": outcome.index,
        "link": outcome.link if show_links else masked(outcome.link),
        "state": outcome.state.value,
        "error": None if error is None else error.summary,
        "status": error.status if isinstance(error, ReplyError) else None,
        "attempts": outcome.attempts,
    }
