"""Deleting any number of links: bounded workers, one outcome per link, flat memory.

A ``DeleteMany`` is iterated in one of two ways, with the same workers below:

- ``async for outcome in batch``: the workers run only while the consumer waits for the
  next outcome, in shifts of about a second, and none is left behind when the loop is. A
  shift ends when its last call does, and when the iterable gave the link it was asked for.
- ``async with batch: async for ...``: the workers go on while the consumer is busy.

Two ways, since a background task needs somebody who waits for its end. An async generator
with a task group inside would break the caller's cancellation on ``break``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias, cast

import anyio

from ._core import Track
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
from ._protocol import Call
from ._results import Deletion, DeletionState, Media, Outcome
from .endpoints.storage import delete_call, deletion_of_nothing

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

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
        self._links.stop()
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
            self._fail(error)
            return None

    def _fail(self, error: BaseException) -> None:
        """Take no more links, and raise this when all outcomes were given."""
        self._failure = self._failure or error
        self._links.stop()

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
                self._fail(failed)
        except BaseException as interruption:
            if track.maybe_processed:
                state = DeletionState.UNKNOWN
            if not isinstance(interruption, Exception):
                raise

            self._fail(interruption)
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
        text = link.link if isinstance(link, Media) else link
        if not isinstance(text, str):
            text = f"<{type(text).__name__}>"
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
        self._links: Iterator[str | Media] | AsyncIterator[str | Media] = _iterator(links)
        self._lock = anyio.Lock()
        self._index = -1
        self._interrupted = False
        self._asking: anyio.CancelScope | None = None
        self.exhausted = False

    async def next(self) -> tuple[int, str | Media] | None:
        """The next link, or None at the end.

        Raises:
            ConfigurationError: The iterable ended after a cancellation had struck it: an
                async generator dies of one, and the links that were left with it.
        """
        if isinstance(self._links, Iterator):
            return self._numbered(next(self._links, _END))

        # An async generator cannot be asked twice at once.
        async with self._lock:
            if self.exhausted:
                return None

            with anyio.CancelScope() as self._asking:
                return self._numbered(await self._ask(self._links))

        return None

    def stop(self) -> None:
        """Take no more links, and do not wait for the one that is asked for."""
        self.exhausted = True
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self, links: AsyncIterator[str | Media]) -> object:
        try:
            link = await anext(links, _END)
        except anyio.get_cancelled_exc_class():
            self._interrupted = True
            raise
        finally:
            self._asking = None

        if link is _END and self._interrupted:
            self.exhausted = True
            raise ConfigurationError(
                "The iterable of links ended after a cancellation: an async generator dies of "
                "one. Its remaining links were not taken."
            )

        return link

    def _numbered(self, link: object) -> tuple[int, str | Media] | None:
        if link is _END:
            self.exhausted = True
            return None

        self._index += 1
        return self._index, cast("str | Media", link)


_END = object()


def _iterator(links: object) -> Iterator[str | Media] | AsyncIterator[str | Media]:
    if isinstance(links, str | bytes | Media):
        raise ConfigurationError(
            "delete_many takes an iterable of links; for one link use delete, or pass [link]."
        )

    if isinstance(links, AsyncIterable):
        return aiter(cast("AsyncIterable[str | Media]", links))

    if isinstance(links, Iterable):
        return iter(cast("Iterable[str | Media]", links))

    raise ConfigurationError(
        f"delete_many takes an iterable or async iterable of links, not {type(links).__name__}."
    )


def _state(error: PixLabError) -> DeletionState:
    if isinstance(error, ConfigurationError):
        return DeletionState.NOT_SENT

    refused = isinstance(error, ReplyError) and not isinstance(error, RateLimited | ServerFailed)
    return DeletionState.REJECTED if refused else DeletionState.FAILED
