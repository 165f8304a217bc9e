"""The seam to a record of what is stored: every call goes through here, to a ledger or past it.

The ledger itself is a late room. Without one, a call pays for one comparison.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable

import anyio

from ._core import Core, Track
from ._errors import ConfigurationError, PixLabError, RecordingFailed
from ._exchange import exchange
from ._gate import Priority
from ._options import Options
from ._protocol import Call

T = TypeVar("T")

_log = logging.getLogger("pixlab_async")


@runtime_checkable
class Recorder(Protocol):
    """Keeps a record of what is stored; ``pixlab_async.ledger.Ledger`` is one."""

    async def record(
        self, call: Call[T], make: Callable[[Call[T]], Awaitable[T]], *, tag: str, track: Track
    ) -> T:
        """Make the call, or one like it, and record what it stored or deleted."""
        ...

    async def flush(self) -> None:
        """Wait until all that was recorded is durable."""
        ...


def checked_recorder(ledger: object) -> Recorder | None:
    """The ledger, where it is one.

    Raises:
        ConfigurationError: It is something else.
    """
    if ledger is None or isinstance(ledger, Recorder):
        return ledger

    raise ConfigurationError(
        f"ledger must be a Ledger, as in ledger=Ledger('media.db'), not {type(ledger).__name__}."
    )


def recorded(
    core: Core,
    call: Call[T],
    options: Options,
    *,
    priority: Priority = Priority.INTERACTIVE,
    track: Track | None = None,
) -> Awaitable[T]:
    """Make the call as ``exchange`` does, and record it where there is a ledger."""
    if core.recorder is None or not _concerns(call):
        return exchange(core, call, options, priority=priority, track=track)

    core.check()
    track = track or Track()
    make = partial(_made, core, options, priority, track)
    return core.recorder.record(call, make, tag=options.tag, track=track)


def check_recorder(recorder: Recorder | None) -> None:
    """See that what is deleted can be recorded, before more is deleted.

    Raises:
        RecordingFailed: The ledger could not be written the last time.
    """
    failure = getattr(recorder, "failure", None)
    if failure is not None:
        raise RecordingFailed(f"the ledger cannot be written: {failure}")


async def recall(recorder: Recorder | None, seconds: float) -> None:
    """Take back what 404s of the last seconds said, since it seems to be the wrong account."""
    take_back = getattr(recorder, "recall", None)
    if take_back is None:
        return

    with anyio.CancelScope(shield=True):  # bounded, as below
        try:
            await take_back(within=seconds)
        except PixLabError as error:
            _log.error("%s", error)


async def settle(recorder: Recorder) -> None:
    """Have all that was recorded written, cancelled or not; what fails is logged."""
    with anyio.CancelScope(shield=True):  # bounded: a writer waits for a lock for seconds
        try:
            await recorder.flush()
        except PixLabError as error:
            _log.error("%s", error)


def _concerns(call: Call[T]) -> bool:
    return call.endpoint.name == "delete" or (call.endpoint.stores and not call.blob)


async def _made(core: Core, options: Options, priority: Priority, track: Track, call: Call[T]) -> T:
    return await exchange(core, call, options, priority=priority, track=track)
