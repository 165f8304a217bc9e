"""Runs a command's coroutine so that signals end it in order.

The first SIGINT, SIGTERM or SIGHUP cancels it: what is temporary is deleted while the
cancellation goes up. A second one ends the process on the spot. Work that can stop in order
is asked to, first, and cancelled by the second signal or when its grace is over.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from anyio.abc import TaskStatus
from attrs import frozen

from ._exits import Exit
from ._output import tell

T = TypeVar("T")

# Seconds that a clean-up may take before the user is told what is being waited for.
_PATIENCE = 1.0
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")

# What ``attend`` returns where a signal ended the work.
STOPPED = (Exit.HANGUP, Exit.INTERRUPTED, Exit.TERMINATED)


@frozen
class Gently:
    """How work can be stopped in order.

    Attributes:
        stop: Asks it to stop, and tells the user so; a plain function.
        grace: Seconds that this may take; then it is cancelled.
    """

    stop: Callable[[], object]
    grace: float


def attend(work: Callable[[], Awaitable[int]], gently: Gently | None = None) -> int:
    """Run the work to its end; its exit code, or 128 and the number of the signal.

    Args:
        work: What to run.
        gently: How to stop it in order, where it can be.

    Raises:
        Exception: What the work raised.
    """
    try:
        return anyio.run(_attended, work, gently)
    except KeyboardInterrupt:  # where signals cannot be received in order, as on Windows
        return 128 + signal.SIGINT


async def _attended(work: Callable[[], Awaitable[int]], gently: Gently | None) -> int:
    results: list[int] = []
    errors: list[Exception] = []
    caught: list[int] = []
    async with anyio.create_task_group() as group:
        scope = anyio.CancelScope()
        await group.start(_watch, scope, caught, gently)
        with scope:
            try:
                results.append(await work())
            except Exception as error:  # carried out of the group, whatever it is
                errors.append(error)
        group.cancel_scope.cancel()

    if errors:
        raise errors.pop()

    # Work that a signal stopped in order has a result too; all done is all done.
    return results[0] if results and (not caught or results[0] == 0) else 128 + caught[0]


async def _watch(
    scope: anyio.CancelScope,
    caught: list[int],
    gently: Gently | None,
    *,
    task_status: TaskStatus[None],
) -> None:
    with anyio.open_signal_receiver(*_watched()) as signals:
        task_status.started()
        async with anyio.create_task_group() as group:
            async for number in signals:
                caught.append(number)
                if gently is not None and len(caught) == 1:
                    group.start_soon(_stop, gently, scope)
                elif scope.cancel_called:
                    tell("pixlab: ended at once; what was under way may be done, or not.")
                    os._exit(128 + number)
                else:
                    scope.cancel()
                    if gently is None:
                        group.start_soon(_explain)


async def _stop(gently: Gently, scope: anyio.CancelScope) -> None:
    """Have the work stop in order; cancel it when that takes too long."""
    gently.stop()
    await anyio.sleep(gently.grace)
    scope.cancel()


async def _explain() -> None:
    await anyio.sleep(_PATIENCE)
    tell(
        "pixlab: stopping. Waiting for the picture that is being made, to delete it; the same "
        "again stops at once."
    )


def _watched() -> list[signal.Signals]:
    """The signals to receive: those that exist here and that the caller did not ignore."""
    if sys.platform == "win32":
        return []

    numbers = [signal.Signals[name] for name in _SIGNALS]
    # `nohup` and shells that start a job in the background ignore some for us.
    return [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
