"""Runs an exchange with the wire in a task of its own.

httpx loses connections that it opens when a task is cancelled the native way of asyncio
(``task.cancel()``, ``asyncio.timeout``, a web framework that drops its client). A child
task of an anyio task group is cancelled through its scope instead, which httpx survives.
The child's frames, which hold the wire request, never hang on what is raised here. What
it raises comes up as it is: no exception group leaves this module.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from threading import Lock
from typing import Protocol, TypeVar

import anyio
from anyio.lowlevel import checkpoint_if_cancelled
from anyio.to_thread import run_sync


class Closable(Protocol):
    """What has to be closed."""

    def close(self) -> object: ...


T = TypeVar("T")
C = TypeVar("C", bound=Closable)


class DeadlineReached(Exception):
    """The deadline came before the function's end, and it was cancelled."""


async def bridged(function: Callable[[], Awaitable[T]], deadline: float = math.inf) -> T:
    """Await ``function()`` in a child task.

    Args:
        function: What to run.
        deadline: When to cancel it, on anyio's clock.

    Raises:
        DeadlineReached: It was cancelled at the deadline.
        BaseException: What the function raised; the cancellation where the child alone was
            cancelled, as an ending ``asyncio.run`` does to every task.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    async def run() -> None:
        try:
            results.append(await function())
            return
        except anyio.get_cancelled_exc_class() as cancellation:
            bare(cancellation)  # trio passes it on to the caller
            raise
        except BaseException as error:  # carried over to the caller, whatever it is
            if not _is_cancelled(error):
                errors.append(error)
                return

        await checkpoint_if_cancelled()

    async with anyio.create_task_group() as group:
        group.cancel_scope.deadline = deadline
        group.start_soon(run)

    if results:
        return results[0]

    if errors:
        raise errors.pop()

    if anyio.current_time() >= deadline:
        raise DeadlineReached

    raise anyio.get_cancelled_exc_class()


def _is_cancelled(error: BaseException) -> bool:
    """Whether it is a group of cancellations alone: so trio's way to connect is cancelled."""
    return (
        isinstance(error, BaseExceptionGroup)
        and error.split(anyio.get_cancelled_exc_class())[1] is None
    )


async def within(function: Callable[[], Awaitable[T]], deadline: float = math.inf) -> T:
    """Await ``function()`` in the caller's own task, where any cancellation leaves it whole.

    Args:
        function: What to run.
        deadline: When to cancel it, on anyio's clock.

    Raises:
        DeadlineReached: It was cancelled at the deadline.
        BaseException: What the function raised.
    """
    with anyio.CancelScope(deadline=deadline):
        return await function()

    raise DeadlineReached


async def thoroughly(function: Callable[[], T]) -> T:
    """Run a plain function in a thread, and wait for its end although the caller is cancelled.

    A native cancellation would leave the thread at work behind its caller's back. For
    functions that take a bounded time.

    Raises:
        BaseException: As ``bridged``.
    """

    async def run() -> T:
        with anyio.CancelScope(shield=True):
            return await run_sync(function, limiter=anyio.CapacityLimiter(1))

        raise AssertionError("unreachable")

    return await bridged(run)


async def obtained(make: Callable[[], C]) -> C:
    """What a plain function makes in a thread, such as an open file; closed where nobody wants it.

    A caller that is cancelled does not wait: opening a pipe may take for ever.

    Raises:
        BaseException: What the function raised.
    """
    made: list[C] = []
    lock, wanted = Lock(), True

    def work() -> None:
        thing = make()
        with lock:
            if wanted:
                made.append(thing)
                return

        thing.close()

    try:
        await run_sync(work, abandon_on_cancel=True)
    except BaseException:
        with lock:
            wanted = False
        for thing in made:
            thing.close()
        raise

    return made[0]


def bare(error: BaseException) -> None:
    """Take the frames off a cancellation, or what a signal raised, and all that led to it.

    They may hold the wire request. Cancellations that led to it stay, bare as well: by them
    anyio knows whose it is where a library has made another of the one that it was given.
    """
    link: BaseException | None = error
    while link is not None:
        led_to = link.__context__
        link.__traceback__ = link.__cause__ = link.__context__ = None
        if not isinstance(led_to, anyio.get_cancelled_exc_class()):
            return

        link.__context__ = link = led_to


async def sheltered(function: Callable[[], Awaitable[T]], grace: float) -> T:
    """Await ``function()`` to its end although the caller is cancelled, natively or by scope.

    Args:
        function: What to run.
        grace: Seconds that it may take.

    Raises:
        DeadlineReached: It took longer, and was cancelled.
        BaseException: As ``bridged``.
    """

    async def run() -> T:
        with anyio.move_on_after(grace, shield=True):
            return await function()

        raise DeadlineReached

    return await bridged(run)


async def surely(function: Callable[[], Awaitable[object]], grace: float) -> None:
    """Await ``function()`` to its end, whatever is cancelled; then let that go on.

    An ending ``asyncio.run`` cancels every task once, those that shelter others too. The
    function is begun anew then: a task that is begun after that lives.

    Args:
        function: What to run. It must not mind to be begun anew.
        grace: Seconds that it may take.

    Raises:
        DeadlineReached: It took longer, and was cancelled; unless its caller was, too.
        BaseException: What the function raised; the caller's cancellation goes before that.
    """
    ended = False
    interruption: BaseException | None = None
    deadline = anyio.current_time() + grace

    async def attempt() -> None:
        nonlocal ended
        await function()
        ended = True

    try:
        while not ended:
            try:
                await sheltered(attempt, deadline - anyio.current_time())
            except anyio.get_cancelled_exc_class() as error:
                interruption = error
            except BaseException as error:
                if interruption is None:
                    raise

                raise interruption from error
        if interruption is not None:
            raise interruption
    finally:
        del interruption  # else it and this frame would hold one another
