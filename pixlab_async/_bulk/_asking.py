"""Asking for one deletion, and what that came to as a state and an error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from .._core import Track
from .._errors import AuthenticationFailed, NotFound, PixLabError, RateLimited, TimedOut
from .._protocol import Call
from .._results import Deletion, DeletionState
from ..endpoints.storage import deletion_of_nothing
from ._rules import state_of

Send: TypeAlias = Callable[[Call[Deletion], Track], Awaitable[Deletion]]
Ended: TypeAlias = tuple[DeletionState, PixLabError | None]


async def ask(send: Send, call: Call[Deletion], track: Track, *, key_worked: bool) -> Ended:
    """Ask; once more where the key is refused that worked before, since keys are changed.

    Args:
        send: Sends a deletion; the key is read anew each time.
        call: The deletion.
        track: What happens to it.
        key_worked: Whether the service accepted the key before.
    """
    ended = await _asked(send, call, track)
    if key_worked and isinstance(ended[1], AuthenticationFailed):
        return await _asked(send, call, track)

    return ended


async def _asked(send: Send, call: Call[Deletion], track: Track) -> Ended:
    try:
        return (await send(call, track)).state, None
    except NotFound as missing:
        return deletion_of_nothing(missing).state, None
    except PixLabError as failed:
        return state_of(failed), failed


def is_untouched(error: PixLabError | None, track: Track) -> bool:
    """Whether the link only waited: for leave to send, or since the rate limit refused it."""
    if isinstance(error, TimedOut):
        return error.phase == "queue" and not track.attempts

    return isinstance(error, RateLimited) and not track.maybe_processed
