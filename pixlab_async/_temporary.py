"""Pictures that live as long as they are needed, and not a moment longer.

What was made is deleted on success, on error and on cancellation. A cancellation that
strikes while the picture is being made waits, for a bounded grace, until its link is
known, deletes it, and then goes on. What must not be interrupted runs in a task of its
own, since two native cancellations get through a shield in the caller's.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

import anyio
from attrs import define, field

from ._bridge import DeadlineReached, surely
from ._errors import CleanupFailed, ConfigurationError
from ._results import Deletion, Media

_log = logging.getLogger("pixlab_async")

Delete = Callable[[Media], Awaitable[Deletion]]

# Whether what the current task stores is meant to be deleted soon, for a ledger.
TEMPORARY: ContextVar[bool] = ContextVar("pixlab_temporary", default=False)

# Seconds: how long a cancelled caller waits for the link at most, and for the deletion.
GRACE = 30.0


@asynccontextmanager
async def temporary(
    making: Awaitable[Media], delete: Delete, grace: float = GRACE, *, marked: bool = True
) -> AsyncGenerator[Media]:
    """Make a picture, lend it, delete it.

    Args:
        making: What makes it.
        delete: Deletes it; nothing being there any more is fine.
        grace: See ``GRACE``.
        marked: Whether a ledger is to know that the picture should be gone soon.

    Raises:
        CleanupFailed: The deletion could not be confirmed. Not raised over a cancellation,
            which must go on; it is logged then.
    """
    media = await made(making, delete, grace, marked=marked)
    try:
        yield media
    except Exception as error:
        failure = await cleaned(media, delete, grace)
        if failure is not None:
            raise failure from error

        raise
    except BaseException:
        failure = await cleaned(media, delete, grace)
        if failure is not None:
            _log.error("%s", failure)
        raise

    failure = await cleaned(media, delete, grace)
    if failure is not None:
        raise failure from failure.error


@define(eq=False, repr=False)
class _Making:
    """What the task that makes the picture has come to."""

    done: anyio.Event = field(factory=lambda: anyio.Event())  # noqa: PLW0108 - anyio loads lazily
    shield: anyio.CancelScope = field(factory=lambda: anyio.CancelScope(shield=True))
    media: Media | None = None
    error: BaseException | None = None
    begun: bool = False
    marked: bool = True
    abandoned: bool = False

    async def run(self, making: Awaitable[Media]) -> None:
        if self.abandoned:
            if inspect.iscoroutine(making):
                making.close()  # it never started: there is nothing to wait for
            return

        self.begun = True
        TEMPORARY.set(self.marked)  # in this task alone
        try:
            with self.shield:
                self.media = await making
        except anyio.get_cancelled_exc_class():
            raise  # of this very task: what awaits it is told below
        except BaseException as error:  # carried over to the caller, whatever it is
            self.error = error
        self.done.set()


async def made(
    making: Awaitable[Media], delete: Delete, grace: float, *, marked: bool = True
) -> Media:
    """Await what makes a picture; cancelled meanwhile, learn its link and delete it."""
    state = _Making(marked=marked)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(state.run, making)
            try:
                await state.done.wait()
            except BaseException:
                state.abandoned = True
                state.shield.deadline = anyio.current_time() + grace
                raise
        if not state.done.is_set():
            # What makes it was cancelled by somebody else: as when awaited directly.
            raise anyio.get_cancelled_exc_class()
    except BaseException:
        await _abandon(state, delete, grace)
        raise

    if state.error is not None:
        try:
            raise state.error
        finally:
            state.error = None  # else it and its frames would hold one another

    if isinstance(state.media, Media):
        return state.media

    raise ConfigurationError(
        f"temporary() takes what makes a Media, such as pixlab.oilpaint(...); this made "
        f"{type(state.media).__name__}. A Blob is stored nowhere and needs no deletion."
    )


async def _abandon(state: _Making, delete: Delete, grace: float) -> None:
    """Delete what a cancelled caller's picture came to; say so where that is not known."""
    if state.media is not None:
        failure = await cleaned(state.media, delete, grace)
        if failure is not None:
            _log.error("%s", failure)
    elif state.begun and state.error is None:
        _log.error(
            "A picture was being made when its caller was cancelled, and no reply came: it may "
            "be stored, and its link is not known."
        )


async def cleaned(media: Media, delete: Delete, grace: float) -> CleanupFailed | None:
    """Delete the picture, cancelled or not; what went wrong, if something did."""
    failures: list[CleanupFailed] = []
    ended = False

    async def attempt() -> None:
        nonlocal ended
        try:
            await delete(media)
        except Exception as error:  # whatever it is, the picture may still be stored
            failures.append(_failure(media, error))
        ended = True

    try:
        await surely(attempt, grace)
    except DeadlineReached:
        failures.append(_failure(media, None))
    except BaseException:
        if not ended:
            failures.append(_failure(media, None))
        for failure in failures:  # the caller is cancelled and will not see it
            _log.error("%s", failure)
        raise

    return failures[0] if failures else None


def _failure(media: Media, error: Exception | None) -> CleanupFailed:
    reason = "it took too long" if error is None else getattr(error, "summary", repr(error))
    return CleanupFailed(
        f"the picture {media.id} may still be stored, its deletion failed: {reason}",
        endpoint="delete",
        media=media,
        error=error,
    )
