"""Deleting any number of links: bounded workers, one outcome per link, flat memory.

A ``DeleteMany`` is iterated in one of two ways, with the same workers below:

- ``async for outcome in batch``: the workers run only while the consumer waits for the
  next outcome, in shifts of about a second, and none is left behind when the loop is.
- ``async with batch: async for ...``: the workers go on while the consumer is busy.

Two ways, since a background task needs somebody who waits for its end. An async generator
with a task group inside would break the caller's cancellation on ``break``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from types import TracebackType
from typing import Self, TypeAlias

import anyio
from anyio.abc import TaskGroup

from ._errors import (
    AuthenticationFailed,
    ConfigurationError,
    MethodNotAllowed,
    NotFound,
    PixLabError,
    RateLimited,
    ReplyError,
    ServerFailed,
)
from ._exchange import Track
from ._protocol import Call
from ._results import Deletion, DeletionState, Media, Outcome
from .endpoints.storage import delete_call, deletion_of_nothing

Links: TypeAlias = Iterable[str | Media] | AsyncIterable[str | Media]
Send = Callable[[Call[Deletion], Track], Awaitable[Deletion]]

CONCURRENCY = 10
# Outcomes that may wait for the consumer before the workers pause.
WINDOW = 1000
# Seconds: long against a call, so that little time is lost at a shift's end.
_SHIFT = 1.0

# The same for every link to come: going on would only burn through the list.
_FATAL = (AuthenticationFailed, MethodNotAllowed, ConfigurationError)


class DeleteMany:
    """The outcomes of a batch of deletions, one per link, in order of completion.

    Iterate it with ``async for``; wrap that in ``async with`` to let deletions go on while
    the loop's body runs. Leaving the ``async with`` block cancels what is under way, whose
    outcomes (``unknown`` where it was sent, else ``not_sent``) can still be iterated.
    """

    def __init__(self, send: Send, links: Links, *, concurrency: int, window: int = WINDOW) -> None:
        self._send = send
        self._links = _Feed(links)
        self._concurrency = concurrency
        self._window = window
        self._ready: deque[Outcome] = deque()
        self._failure: BaseException | None = None
        self._shift_ends = 0.0
        self._group: TaskGroup | None = None
        self._working = 0
        self._changed: anyio.Event | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome:
        while not self._ready:
            if self._working:
                await self._change()
            elif self._may_feed():
                await self._work_a_shift()
            elif self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            else:
                raise StopAsyncIteration

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
        self._links.exhausted = True
        assert group is not None  # __aenter__ made it
        group.cancel_scope.cancel()
        # Not told of the body's error: it would come back wrapped in a group.
        await group.__aexit__(None, None, None)

    def _may_feed(self) -> bool:
        return not self._links.exhausted and self._failure is None

    async def _work_a_shift(self) -> None:
        self._shift_ends = anyio.current_time() + _SHIFT
        async with anyio.create_task_group() as group:
            self._start(group)

    def _start(self, group: TaskGroup) -> None:
        self._working = self._concurrency
        for _ in range(self._concurrency):
            group.start_soon(self._work)

    async def _work(self) -> None:
        try:
            while self._may_feed() and await self._has_room():
                item = await self._next()
                if item is None:
                    return

                await self._delete(*item)
        finally:
            self._working -= 1
            self._tell()

    async def _has_room(self) -> bool:
        """Whether to take one more link: waits for room, or ends the shift."""
        if self._group is None:
            over = anyio.current_time() >= self._shift_ends or len(self._ready) >= self._window
            return not (over and self._ready)

        while len(self._ready) >= self._window:
            await self._change()
        return True

    async def _next(self) -> tuple[int, str | Media] | None:
        try:
            return await self._links.next()
        except Exception as error:  # the caller's iterable failed: finish, then tell
            self._failure = self._failure or error
            return None

    async def _delete(self, index: int, link: str | Media) -> None:
        track = Track()
        state, error = DeletionState.NOT_SENT, None
        try:
            call = delete_call(link)
        except ConfigurationError as unsendable:
            self._end(index, link, DeletionState.REJECTED, unsendable, track)
            return

        try:
            state = (await self._send(call, track)).state
        except NotFound as missing:
            state = deletion_of_nothing(missing).state
        except PixLabError as failed:
            state, error = _state(failed), failed
            if isinstance(failed, _FATAL):
                self._failure = self._failure or failed
        except BaseException as interruption:
            if track.maybe_processed:
                state = DeletionState.UNKNOWN
            if not isinstance(interruption, Exception):
                raise

            self._failure = self._failure or interruption
        finally:
            self._end(index, link, state, error, track)

    def _end(
        self,
        index: int,
        link: str | Media,
        state: DeletionState,
        error: PixLabError | None,
        track: Track,
    ) -> None:
        text = link.link if isinstance(link, Media) else str(link)
        self._ready.append(Outcome(index, text, state, error, track.attempts))
        self._tell()

    async def _change(self) -> None:
        if self._changed is None:
            self._changed = anyio.Event()
        await self._changed.wait()

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None


class _Feed:
    """Hands out the links one by one, with their places in the input."""

    def __init__(self, links: Links) -> None:
        if isinstance(links, str | bytes | Media):
            raise ConfigurationError(
                "delete_many takes an iterable of links; for one link use delete, or pass [link]."
            )

        self._links: Iterator[str | Media] | AsyncIterator[str | Media] = (
            aiter(links) if isinstance(links, AsyncIterable) else iter(links)
        )
        self._lock = anyio.Lock()
        self._index = -1
        self.exhausted = False

    async def next(self) -> tuple[int, str | Media] | None:
        """The next link, or None at the end."""
        if isinstance(self._links, Iterator):
            return self._numbered(next(self._links, None))

        # An async generator cannot be asked twice at once.
        async with self._lock:
            return self._numbered(await anext(self._links, None))

    def _numbered(self, link: str | Media | None) -> tuple[int, str | Media] | None:
        if link is None:
            self.exhausted = True
            return None

        self._index += 1
        return self._index, link


def _state(error: PixLabError) -> DeletionState:
    refused = isinstance(error, ReplyError) and not isinstance(error, RateLimited | ServerFailed)
    return DeletionState.REJECTED if refused else DeletionState.FAILED
