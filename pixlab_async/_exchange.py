"""One call from first attempt to result: deadline, retry, gate, bridge, transport.

deadline          over everything below; of a batch's call, over each attempt
retry           by phase and policy, within the client's budget
gate          a connection and the pacer's leave; nothing is held while waiting
bridge      a child task, so that any cancellation is safe
transport
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar, cast

import anyio
from attrs import define, evolve, frozen

from ._bridge import DeadlineReached, bridged, within
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
from ._key import NO_KEY, APIKey, Guarded, require, resolve
from ._multipart import Multipart, SourceFailed
from ._options import Options
from ._pacer import Ticket
from ._protocol import Call, build
from ._reply import clean, error_from, read, told_by
from ._results import Meta
from .transports._seam import Reply, Request, TransportFault

T = TypeVar("T")

# Nobody waits for the single link of a batch, and its pacer knows when to try again.
_BATCH_LIMITED_ATTEMPTS = 10


async def exchange(
    core: Core,
    call: Call[T],
    options: Options,
    *,
    priority: Priority = Priority.INTERACTIVE,
    track: Track | None = None,
) -> T:
    """Make the call: send it, again where that is right, until there is a result.

    Raises:
        PixLabError: As the client's methods document.
    """
    core.check()
    core.calls += 1
    started = anyio.current_time()
    key = None
    if not call.endpoint.keyless:
        if options.key is None:
            raise ConfigurationError(NO_KEY, endpoint=call.endpoint.name)

        source = options.key
        key = await _asked(source, options, started) if callable(source) else require(source)
    lane = core.lane(call.endpoint.host)
    running = _Exchange(core, lane, call, options, priority, track or Track(), key, started)
    if call.upload is None:
        running.request = running.build()
    return await running.run()


async def _asked(source: Guarded, options: Options, started: float) -> APIKey:
    """The key, within the call's deadline: a callable may ask a vault, and wait."""
    limit = math.inf if options.deadline is None else options.deadline
    with anyio.CancelScope(deadline=started + limit):
        return await resolve(source)

    raise TimedOut("the callable that gives the key did not in time", phase="queue")


@frozen(eq=False, repr=False)
class _Judged(Generic[T]):
    """What came of one attempt, as data: a result, or an error and what led to it."""

    result: T | None = None
    error: PixLabError | None = None
    cause: BaseException | None = None
    stale: bool = False


@define(eq=False, repr=False)
class _Exchange(Generic[T]):
    core: Core
    lane: Lane
    call: Call[T]
    options: Options
    priority: Priority
    track: Track
    key: APIKey | None
    started: float
    # Of a call without an upload: built once, sent as often as need be.
    request: Request | None = None

    async def run(self) -> T:
        judged: _Judged[T] = _Judged()
        while True:
            try:
                ticket = await self._enter()
            except TimedOut as late:
                # What an attempt failed with says more than the wait for the next one.
                judged = judged if judged.error else _Judged(error=late.with_traceback(None))
                break

            judged = await self._attempt(ticket)
            if judged.error is None:
                self.core.budget.earn()
                return cast("T", judged.result)

            self.track.history.append(judged.error.summary)
            wait = self._wait(judged)
            if wait is None:
                break

            self.core.retries += 1
            if wait > 0 and not await self._slept(wait):
                break

        raise self._told(judged.error) from judged.cause  # far from the frames of the reply

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
        return (anyio.current_time() if batch else self.started) + self.options.deadline

    async def _enter(self) -> Ticket:
        pace = self.track.pace
        if pace is not None:  # it counts the attempt, and needs no slot
            pace.leave(await self._entered(pace), Verdict.LOST)

        return await self._entered(self.lane.gate)

    async def _entered(self, gate: Gate) -> Ticket:
        ticket = gate.try_enter(self.priority, anyio.current_time())
        if ticket is not None:
            return ticket

        patience = math.inf if self.priority is Priority.BATCH else self._deadline()
        with self.track.waiting():
            return await gate.enter(self.priority, patience)

        raise TimedOut("its batch was stopped before it was sent", phase="queue")

    async def _slept(self, seconds: float) -> bool:
        with self.track.waiting():
            await anyio.sleep(seconds)
            return True

        return False

    async def _attempt(self, ticket: Ticket) -> _Judged[T]:
        """Send once, and say what came of it. Gives the ticket back, whatever happens."""
        verdict, retry_after = Verdict.LOST, None
        earlier = self.track.maybe_processed
        self.track.attempts += 1
        self.track.maybe_processed = True  # for whoever looks after a cancellation
        sent_at = anyio.current_time()
        try:
            carry = within if self.core.direct else bridged
            reply = await carry(self._send, self._deadline())
            self.track.elapsed = anyio.current_time() - sent_at
            judged = self._judge(reply)
            verdict = Verdict.ACCEPTED
            if isinstance(judged.error, RateLimited):
                verdict, retry_after = Verdict.LIMITED, judged.error.retry_after
                self.track.rate_limited += 1
        except TransportFault as fault:
            judged = self._from_fault(fault)
            if not fault.sent:
                verdict = Verdict.UNSENT
        except DeadlineReached:
            late = TimedOut("no whole reply before the call's deadline", sent=True)
            judged = _Judged[T](error=late)
        finally:
            self.lane.gate.leave(ticket, verdict, retry_after=retry_after)

        self.track.maybe_processed = earlier or (
            judged.error is not None and was_sent(judged.error)
        )
        return judged

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
            assert failure is not None
            raise failure

    def _judge(self, reply: Reply) -> _Judged[T]:
        picture = (self.call.blob or self.call.inline) and not reply.body.startswith(b"{")
        # Whatever the service echoes: the key goes no further than this line.
        body = reply.body if self.key is None or picture else self.key.scrub_bytes(reply.body)
        if body is not reply.body:
            reply = Reply(reply.status, reply.headers, body)
        elapsed = anyio.current_time() - self.started
        meta = Meta(self.track.attempts, elapsed, reply.status)
        try:
            return _Judged(read(self.call, reply, meta, now=time.time()))
        except PixLabError as error:
            return _Judged(error=error.with_traceback(None))

    def _from_fault(self, fault: TransportFault) -> _Judged[T]:
        error = error_from(fault, self._scrubbed(clean(fault.message)))
        cause = fault.__cause__
        if cause is not None and self._scrubbed(told := told_by(cause)) != told:
            cause = None  # it quotes bytes of the peer's, and those quote the key
        return _Judged(error=error, cause=cause, stale=fault.stale)

    def _wait(self, judged: _Judged[T]) -> float | None:
        """Seconds until the next attempt, or None where there is none."""
        error = judged.error
        assert error is not None
        call, attempt, now = self.call, self.track.attempts, anyio.current_time()
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
        error.message = self._scrubbed(error.message)
        error.args = (error.message,)
        error.endpoint = self.call.endpoint.name
        error.attempts = self.track.attempts
        error.elapsed = anyio.current_time() - self.started
        error.history = tuple(self.track.history)
        error.maybe_processed = self.track.maybe_processed
        return error

    def _scrubbed(self, text: str) -> str:
        return text if self.key is None else self.key.scrub(text)
