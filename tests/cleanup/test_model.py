"""Any sequence of submissions, answers, stops, cancellations and crashes, against a model.

The report and the service's log never contradict each other, and no link is lost or counted
twice. A crash drops all that the journal had not committed: what is on disk at that instant is
copied, the run is thrown away, and the next one goes on with the copy.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from pixlab_async import (
    AsyncPixLab,
    AuthenticationFailed,
    BatchStopped,
    DeletionState,
    Outcome,
)
from pixlab_async._bulk import DeleteMany
from pixlab_async.cleanup import CleanupJob, Item, JobSummary
from pixlab_async.cleanup._journal_file import Block
from pixlab_async.cleanup._journal_known import Known, known_of
from pixlab_async.cleanup._journal_reads import counts_of

from .modelled import ANSWERS, FAULTS, Service, StoppedClock, client_for

pytestmark = [
    pytest.mark.once,
    pytest.mark.timeout(300),  # some 25 s on a machine that is idle
]

BOUNDED = settings(
    max_examples=90,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# The writing thread's clock is a real one: it shall commit when it is told to.
FOREVER = 3600.0
GONE = {state.value for state in DeletionState if state.gone}
# Answers of the service after which it is out what became of a link, as seen from the log.
ENDS = (BatchStopped, AuthenticationFailed)


class Input:
    """A stream of links that goes on while the job runs, and is read from its start each time."""

    name = "the stream"

    def __init__(self) -> None:
        self.links: list[str] = []
        self.closed = False
        self.more = asyncio.Event()

    def add(self, links: list[str]) -> None:
        self.links += links
        self.more.set()

    def close(self) -> None:
        self.closed = True
        self.more.set()

    async def survey(self) -> None:
        """Nothing is known before it was read."""

    async def blocks(self, size: int) -> AsyncGenerator[list[Item]]:
        read = 0
        while read < len(self.links) or not self.closed:
            self.more.clear()
            if read < len(self.links):
                block = self.links[read : read + min(size, 4)]
                yield [Item(number, link) for number, link in enumerate(block, read + 1)]
                read += len(block)
            else:
                await self.more.wait()

    async def all(self) -> AsyncGenerator[str]:
        async for block in self.blocks(4):
            for item in block:
                yield item.link


class Machine(RuleBasedStateMachine):
    """What both machines share: links, a service, a stopped clock."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = StoppedClock()
        self.service = Service()
        self.input = Input()
        self.concurrency = 1
        self.missing = 0

    # Filled in by the machines.

    @property
    def running(self) -> bool:
        raise NotImplementedError

    def busy(self) -> bool:
        return False

    def look(self) -> None:
        """See whether the run has ended, and check what there is."""
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError

    def settle(self) -> None:
        self.loop.settle(self.busy)
        self.look()

    @property
    def asked(self) -> bool:
        return bool(self.service.waiting)

    @property
    def open(self) -> bool:
        return not self.input.closed

    @rule(stored=st.lists(st.booleans(), min_size=1, max_size=6), again=st.booleans())
    @precondition(lambda self: self.open and len(self.input.links) < 40)
    def submit(self, stored: list[bool], again: bool) -> None:
        self.add(stored, again=again)
        self.settle()

    def add(self, stored: list[bool], *, again: bool) -> None:
        links: list[str] = []
        for there in stored:
            link = f"https://media.example/{len(self.input.links) + len(links)}.png"
            links.append(link)
            if there:
                self.service.stored.add(link)
        if again:
            links.append(links[0])
        self.input.add(links)

    @rule()
    @precondition(lambda self: self.open and self.input.links)
    def end_the_input(self) -> None:
        self.input.close()
        self.settle()

    @rule(which=st.integers(0, 9), answer=ANSWERS)
    @precondition(lambda self: self.asked)
    def answer(self, which: int, answer: str) -> None:
        self.service.answer(which, answer)
        self.settle()

    @rule(which=st.integers(0, 9))
    @precondition(lambda self: self.asked)
    def refuse_the_key(self, which: int) -> None:
        self.service.answer(which, "401")
        self.settle()

    @rule(which=st.integers(0, 9), fault=FAULTS, after=st.booleans())
    @precondition(lambda self: self.asked)
    def lose_the_answer(self, which: int, fault: str, after: bool) -> None:
        self.service.spoil(which, fault, after=after)
        self.settle()

    @rule()
    @precondition(lambda self: self.asked)
    def answer_all(self) -> None:
        while self.service.waiting:
            self.service.answer(0, "honest")
            self.settle()

    @rule(seconds=st.sampled_from([60.0, 3600.0]), carries_on=st.booleans())
    def jump(self, seconds: float, carries_on: bool) -> None:
        """The clock goes on; calls that are under way may reach their deadline."""
        self.service.carries_on = carries_on
        self.loop.now += seconds
        self.settle()

    def finish(self) -> None:
        """Answer as it is, until the run has ended."""
        for _ in range(1000):
            if not self.running:
                return

            if self.service.waiting:
                self.service.answer(0, "honest")
            else:
                self.loop.now += 60
            self.settle()
        raise AssertionError("the run does not end")

    def end_loop(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


class JobMachine(Machine):
    """The durable job: runs that end, are stopped, cancelled or killed, until all is done."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.journal = Path(self.folder.name, "0", "journal")
        self.journal.parent.mkdir()
        self.rows = 0
        self.generation = 0
        self.crashed = False
        self.job: CleanupJob | None = None
        self.task: asyncio.Task[None] | None = None
        self.scope: anyio.CancelScope | None = None
        self.summary: JobSummary | None = None
        # What the last run left, and how often each link had been asked for then.
        self.left: dict[int, Known] = {}
        self.asked_before: Counter[str] = Counter()

    @initialize(
        concurrency=st.integers(1, 5),
        rows=st.sampled_from([0, 1_000_000]),
        stored=st.lists(st.booleans(), min_size=4, max_size=20),
    )
    def begin(self, concurrency: int, rows: int, stored: list[bool]) -> None:
        self.concurrency, self.rows = concurrency, rows
        self.add(stored, again=False)
        self.start()

    @property
    def running(self) -> bool:
        return self.task is not None

    def busy(self) -> bool:
        if self.job is None or self.task is None or self.task.done():
            return False

        journal, run = self.job._journal, self.job._run
        ending = run is not None and not math.isnan(run.elapsed)
        return ending or journal is None or bool(journal.writer._waiters)

    @rule()
    @precondition(lambda self: not self.running)
    def start(self) -> None:
        self.left = self.states()
        self.asked_before = Counter(self.service.asked)
        self.job = CleanupJob(
            self.input, self.journal, concurrency=self.concurrency, rows=self.rows, missing_ok=True
        )
        self.task = self.loop.create_task(self.work(self.job))
        self.settle()

    async def work(self, job: CleanupJob) -> None:
        with anyio.CancelScope() as self.scope:
            await job.open()
            assert job._journal is not None
            job._journal.writer._seconds = FOREVER
            async with client_for(self.service) as pixlab:
                self.summary = await job.run(pixlab)

    @rule()
    @precondition(lambda self: self.running)
    def stop(self) -> None:
        self.loop.do(self.tell_to_stop())
        self.settle()

    async def tell_to_stop(self) -> None:
        assert self.job is not None
        self.job.stop()

    @rule()
    @precondition(lambda self: self.running)
    def commit(self) -> None:
        assert self.job is not None
        assert self.job._journal is not None
        self.job._journal.writer.flush_blocking()

    @rule(carries_on=st.booleans(), natively=st.integers(0, 2))
    @precondition(lambda self: self.running)
    def cancel(self, carries_on: bool, natively: int) -> None:
        self.service.carries_on = carries_on
        self.abandon(natively)
        self.look()

    @rule(carries_on=st.booleans())
    @precondition(lambda self: self.running)
    def crash(self, carries_on: bool) -> None:
        self.generation += 1
        copy = Path(self.folder.name, str(self.generation), "journal")
        copy.parent.mkdir()
        for name in ("journal", "journal-wal"):
            with suppress(FileNotFoundError):
                shutil.copy(self.journal.with_name(name), copy.with_name(name))
        self.service.carries_on = carries_on
        self.abandon(0)
        self.journal, self.crashed = copy, True
        self.job = self.task = None
        self.check()

    def abandon(self, natively: int) -> None:
        task = self.task
        assert task is not None
        self.loop.do(self.cut(task, natively))
        with suppress(asyncio.CancelledError, *ENDS):
            self.loop.run_until_complete(task)

    async def cut(self, task: asyncio.Task[None], natively: int) -> None:
        if natively == 0 and self.scope is not None:
            self.scope.cancel()
        else:
            task.cancel()
        if natively == 2:
            await asyncio.sleep(0)
            task.cancel()

    def look(self) -> None:
        if self.task is None or not self.task.done():
            return

        task, job = self.task, self.job
        self.task = None
        if not task.cancelled():
            error = task.exception()
            assert error is None or isinstance(error, ENDS), repr(error)
        assert not self.service.waiting
        self.check()
        assert job is not None
        if job._journal is not None:
            found = Counter(known.state for known in self.states().values())
            assert +job._journal.counts == found, "what it says is what it wrote"

    # --- The model ----------------------------------------------------------------------

    def states(self) -> dict[int, Known]:
        if not self.journal.exists():
            return {}

        file = sqlite3.connect(self.journal)
        try:
            assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            if not file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return {}

            found = known_of(file, Block(0, len(self.input.links), b""))
            assert counts_of(file) == Counter(known.state for known in found.values())
            return found
        finally:
            file.close()

    def check(self) -> None:
        found = self.states()
        links = self.input.links
        times = Counter(links)
        for place, (state, asked, _) in found.items():
            link = links[place]
            assert state not in GONE or link not in self.service.stored, (place, state)
            if state == "deleted":
                assert link in self.service.deleted
            if times[link] > 1:
                continue

            deleted = link in self.service.deleted
            assert not (state == "already_gone" and deleted), place
            assert not (state == "rejected" and deleted and not asked), place
        for place, known in self.left.items():
            link = links[place]
            if known.state in GONE and times[link] == 1:
                assert found[place] == known, "what is final stays"
                assert self.service.asked[link] == self.asked_before[link], "nor is it asked again"
        if not self.crashed:
            for place, link in enumerate(links):
                if place not in found and times[link] == 1:
                    assert link not in self.service.deleted, "it was not sent, it says"

    def teardown(self) -> None:
        try:
            self.end()
        finally:
            if self.task is not None:
                self.abandon(0)
            self.end_loop()
            self.folder.cleanup()

    def end(self) -> None:
        """Without further faults everything comes to its end, in exactly one state."""
        if not self.input.closed:
            self.input.close()
            self.settle()
        self.finish()
        for _ in range(2):
            self.start()
            self.finish()
        found = self.states()
        assert sorted(found) == list(range(len(self.input.links)))
        for place, known in found.items():
            assert known.state in GONE | {"rejected"}
            assert (
                known.state in GONE
                or self.input.links[place] not in self.service.deleted
                or (known.asked)
            )
        summary = self.summary
        assert summary is not None
        assert summary.settled == summary.total == len(self.input.links)


class BatchMachine(Machine):
    """``delete_many``: in the loop or in the background, stopped, cancelled and gone on with."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Outcome] = []
        self.batch: DeleteMany | None = None
        self.pixlab: AsyncPixLab | None = None
        self.task: asyncio.Task[None] | None = None
        self.options: tuple[bool, bool, bool] = (False, False, False)
        self.scope: anyio.CancelScope | None = None
        self.over = False

    @initialize(
        concurrency=st.integers(1, 5),
        options=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        stored=st.lists(st.booleans(), min_size=2, max_size=20),
    )
    def begin(self, concurrency: int, options: tuple[bool, bool, bool], stored: list[bool]) -> None:
        self.concurrency, self.options = concurrency, options
        self.add(stored, again=False)
        self.loop.do(self.make())
        self.start()

    async def make(self) -> None:
        background, in_order, dedupe = self.options
        self.pixlab = client_for(self.service)
        self.batch = self.pixlab.delete_many(
            self.input.all() if background else iter(self.input.links),
            concurrency=self.concurrency,
            order="input" if in_order else "completion",
            dedupe=dedupe,
            missing_ok=True,
        )
        if not background:
            self.input.close()

    @property
    def running(self) -> bool:
        return self.task is not None

    def start(self) -> None:
        self.task = self.loop.create_task(self.work())
        self.settle()

    async def work(self) -> None:
        assert self.batch is not None
        with anyio.CancelScope() as self.scope:
            if self.options[0]:
                async with self.batch:
                    await self.iterate()
            else:
                await self.iterate()
            self.over = True

    async def iterate(self) -> None:
        assert self.batch is not None
        async for outcome in self.batch:
            self.found.append(outcome)

    @rule()
    @precondition(lambda self: self.running)
    def stop(self) -> None:
        self.loop.do(self.tell_to_stop())
        self.settle()

    async def tell_to_stop(self) -> None:
        assert self.batch is not None
        self.batch.stop()

    @rule(carries_on=st.booleans(), natively=st.booleans())
    @precondition(lambda self: self.running)
    def cancel(self, carries_on: bool, natively: bool) -> None:
        """In the loop, it can be iterated further; in the background, all has ended then."""
        self.service.carries_on = carries_on
        self.loop.do(self.cut(natively))
        self.settle()

    async def cut(self, natively: bool) -> None:
        assert self.task is not None
        if natively or self.scope is None:
            self.task.cancel()
        else:
            self.scope.cancel()
        with suppress(asyncio.CancelledError, *ENDS):
            await self.task

    @rule()
    @precondition(lambda self: not self.running and not self.over)
    def go_on(self) -> None:
        self.options = (False, *self.options[1:])  # what the block began was ended with it
        self.start()

    def look(self) -> None:
        if self.task is None or not self.task.done():
            return

        task, self.task = self.task, None
        error = None if task.cancelled() else task.exception()
        assert error is None or isinstance(error, ENDS), repr(error)
        assert not self.service.waiting
        self.over = self.over or error is not None
        self.check()

    def check(self) -> None:
        places = [outcome.index for outcome in self.found]
        assert len(set(places)) == len(places), "counted once"
        if self.options[1]:
            assert places == list(range(len(places)))
        times = Counter(self.input.links)
        for outcome in self.found:
            link, state = self.input.links[outcome.index], outcome.state
            assert outcome.link == link
            assert not (state.gone and link in self.service.stored)
            if times[link] > 1:
                continue

            deleted = link in self.service.deleted
            assert state is not DeletionState.DELETED or deleted
            assert not (deleted and state in (DeletionState.NOT_SENT, DeletionState.ALREADY_GONE))
            assert not (deleted and state is DeletionState.REJECTED and not outcome.maybe_processed)

    def teardown(self) -> None:
        try:
            if self.batch is not None:
                self.end()
        finally:
            if self.task is not None:
                self.loop.do(self.cut(natively=False))
            self.end_loop()

    def end(self) -> None:
        """Whatever was taken has one outcome in the end, and nothing is taken or waits."""
        self.input.close()
        self.settle()
        self.finish()
        if not self.over:
            self.loop.do(self.tell_to_stop())
            self.go_on()
            self.finish()
        self.loop.do(self.see_that_all_is_back())

    async def see_that_all_is_back(self) -> None:
        assert self.pixlab is not None
        assert self.batch is not None
        stats, summary = self.pixlab.stats(), self.batch.summary()
        assert (stats.in_use, stats.queued) == (0, 0)
        places = sorted(outcome.index for outcome in self.found)
        assert places == list(range(len(places)))
        assert summary.counts == Counter(outcome.state for outcome in self.found)
        if summary.stopped is None and summary.total == len(self.input.links):
            asked = {self.input.links[place] for place in places}
            assert set(self.service.asked) <= asked
        await self.pixlab.aclose()


TestJob = JobMachine.TestCase
TestJob.settings = BOUNDED
TestBatch = BatchMachine.TestCase
TestBatch.settings = settings(BOUNDED, max_examples=500)
