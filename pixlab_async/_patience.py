"""Reads that may wait for ever, in daemon threads: a signal can still end the process.

One of anyio's threads would keep it from ending until somebody types another line.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import BinaryIO, Generic, TypeVar

import anyio
from anyio.from_thread import run_sync
from anyio.lowlevel import current_token

from ._errors import ConfigurationError

T = TypeVar("T")


def standard_input() -> BinaryIO:
    """The bytes of standard input, without a buffer that a thread could hold locked."""
    buffer = sys.stdin.buffer
    raw: BinaryIO = getattr(buffer, "raw", buffer)
    return raw


async def patiently(read: Callable[[], T], what: str) -> T:
    """What a function reads that may wait for ever.

    Raises:
        ConfigurationError: It cannot be read.
    """
    reading = Reading(read, what)
    await reading.arrived()
    return reading.result()


class Reading(Generic[T]):
    """One read that is under way in a thread of its own. Whoever waits may leave, and come back.

    Args:
        read: What is run there, once.
        what: What is read, as a message begins with it.
    """

    def __init__(self, read: Callable[[], T], what: str) -> None:
        self._read = read
        self._what = what
        self._results: list[T] = []
        self._errors: list[Exception] = []
        self._ended = anyio.Event()
        self._token = current_token()
        Thread(target=self._work, name="pixlab-reading", daemon=True).start()

    async def arrived(self, within: float = float("inf")) -> bool:
        """Wait until it has ended, for so many seconds at most; whether it has."""
        with anyio.move_on_after(within):
            await self._ended.wait()
        return self._ended.is_set()

    def result(self) -> T:
        """What was read, once it has arrived.

        Raises:
            ConfigurationError: It cannot be read.
        """
        if self._errors:
            reason = getattr(self._errors[0], "strerror", None) or self._errors[0]
            raise ConfigurationError(f"{self._what} cannot be read: {reason}.") from self._errors[0]

        return self._results[0]

    def _work(self) -> None:
        try:
            self._results.append(self._read())
        except (OSError, ValueError) as error:  # ValueError: a path with a null character
            self._errors.append(error)
        with suppress(anyio.RunFinishedError):  # the event loop has ended meanwhile
            run_sync(self._ended.set, token=self._token)
