"""The two passes over a batch's links: which is next, and what became of it.

Knows nothing of who iterates the outcomes: each is given to ``settle`` when it is final.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import anyio
from anyio.lowlevel import checkpoint

from .._core import Track
from .._errors import BatchStopped, ConfigurationError, PixLabError
from .._gate import Gate
from .._protocol import Call
from .._results import Deletion, DeletionState, Media, Outcome
from ..endpoints.storage import delete_call
from ._asking import Ended, Send, ask, is_untouched
from ._feed import Feed, Taken
from ._order import Duplicates
from ._outage import TELLING, Outage
from ._pausing import Pausing
from ._rules import BatchRules, Fuses
from ._waits import Waits

# Links that may wait for the second pass; with more, it begins at once.
DEFERRED = 10_000


class Passes:
    """Takes links from the feed, deletes them, and tries those again that failed.

    Args:
        send: Sends one deletion.
        feed: Where the links come from.
        rules: What was asked for.
        settle: Is given each outcome.
        pace: A rate of the batch's own, or None.
        breather: Seconds between a link's failure and its second pass.
    """

    def __init__(
        self,
        send: Send,
        feed: Feed,
        rules: BatchRules,
        settle: Callable[[Outcome], None],
        *,
        pace: Gate | None,
        breather: float,
    ) -> None:
        self._send = send
        self._feed = feed
        self._rules = rules
        self._settle = settle
        self._pace = pace
        self._breather = breather
        self._fuses = Fuses(rules)
        self._duplicates = Duplicates() if rules.dedupe else None
        self._waits = Waits()
        self._outage = Outage(max(TELLING, 2 * rules.concurrency))
        self._pausing = Pausing(self._outage, self._waits)
        self._deferred: deque[Taken] = deque()
        self._stopped = False
        self.failure: BaseException | None = None

    @property
    def waiting(self) -> int:
        """Duplicates whose first link has no outcome yet."""
        return 0 if self._duplicates is None else self._duplicates.waiting

    @property
    def deferred(self) -> int:
        """Links that wait for the second pass."""
        return len(self._deferred)

    @property
    def in_second_pass(self) -> bool:
        """Whether all that is left has failed once."""
        return self._feed.exhausted and bool(self._deferred)

    def begin(self) -> None:
        """Let the deadline run from now on."""
        if self._rules.deadline is not None:
            self._waits.until = anyio.current_time() + self._rules.deadline

    def goes_on(self) -> bool:
        """Whether there may be a next link."""
        if self.failure is not None or self._stopped:
            return False

        return bool(self._deferred) or not self._feed.exhausted

    def stop(self) -> None:
        """Take no further link and send none that waits. What was sent ends by itself."""
        self._stopped = True
        self._feed.stop()
        self._waits.end()

    async def next(self, *, full: bool) -> Taken | None:
        """The next link, or None; one that failed where the batch is ``full`` of its like."""
        if anyio.current_time() >= self._waits.until:
            self._time_is_up()
            return None

        if not (self._feed.exhausted or len(self._deferred) >= DEFERRED or full):
            try:
                taken = await self._feed.next(self._waits.until)
            except Exception as error:  # the caller's iterable failed: finish, then tell
                self.fail(error)
                return None

            if taken is not None:
                return taken

        return self._deferred.popleft() if self._deferred and self.goes_on() else None

    def _time_is_up(self) -> None:
        late = f"the batch did not end within its deadline of {self._rules.deadline} s"
        self.fail(BatchStopped(late, reason="deadline"))

    def fail(self, error: BaseException) -> None:
        """Take no more links, and raise this when all outcomes were given."""
        self.failure = self.failure or error
        self._feed.stop()
        self._waits.end()

    @property
    def is_down(self) -> bool:
        """Whether the service seems to be down: then ``try_one`` instead of next and handle."""
        return self._outage.is_down

    def down_for(self, now: float) -> float | None:
        """Seconds until the service is tried again; None where it is not down."""
        return self._pausing.seconds_left(now)

    async def try_one(self, *, full: bool) -> bool:
        """In an outage: wait for this worker's turn, and try one link; False where all ends."""
        if not await self._pausing.take_turn():
            return False

        try:
            if not self._outage.is_down:
                return True

            taken = await self.next(full=full) if await self._pausing.wait() else None
            if taken is not None:
                await self.handle(taken)
            return taken is not None
        except BatchStopped as hopeless:
            self.fail(hopeless)
            return False
        finally:
            self._pausing.give_turn()

    async def handle(self, taken: Taken) -> None:
        """Delete what is at the link, or say why not."""
        try:
            call = delete_call(taken.link)
        except ConfigurationError as unsendable:
            self._end(taken, DeletionState.REJECTED, unsendable, Track())
            await checkpoint()  # however many of them there are, others run too
            return

        if taken.error is None and await self._need_not_be_sent(taken):
            return

        await self._delete(taken, call)

    async def _need_not_be_sent(self, taken: Taken) -> bool:
        """Deal with a link that is in the first pass and not to be sent."""
        if self._duplicates is not None:
            text = text_of(taken.link)
            if self._duplicates.seen(text):
                copy = self._duplicates.repeat(taken.place, text)
                if copy is not None:
                    self._settle(copy)
                await checkpoint()
                return True

            self._duplicates.first(taken.place, text)
        stop = self._fuses.take()
        if stop is not None:
            self.fail(stop)
        elif not self._rules.dry_run:
            return False

        self._end(taken, DeletionState.NOT_SENT, None, Track())
        await checkpoint()
        return True

    async def _delete(self, taken: Taken, call: Call[Deletion]) -> None:
        track = Track(maybe_processed=taken.asked, pace=self._pace, waiting=self._waits.waiting)
        ended: Ended = DeletionState.NOT_SENT, taken.error
        try:
            if await self._breathed(taken):
                ended = await self._asked(call, track)
        except BaseException as interruption:
            if track.maybe_processed and track.attempts:
                ended = DeletionState.UNKNOWN, None
            if not isinstance(interruption, Exception):
                raise

            self.fail(interruption)
        finally:
            self._end(taken, *ended, track)

    async def _breathed(self, taken: Taken) -> bool:
        """Before the second pass, give what failed some time; False where the batch ends."""
        if taken.error is None or taken.not_before <= anyio.current_time():
            return True

        with self._waits.waiting():
            await anyio.sleep_until(taken.not_before)
            return True

        return False

    async def _asked(self, call: Call[Deletion], track: Track) -> Ended:
        ended = await ask(self._send, call, track, key_worked=self._fuses.found)
        if is_untouched(ended[1], track) and self._is_over():
            return DeletionState.NOT_SENT, None  # it would have been sent, in time

        return ended

    def _is_over(self) -> bool:
        """Whether the batch has ended what waits, or has to now."""
        if not self._waits.over and anyio.current_time() >= self._waits.until:
            self._time_is_up()
        return self._waits.over

    def _end(
        self, taken: Taken, state: DeletionState, error: PixLabError | None, track: Track
    ) -> None:
        """Take note of what one pass over a link came to."""
        stop = self._fuses.judge(state, error)
        if stop is not None:
            self.fail(stop)
        if state is not DeletionState.FAILED:
            if track.elapsed is not None:
                self._outage.answered()
        elif taken.error is None or self._outage.is_down:  # each link counts once
            self._outage.failed(error, anyio.current_time())
        if state is DeletionState.FAILED and taken.error is None and self._may_defer():
            self._defer(taken, error, track)
        else:
            self._conclude(taken, state, error, track)

    def _conclude(
        self, taken: Taken, state: DeletionState, error: PixLabError | None, track: Track
    ) -> None:
        """Give out what became of a link."""
        if taken.error is not None and state is DeletionState.NOT_SENT:
            state, error = DeletionState.FAILED, taken.error  # the first pass did send it
        outcome = Outcome(
            taken.place,
            text_of(taken.link),
            state,
            error,
            taken.attempts + track.attempts,
            None,
            track.elapsed,
            taken.rate_limited + track.rate_limited,
            track.maybe_processed,
        )
        self._settle(outcome)
        if self._duplicates is not None:
            for copy in self._duplicates.ended(outcome):
                self._settle(copy)

    def _may_defer(self) -> bool:
        return self._rules.second_pass and self.failure is None and not self._stopped

    def _defer(self, taken: Taken, error: PixLabError | None, track: Track) -> None:
        again = taken._replace(
            asked=track.maybe_processed,
            attempts=track.attempts,
            rate_limited=track.rate_limited,
            error=error,
            not_before=anyio.current_time() + self._breather,
        )
        self._deferred.append(again)

    def give_up(self) -> None:
        """The second pass does not come to the links that wait for it."""
        while self._deferred:
            taken = self._deferred.popleft()
            track = Track(maybe_processed=taken.asked)
            # Judged when it failed.
            self._conclude(taken, DeletionState.FAILED, taken.error, track)


def text_of(link: object) -> str:
    text = link.link if isinstance(link, Media) else link
    return text if isinstance(text, str) else f"<{type(text).__name__}>"
