"""Awaits something without giving other tasks a turn where nothing is waited for.

anyio's and httpcore's locks give way to all other tasks each time they are taken, though
they are free. In an event loop that is busy with a thousand calls each of these turns waits
for all the others', and the garbage collector finds a thousand calls half begun.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

from anyio.lowlevel import cancel_shielded_checkpoint

T = TypeVar("T")

# A call takes four on asyncio, five on trio. There have to be turns at last: some wait for
# others by giving way to them again and again, as anyio does for a cancellation that is on
# its way; and who has a long body to unpack gives way on purpose.
_PASSED_OVER = 6


class _Had:
    """The answer to who asked for a turn of others: they had it. trio unwraps its answers."""

    def unwrap(self) -> None:
        """There is nothing in it."""


_HAD = _Had()


def turn_of_others() -> object:
    """What the running library is asked for by who gives way to others; asyncio: None."""
    asking = cancel_shielded_checkpoint()
    try:
        return asking.send(None)
    finally:
        asking.close()


class AtOnce(Generic[T]):
    """Runs on until it has to wait.

    Args:
        coroutine: What is awaited.
        turn: See ``turn_of_others``. Whatever else is asked for is passed on.
    """

    __slots__ = ("_coroutine", "_turn")

    def __init__(self, coroutine: Coroutine[Any, Any, T], turn: object) -> None:
        self._coroutine = coroutine
        self._turn = turn

    def __await__(self) -> Generator[Any, Any, T]:
        coroutine, turn, left, waited = self._coroutine, self._turn, _PASSED_OVER, False
        resume: Callable[[Any], Any] = coroutine.send
        answer: Any = None
        try:
            while True:
                asked = resume(answer)
                resume = coroutine.send
                if asked is turn and left:
                    left -= 1
                    answer = _HAD
                    continue

                waited = True
                try:
                    answer = yield asked
                except BaseException as error:  # a cancellation, say: into where it waits
                    resume, answer = coroutine.throw, error
        except StopIteration as end:
            value: T = end.value
        finally:
            answer = None  # else an error and this frame would hold one another
        if not waited:  # or who does so again and again would keep all others out
            yield turn
        return value
