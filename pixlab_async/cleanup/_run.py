"""One run of a job, from what the journal knows to what it knows then."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import anyio
from attrs import define, evolve, field

from .._bulk import BatchRules, DeleteMany
from .._client import AsyncPixLab
from .._errors import BatchStopped, PixLabError
from .._pacer import per_minute
from .._results import JSON
from ._items import Source, Survey
from ._journal import UNSAVED, Journal
from ._journal_feed import Guard, JournalFeed
from ._journal_file import Sampled
from ._progress import Phase
from ._record import Record
from ._report_data import Row
from ._totals import Totals

# Seconds between two samples of how far the job is.
SAMPLE_EVERY = 5.0
# Seconds for which all requests may be refused before the job says that it gets nowhere.
REFUSED_FOR = 180.0
# Seconds that the input may take to close.
CLOSING = 5.0


@define(eq=False, kw_only=True)
class Run:
    """One run.

    Attributes:
        rate: Requests per minute at most, or None.
        failed: Is called with each link that is not gone.
        failure: What ended the run before the input's end, or None.
        interrupted: Whether ``stop`` did.
        elapsed: Seconds it took; nan while it runs.
    """

    client: AsyncPixLab
    journal: Journal
    source: Source
    survey: Survey | None
    rules: BatchRules
    guard: Guard
    totals: Totals
    rate: str | None
    failed: Callable[[Row], object] | None
    failure: Exception | None = None
    interrupted: bool = False
    elapsed: float = math.nan
    _began: float = field(factory=time.monotonic)
    _excused: int = field(init=False)
    _seeded: float | None = None
    _limited_earlier: int = field(init=False)
    _limited_before: int = field(init=False)
    # Whether a ledger is to take back what this run's 404s said.
    _recalls: bool = False
    _feed: JournalFeed = field(init=False)
    _record: Record = field(init=False)
    _batch: DeleteMany = field(init=False)

    def __attrs_post_init__(self) -> None:
        journal, rules = self.journal, self.rules
        self._limited_earlier = self.totals.rate_limited
        self._limited_before = self.client.stats().rate_limited
        # What an earlier run found says nothing of this one's key and base URL.
        self._record = Record(journal, self.totals, self._tell, rules.missing_ok, dry=rules.dry_run)
        self._feed = JournalFeed(
            self.source,
            journal,
            self.guard,
            rules.dry_run,
            self._record.settle,
            rules.concurrency > 1,
            self.survey,
        )
        doubt = journal.facts.get("in_doubt")
        self._excused = doubt if journal.crashed and isinstance(doubt, int) else 0
        self._batch = self.client._batch(  # noqa: SLF001 - a room of the same house
            self._feed,
            evolve(rules, excused=self._excused),
            rate=self.rate,
            window=self._window,
        )

    @property
    def _window(self) -> int:
        """Outcomes that may wait: what is not noted yet would be asked again after a kill."""
        return max(20, 2 * self.rules.concurrency)

    @property
    def phase(self) -> Phase:
        """What it does now."""
        if self.interrupted:
            return "stopping"

        return "second pass" if self._batch.in_second_pass else "deleting"

    @property
    def seen(self) -> int | None:
        """How many links the input has, where it was read to its end."""
        return self._feed.place if self._feed.at_end else None

    @property
    def seconds(self) -> float:
        """How long it took, so far."""
        return time.monotonic() - self._began if math.isnan(self.elapsed) else self.elapsed

    @property
    def limit(self) -> float | None:
        """Requests per minute that are known to be allowed."""
        learnt = self.client.stats().limit_per_minute
        given = None if self.rate is None else per_minute(self.rate)
        known = [limit for limit in (given, learnt) if limit is not None]
        return min(known, default=None)

    @property
    def rate_limited(self) -> int:
        """Answers with status 429, those of links that are still under way included."""
        here = self.client.stats().rate_limited - self._limited_before
        return max(self.totals.rate_limited, self._limited_earlier + here)

    @property
    def pinned(self) -> bool:
        """Whether the client's limit was given, and not learnt."""
        return self.client.stats().limit_pinned

    @property
    def in_flight(self) -> int:
        """Deletions that are under way."""
        return min(self._batch.working, self.client.stats().in_use)

    @property
    def paused_for(self) -> float:
        """Seconds for which nothing is sent, because of a 429 or an outage."""
        return self._batch.down_for() or self.client.stats().paused_for

    @property
    def down(self) -> bool:
        """Whether the service seems to be down."""
        return self._batch.down_for() is not None

    def stop(self) -> None:
        """Send nothing more."""
        self.interrupted = True
        self._batch.stop()

    async def work(self) -> None:
        """Delete what is left. What ended it early is in ``failure``.

        Raises:
            RecordingFailed: The journal cannot be written; nothing was sent.
        """
        await self._begin()
        async with anyio.create_task_group() as group:
            group.start_soon(self._tick)
            try:
                await self._delete()
            finally:
                group.cancel_scope.cancel()
        if self._recalls:
            await self._batch.recall()

    async def _begin(self) -> None:
        journal = self.journal
        runs = journal.facts.get("runs")
        journal.facts |= {
            "runs": (runs if isinstance(runs, int) else 0) + 1,
            "started": journal.facts.get("started") or time.time(),
            "running": True,
            # How many may be deleted and not be noted, should this run be killed.
            "in_doubt": self._excused + UNSAVED + self._window + self.rules.concurrency,
        }
        journal.put(dict(journal.facts), full=True)
        await journal.flush()
        learnt = journal.facts.get("limit")
        if isinstance(learnt, int | float):
            self.client.seed_limit(float(learnt))
            self._seeded = self.client.stats().limit_per_minute

    async def _delete(self) -> None:
        drained = False
        try:
            async with self._batch:
                await self._note()
            drained = True
        finally:
            # What was cut short has an outcome too; nothing is waited for here.
            with anyio.CancelScope(shield=True):
                await self._note()
            self._end(drained=drained, in_order=drained or not self._batch.working)
            await self._close_feed()

    async def _close_feed(self) -> None:
        with anyio.move_on_after(CLOSING, shield=True):
            try:
                await self._feed.aclose()
            except Exception as error:  # the caller's iterable failed, and all is noted
                self.failure = self.failure or error

    async def _note(self) -> None:
        """Note all outcomes. What fails ends the run, and is raised when all is written."""
        while True:
            try:
                async for outcome in self._batch:
                    item, before = self._feed.taken.pop(outcome.index)
                    self._record.outcome(outcome, item, before)
            except Exception as error:
                self.failure = self.failure or error
                self._batch.stop()
            else:
                return

    def _tell(self, row: Row) -> None:
        """Tell of a link that is not gone. Where nobody can be told, the run ends in order."""
        if self.failed is None:
            return

        try:
            self.failed(row)
        except Exception as error:  # raised when all is written
            self.failed = None
            self._batch.fail(error)

    def _end(self, *, drained: bool, in_order: bool) -> None:
        failure = self.failure
        if drained and not self.interrupted and _is_planned(failure):
            self._record.release()
        else:
            self._recalls = self._record.keeps_back
            in_order = not self._record.drop() and in_order
        if isinstance(failure, BatchStopped) and failure.reason == "all_rejected":
            self._record.reopen()
        self._sample()
        self.elapsed = self.seconds
        # What an earlier crash left in doubt stays so until all links were come to.
        early = failure is not None or self.interrupted or not drained
        doubtful = not in_order or (self.journal.crashed and early)
        told: dict[str, JSON] = {"running": doubtful, "finished": time.time()}
        if in_order:
            told["in_doubt"] = self._excused
        self.journal.facts |= told
        self.journal.put(told)

    async def _tick(self) -> None:
        while True:
            await anyio.sleep(SAMPLE_EVERY)
            self._sample()
            if self.client.stats().refused_for > REFUSED_FOR:
                self._batch.fail(
                    BatchStopped(
                        f"the service has refused every request for {REFUSED_FOR:.0f} s: another "
                        f"program may use up the limit of this address, or the key's is used up",
                        reason="refused",
                    )
                )

    def _sample(self) -> None:
        facts = self.totals.facts()
        stats = self.client.stats()
        # For the next run; but what this one began with, a little lower, is nothing learnt.
        if not stats.limit_pinned and stats.limit_per_minute not in (None, self._seeded):
            facts["limit"] = stats.limit_per_minute
        self.journal.facts |= facts
        done = sum(self.journal.counts.values())
        self.journal.put(Sampled(time.time(), done, self.totals.rate_limited, self.limit))
        self.journal.put(facts)


def _is_planned(failure: Exception | None) -> bool:
    """Whether a run ended as it was meant to: at the end of the input, or at a limit."""
    limits = ("max_deletes", "deadline")
    return failure is None or (isinstance(failure, BatchStopped) and failure.reason in limits)


def told(error: Exception | None) -> PixLabError | None:
    """The error, where it is one of ours."""
    return error if isinstance(error, PixLabError) else None
