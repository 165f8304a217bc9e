"""The batch itself: its workers, and what became of each link.

A ``DeleteMany`` is iterated in one of two ways, with the same workers below:

- ``async for outcome in batch``: the workers run only while the consumer waits for the
  next outcome, in shifts of about a second, and none is left behind when the loop is. A
  shift ends when its last call does, and when the iterable gave the link it was asked for.
- ``async with batch: async for ...``: the workers go on while the consumer is busy.

Two ways, since a background task needs somebody who waits for its end. An async generator
with a task group inside would break the caller's cancellation on ``break``.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio
from anyio.lowlevel import checkpoint_if_cancelled

from .._errors import BatchStopped, PixLabError
from .._gate import Gate
from .._results import Outcome
from ._asking import Send
from ._feed import Feed
from ._order import InputOrder
from ._passes import Passes
from ._rules import BatchRules
from ._summary import BatchSummary, Tally

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

# Outcomes that may wait for the consumer before the workers pause.
WINDOW = 1000
# Seconds: long against a call, so that little time is lost at a shift's end.
_SHIFT = 1.0
# Seconds between two reports of progress.
_EVERY = 0.25


class DeleteMany:
    """The outcomes of a batch of deletions, one per link.

    Iterate it with ``async for``; wrap that in ``async with`` to let deletions go on while
    the loop's body runs. Leaving the ``async with`` block cancels what is under way, whose
    outcomes (``unknown`` where it was sent, else ``not_sent``) can still be iterated.
    ``summary()`` counts them.
    """

    def __init__(
        self,
        send: Send,
        feed: Feed,
        rules: BatchRules,
        *,
        pace: Gate | None = None,
        recall: Callable[[float], Awaitable[None]] | None = None,
        breather: float = 0.0,
        progress: Callable[[BatchSummary], object] | None = None,
        window: int = WINDOW,
    ) -> None:
        self._passes = Passes(send, feed, rules, self._hand_out, pace=pace, breather=breather)
        self._recall = recall
        self._concurrency = rules.concurrency
        self._progress = progress
        self._window = window
        self._order = InputOrder() if rules.order == "input" else None
        self._tally = Tally()
        self._ready: deque[Outcome] = deque()
        self._raised = False
        self._began: float | None = None
        self._ended_at: float | None = None
        self._told_at = self._shift_ends = -math.inf
        self._group: TaskGroup | None = None
        self._working = 0
        self._changed: anyio.Event | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome:
        while not self._ready:
            if self._working:
                await self._change()
            elif self._passes.goes_on():
                await self._work_a_shift()
            elif self._passes.deferred:
                self._passes.give_up()
            else:
                # The workers may have been cancelled, and ended, before this task was.
                await checkpoint_if_cancelled()
                if _is_wrong_list(self._passes.failure):
                    await self.recall()
                self._finish()

        outcome = self._ready.popleft()
        self._tell()
        return outcome

    async def __aenter__(self) -> Self:
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._start(self._group)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        group, self._group = self._group, None
        self.stop()
        assert group is not None  # __aenter__ made it
        group.cancel_scope.cancel()
        # Not told of the body's error: it would come back wrapped in a group.
        await group.__aexit__(None, None, None)

    def stop(self) -> None:
        """Take no further link and send none that waits. What was sent ends by itself.

        All outcomes can still be iterated. A plain function: signal handlers may call it.
        """
        self._passes.stop()

    def fail(self, error: Exception) -> None:
        """Take no further link, and raise this when all outcomes were given."""
        self._passes.fail(error)

    async def recall(self) -> None:
        """Have a ledger forget that links were gone already: it was asked in the wrong place."""
        if self._recall is not None and self._began is not None:
            await self._recall(anyio.current_time() - self._began + 1)

    def summary(self) -> BatchSummary:
        """The counts so far. Call it inside the event loop."""
        elapsed = 0.0
        if self._began is not None:
            now = anyio.current_time() if self._ended_at is None else self._ended_at
            elapsed = now - self._began
        failure = self._passes.failure
        return self._tally.summary(elapsed, failure if isinstance(failure, PixLabError) else None)

    def down_for(self) -> float | None:
        """Seconds until a service that is down is tried again; None where it is not down."""
        return self._passes.down_for(anyio.current_time())

    @property
    def working(self) -> int:
        """Workers that delete, or look for a link."""
        return self._working

    @property
    def in_second_pass(self) -> bool:
        """Whether all links that are left have failed once."""
        return self._passes.in_second_pass

    def _finish(self) -> None:
        """Every outcome was given: raise what stopped the batch, or end the iteration."""
        if self._ended_at is None:
            self._ended_at = anyio.current_time()
            self._report(force=True)
        failure = self._passes.failure
        if failure is None or self._raised:
            raise StopAsyncIteration

        self._raised = True
        if isinstance(failure, PixLabError):
            failure.batch = self.summary()
        raise failure

    async def _work_a_shift(self) -> None:
        self._shift_ends = anyio.current_time() + _SHIFT
        async with anyio.create_task_group() as group:
            self._start(group)

    def _start(self, group: TaskGroup) -> None:
        if self._began is None:
            self._began = anyio.current_time()
            self._passes.begin()
        self._working = self._concurrency
        for _ in range(self._concurrency):
            group.start_soon(self._work)

    async def _work(self) -> None:
        passes = self._passes
        try:
            while passes.goes_on() and await self._has_room():
                if passes.is_down:
                    if not await passes.try_one(full=self._is_full()):
                        return

                    continue

                taken = await passes.next(full=self._is_full())
                if taken is None:
                    return

                await passes.handle(taken)
                self._tell()  # a link that was put off has no outcome to tell of it
        finally:
            self._working -= 1
            self._tell()

    async def _has_room(self) -> bool:
        """Whether to take one more link: waits for room, or ends the shift."""
        if self._group is None and self._ready:
            return anyio.current_time() < self._shift_ends and not self._is_full()

        # The outcome that all others wait for may be one that the second pass has to get.
        while self._is_full() and not self._passes.deferred:
            if self._group is None and self._ready:
                return False  # the consumer makes room, and waits for the shift's end

            await self._change()
        return True

    def _is_full(self) -> bool:
        held = 0 if self._order is None else self._order.held
        return len(self._ready) + held + self._passes.waiting >= self._window

    def _hand_out(self, outcome: Outcome) -> None:
        """Give out a link's outcome."""
        self._tally.add(outcome)
        if self._order is None:
            self._ready.append(outcome)
        else:
            self._ready.extend(self._order.release(outcome))
        if self._progress is not None:
            self._report()
        self._tell()

    def _report(self, *, force: bool = False) -> None:
        now = anyio.current_time()
        if self._progress is None or not (force or now >= self._told_at + _EVERY):
            return

        self._told_at = now
        try:
            self._progress(self.summary())
        except Exception as error:
            self._progress = None  # one report of it is enough
            self._passes.fail(error)

    async def _change(self) -> None:
        if self._changed is None:
            self._changed = anyio.Event()
        await self._changed.wait()

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None


def _is_wrong_list(failure: BaseException | None) -> bool:
    return isinstance(failure, BatchStopped) and failure.reason == "nothing_found"
