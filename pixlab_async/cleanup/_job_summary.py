"""What a job came to, over all its runs, as a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from .._bulk import Latency
from .._errors import BatchIncomplete, PixLabError
from .._results import JSON, DeletionState

_FINE = frozenset({"protected", *(state.value for state in DeletionState if state.gone)})


@frozen(kw_only=True)
class JobSummary:
    """What a job came to, over all its runs.

    Attributes:
        source: What the input is called.
        journal: The journal, or None where it was a temporary one.
        total: Links in the input; None for a stream that was not read to its end.
        counts: Links by state: a ``DeletionState``'s value, or "protected".
        blank: Blank lines that were skipped.
        duplicates: Links that shared an earlier one's outcome.
        attempts: Deletions that were sent or tried.
        rate_limited: Answers with status 429.
        limit: Requests per minute that the service was seen to allow, or None.
        latency: How long replies took.
        runs: How many runs there were, this one included.
        elapsed: Seconds of this run.
        settled_now: Links that were settled in this run.
        dry_run: Whether nothing was sent.
        interrupted: Whether ``stop()`` ended this run.
        stopped: What else ended it before the input's end, or None.
    """

    source: str
    journal: Path | None = None
    total: int | None = None
    counts: Mapping[str, int] = field(factory=dict[str, int])
    blank: int = 0
    duplicates: int = 0
    attempts: int = 0
    rate_limited: int = 0
    limit: float | None = None
    latency: Latency = field(factory=Latency)
    runs: int = 1
    elapsed: float = 0.0
    settled_now: int = 0
    dry_run: bool = False
    interrupted: bool = False
    stopped: PixLabError | None = None

    @property
    def settled(self) -> int:
        """Links that have a state."""
        return sum(self.counts.values())

    @property
    def pending(self) -> int | None:
        """Links that were not settled; None where their number is not known."""
        return None if self.total is None else self.total - self.settled

    @property
    def not_gone(self) -> int:
        """Links that are settled, and neither gone nor protected."""
        return sum(count for state, count in self.counts.items() if state not in _FINE)

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do: every link is gone, or protected."""
        if self.stopped is not None or self.dry_run or self.pending or self.not_gone:
            return False

        return self.total is not None or not self.interrupted

    @property
    def ended(self) -> str:
        """How the last run ended, in a sentence."""
        if self.stopped is not None:
            return f"Stopped: {self.stopped.summary}"

        if self.interrupted and not self.complete:
            return "Stopped in order, before the end of the input"

        if self.dry_run:
            return "A dry run: nothing was sent"

        return "Finished" if self.complete else "Finished; some links are not gone"

    def raise_if_incomplete(self) -> None:
        """See that nothing is left to do.

        Raises:
            BatchIncomplete: Some links are not gone; its cause is what stopped the job.
        """
        if self.complete:
            return

        left = "" if not self.pending else f", {self.pending:,} not asked for yet"
        raise BatchIncomplete(
            f"{self.not_gone:,} of {self.settled:,} links are not gone{left}. {self.ended}.",
            endpoint="delete",
        ) from self.stopped

    def to_json(self) -> str:
        """The summary as a JSON object; no link is in it."""
        return json.dumps(self.fields())

    def fields(self) -> dict[str, JSON]:
        """What ``to_json`` writes, as a dictionary."""
        latency = self.latency
        return {
            "source": self.source,
            "journal": None if self.journal is None else str(self.journal),
            "complete": self.complete,
            "ended": self.ended,
            "total": self.total,
            "settled": self.settled,
            "pending": self.pending,
            "counts": dict(self.counts),
            "blank": self.blank,
            "duplicates": self.duplicates,
            "attempts": self.attempts,
            "rate_limited": self.rate_limited,
            "limit_per_minute": self.limit,
            "latency": {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99},
            "runs": self.runs,
            "elapsed": round(self.elapsed, 3),
            "settled_now": self.settled_now,
        }
