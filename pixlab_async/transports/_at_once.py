"""Awaits something without giving other tasks a turn where nothing is waited for.

anyio's and httpcore's locks give way to all other tasks each time they are taken, though
they are free. In an event loop that is busy with a thousand calls each of these turns waits
for all the others', and the garbage collector finds a thousand calls half begun.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

# A call takes four. There have to be turns at last: some wait for others by giving way to
# them again and again, as anyio does for a cancellation that is on its way.
_PASSED_OVER = 16


class AtOnce(Generic[T]):
    """Runs on until it has to wait.

    To yield nothing is asyncio's way to ask for a turn of others. trio's is another one,
    which is passed on, as is whatever is really waited for.
    """

    __slots__ = ("_coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, T]:
        coroutine, left = self._coroutine, _PASSED_OVER
        try:
            asked = coroutine.send(None)
            while True:
                if asked is None and left:
                    left -= 1
                    asked = coroutine.send(None)
                    continue

                try:
                    answer = yield asked
                except BaseException as error:  # a cancellation, say: into where it waits
                    asked = coroutine.throw(error)
                else:
                    asked = coroutine.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value
