"""One call from first attempt to result: deadline, retry, gate, bridge, transport.

deadline          over everything below; of a batch's call, over each attempt
retry           by phase and policy, within the client's budget
gate          a connection and the pacer's leave; nothing is held while waiting
bridge      a child task, where a cancellation would harm otherwise
transport
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar, cast

import anyio
from attrs import define, evolve

from ._bridge import DeadlineReached, bare, bridged, within
from ._core import Core, Lane, Track
from ._errors import (
    ConfigurationError,
    PixLabError,
    RateLimited,
    TimedOut,
    UnreadableReply,
    was_sent,
)
from ._gate import Gate, Priority, Verdict
from ._judging import Judged, conceal, of_deadline, of_fault, of_reply, tell
from ._key import NO_KEY, APIKey, Guarded, require, resolve
from ._multipart import Multipart, SourceFailed
from ._options import Options
from ._pacer import Ticket
from ._protocol import Call, build
from .transports._seam import Reply, Request, TransportFault

T = TypeVar("T")

# Nobody waits for the single link of a batch, and its pacer knows when to try again.
_BATCH_LIMITED_ATTEMPTS = 10


def exchange(
    core: Core,
    call: Call[T],
    options: Options,
    *,
    priority: Priority = Priority.INTERACTIVE,
    track: Track | None = None,
) -> Awaitable[T]:
    """Make the call: send it, again where that is right, until there is a result.

    Raises:
        PixLabError: As the client's methods document.
    """
    core.check()
    core.calls += 1
    lane = core.lane(call.endpoint.host)
    running = _Exchange(core, lane, call, options, priority, track or Track(), core.clock())
    if call.endpoint.keyless:
        return running.run()

    if options.key is None:
        raise ConfigurationError(NO_KEY, endpoint=call.endpoint.name)

    if callable(options.key):
        return running.run_with(options.key)

    running.key = require(options.key)
    return running.run()


@define(eq=False, repr=False)
class _Exchange(Generic[T]):
    core: Core
    lane: Lane
    call: Call[T]
    options: Options
    priority: Priority
    track: Track
    started: float
    key: APIKey | None = None
    # Of a call without an upload: built once, sent as often as need be.
    request: Request | None = None

    async def run_with(self, source: Guarded) -> T:
        """Ask for the key within the call's deadline: a callable may ask a vault, and wait."""
        limit = math.inf if self.options.deadline is None else self.options.deadline
        with anyio.CancelScope(deadline=self.started + limit):
            self.key = await resolve(source)
        if self.key is None:
            raise TimedOut("the callable that gives the key did not in time", phase="queue")

        return await self.run()

    async def run(self) -> T:
        """Send it until there is a result, or no use in trying again."""
        try:
            if self.call.upload is None:
                self.request = self.build()
            judged: Judged[T] = Judged()
            while True:
                try:
                    now = self.core.clock()
                    at_once = self.track.pace is None
                    ticket = self.lane.gate.try_enter(self.priority, now) if at_once else None
                    if ticket is None:
                        ticket, now = await self._enter(), self.core.clock()
                except TimedOut as late:
                    # What an attempt failed with says more than the wait for the next one.
                    judged = judged if judged.error else Judged(error=late.with_traceback(None))
                    break

                judged = await self._attempt(ticket, now)
                if judged.error is None:
                    self.core.budget.earn()
                    return cast("T", judged.result)

                conceal(judged.error, self.call)
                self.track.history.append(judged.error.summary)
                wait = self._wait(judged)
                if wait is None:
                    break

                self.core.retries += 1
                if wait > 0 and not await self._slept(wait):
                    break

            try:
                raise self._told(judged.error) from judged.cause  # far from the reply's frames
            finally:
                del judged  # else error and frame would hold one another
        except BaseException as error:
            if not isinstance(error, Exception):  # a cancellation, or a signal's, at any place
                bare(error)
            raise
        finally:
            self.request = None  # whatever is raised, its frames do not hold key and links

    def build(
        self, form: Callable[[Sequence[tuple[str, str]]], Multipart] | None = None
    ) -> Request:
        return build(
            self.call,
            self.lane.origin,
            key=self.key,
            auth=self.options.auth,
            timeout=self.options.timeout,
            form=form,
        )

    def _deadline(self) -> float:
        """When the call must end. That of a batch's call starts anew with each attempt.

        A batch may rightly wait for hours until its rate limit lets a link go.
        """
        if self.options.deadline is None:
            return math.inf

        batch = self.priority is Priority.BATCH
        return (self.core.clock() if batch else self.started) + self.options.deadline

    async def _enter(self) -> Ticket:
        pace = self.track.pace
        if pace is not None:  # it counts the attempt, and needs no slot
            pace.leave(await self._entered(pace), Verdict.LOST)

        return await self._entered(self.lane.gate)

    async def _entered(self, gate: Gate) -> Ticket:
        patience = math.inf if self.priority is Priority.BATCH else self._deadline()
        with self.track.waiting():
            return await gate.enter(self.priority, patience)

        raise TimedOut("its batch was stopped before it was sent", phase="queue")

    async def _slept(self, seconds: float) -> bool:
        with self.track.waiting():
            await anyio.sleep(seconds)
            return True

        return False

    async def _attempt(self, ticket: Ticket, sent_at: float) -> Judged[T]:
        """Send once, and say what came of it. Gives the ticket back, whatever happens."""
        verdict, retry_after = Verdict.LOST, None
        track = self.track
        earlier = track.maybe_processed
        track.attempts += 1
        track.maybe_processed = True  # for whoever looks after a cancellation
        now: float | None = None
        try:
            if self.core.direct and self.call.repeatable:
                judged = self._judged(await self._carried(), sent_at)
            else:
                judged = await bridged(partial(self._sent_and_judged, sent_at), self._deadline())
            now = sent_at + cast("float", track.elapsed)
            verdict = Verdict.ACCEPTED
            if isinstance(judged.error, RateLimited):
                verdict, retry_after = Verdict.LIMITED, judged.error.retry_after
                track.rate_limited += 1
        except TransportFault as fault:
            judged = of_fault(fault, self.key)
            if not fault.sent:
                verdict = Verdict.UNSENT
        except DeadlineReached:
            judged = of_deadline()
        finally:
            self.lane.gate.leave(ticket, verdict, now, retry_after=retry_after)

        track.maybe_processed = earlier or (judged.error is not None and was_sent(judged.error))
        return judged

    def _judged(self, reply: Reply, sent_at: float) -> Judged[T]:
        """What a reply means, now that it is here."""
        now, track = self.core.clock(), self.track
        track.elapsed, elapsed = now - sent_at, now - self.started
        return of_reply(self.call, reply, self.key, attempts=track.attempts, elapsed=elapsed)

    async def _sent_and_judged(self, sent_at: float) -> Judged[T]:
        """Both in the bridge's task: a reply whose caller is just cancelled is known of."""
        return self._judged(await self._send(), sent_at)

    def _carried(self) -> Awaitable[Reply]:
        """The reply to come, with the deadline over it, as a direct transport takes it."""
        core, request, deadline = self.core, self.request, self._deadline()
        if request is None or not core.keeps_deadline:
            return within(self._send, deadline)

        request.deadline = deadline
        return core.transport.send(request)

    async def _send(self) -> Reply:
        if self.request is not None:
            return await self.core.transport.send(self.request)

        assert self.call.upload is not None
        async with self.call.upload.opened() as opened:
            body = partial(Multipart, upload=self.call.upload, opened=opened)
            request = self.build(body)
            try:
                return await self.core.transport.send(request)
            except SourceFailed:
                failure = cast("Multipart", request.content).failure
            del request  # this frame hangs on the failure
            assert failure is not None
            raise failure

    def _wait(self, judged: Judged[T]) -> float | None:
        """Seconds until the next attempt, or None where there is none."""
        error = judged.error
        assert error is not None
        call, attempt, now = self.call, self.track.attempts, self.core.clock()
        if judged.stale and attempt == 1 and call.repeatable and call.replayable:
            # The server closed an idle connection just as it was reused: nobody's fault,
            # and no sign of trouble that a wait would cure.
            return 0.0

        lacks = isinstance(error, UnreadableReply) and error.field
        if lacks and call.endpoint.name != "delete":
            return None

        policy = self.options.retry
        if self.priority is Priority.BATCH:
            patient = max(policy.limited_attempts, _BATCH_LIMITED_ATTEMPTS)
            policy = evolve(policy, limited_attempts=patient)
        wait = policy.wait(
            error,
            attempt=attempt,
            repeatable=call.repeatable,
            replayable=call.replayable,
            random=self.core.random,
        )
        if wait is None:
            return None

        ahead = max(wait, self.lane.gate.pacer.paused_for(now))
        if self.priority is Priority.INTERACTIVE and now + ahead >= self._deadline():
            return None

        if isinstance(error, RateLimited) or self.core.budget.spend(now):
            return wait

        return None

    def _told(self, error: PixLabError | None) -> PixLabError:
        """The error with the facts of the call."""
        assert error is not None
        tell(error, self.call, self.key, self.track, self.core.clock() - self.started)
        return error
