"""Runs the exchange with the wire in a task of its own.

httpx loses connections for good when a task is cancelled the native way of asyncio
(``task.cancel()``, ``asyncio.timeout``, a web framework that drops its client). A child
task of an anyio task group is cancelled through its scope instead, which httpx survives.
The child's frames, which hold the wire request, never hang on what is raised here. What
it raises comes up as it is: no exception group leaves this module.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync

T = TypeVar("T")


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
        except anyio.get_cancelled_exc_class() as cancellation:
            bare(cancellation)  # trio passes it on to the caller
            raise
        except BaseException as error:  # carried over to the caller, whatever it is
            errors.append(error)

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


def bare(error: BaseException) -> None:
    """Take the frames off a cancellation, or what a signal raised, and all that led to it.

    They may hold the wire request.
    """
    error.__traceback__ = error.__cause__ = error.__context__ = None


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
