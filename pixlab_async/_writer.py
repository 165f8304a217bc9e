"""One thread that writes to a SQLite file, fed without waiting from anywhere.

Rows are put by a plain function, so that no cancellation can come between a reply and its
record. The thread commits them in groups. What could not be committed stays in memory and
is tried again: by each flush, and about once a second.
"""

from __future__ import annotations

import atexit
import logging
import math
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from threading import Condition, Thread, current_thread
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from ._bridge import thoroughly
from ._database import Opened, transact
from ._errors import ConfigurationError, PixLabError, RecordingFailed
from ._notice import Waiter, Waiters

Op = TypeVar("Op")

ROWS = 100
SECONDS = 0.25
AGAIN = 1.0
IDLE = 2.0

_log = logging.getLogger("pixlab_async")


class Writer(Generic[Op]):
    """The one thread that writes to a SQLite file: group commit, nothing on the event loop.

    The thread begins with the first row, and ends by itself when there was none for some
    seconds; the next row begins another. At the program's end what is left is committed. In
    a forked child the writer begins anew, and what the parent had not committed yet is left
    to the parent.

    Args:
        connect: Opens the file: in autocommit, and usable from any thread.
        apply: Writes rows within a transaction that is begun and committed around it. Where
            a commit was interrupted, it is given the same rows once more.
        rows: How many uncommitted rows are committed at once.
        seconds: How long a row waits for others at most.
        again: Seconds between attempts while they fail.
        idle: Seconds without a row after which the thread closes the file and ends.
        name: What is written, as messages begin.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        apply: Callable[[sqlite3.Connection, Sequence[Op]], None],
        *,
        rows: int = ROWS,
        seconds: float = SECONDS,
        again: float = AGAIN,
        idle: float = IDLE,
        name: str = "The database",
    ) -> None:
        self._opened, self._apply = Opened(connect), apply
        self._rows, self._seconds, self._name = rows, seconds, name
        self._again, self._idle = again, idle
        self._begin()
        _WRITERS.add(self)

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._changed = Condition()
        self._thread: Thread | None = None
        self._pending: list[Op] = []
        self._waiters = Waiters()
        self._committed = 0
        # How many of those that wait are in the transaction that runs.
        self._taken = 0
        self._full_until = 0
        # When to commit, on the monotonic clock; set where the first row comes.
        self._commit_at: float
        self._failure: Exception | None = None

    @property
    def failure(self) -> Exception | None:
        """What the last commit failed with; None when all is well."""
        return self._failure

    @property
    def unsaved(self) -> int:
        """How many rows are not committed yet."""
        return len(self._pending)

    def put(self, op: Op, *, full: bool = False) -> None:
        """Have ``apply`` given a row. Never waits; callable from any thread, in any state.

        Args:
            full: Whether the commit must survive a loss of power, not of the process alone.
        """
        self._check_process()
        with self._changed:
            if not self._pending:
                self._commit_at = time.monotonic() + self._seconds
            self._pending.append(op)
            if full:
                self._full_until = self._committed + len(self._pending)
            if self._thread is None or len(self._pending) in (1, self._rows):
                self._wake()

    def withdraw(self, op: Op) -> bool:
        """Take back a row, found by identity; False where it is committed, or about to be."""
        with self._changed:
            for index in reversed(range(self._taken, len(self._pending))):
                if self._pending[index] is op:
                    del self._pending[index]
                    self._waiters.withdrawn(self._committed + index)
                    self._waiters.reached(self._committed)
                    return True

        return False

    async def flush(self) -> None:
        """Wait until all that was put so far is committed.

        Raises:
            ConfigurationError: The file cannot be opened.
            RecordingFailed: It cannot be written now.
        """
        if (waiter := self._waiting()) is None:
            return

        try:
            await waiter.wait()
        finally:
            with self._changed:
                self._waiters.discard(waiter)
        if waiter.failure is not None:
            raise self._told(waiter.failure) from waiter.failure

    def flush_blocking(self) -> None:
        """The same as ``flush()``, for threads: commits in the one that calls.

        Raises:
            PixLabError: As ``flush()`` does.
        """
        self._check_process()
        if (failure := self._attempt()) is not None:
            raise self._told(failure) from failure

    def abandon(self) -> list[Op]:
        """What ``close`` could not commit: somebody else's now, and forgotten here."""
        left, self._pending = self._pending, []
        return left

    def close(self) -> None:
        """Commit what is left and close the file. A later ``put`` begins anew.

        Raises:
            PixLabError: As ``flush()`` does; the rows stay in memory then.
        """
        try:
            self.flush_blocking()
        finally:
            with self._changed:
                self._thread = None
                self._changed.notify_all()
            self._let_go()

    async def aclose(self) -> None:
        """The same as ``close()``, in a thread; cancelled or not."""
        await thoroughly(self.close)

    def _wake(self) -> None:
        if self._thread is not None:
            self._changed.notify_all()
            return

        self._thread = Thread(target=self._run, name="pixlab-writer", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # there are too many, or the interpreter is about to end
            self._thread = None

    def _run(self) -> None:
        while self._due():
            self._attempt()
        self._let_go()

    def _due(self) -> bool:
        """Wait until there is something to commit; False where the thread is to end."""
        with self._changed:
            idle_at = time.monotonic() + self._idle
            while self._thread is current_thread():
                due_at = self._due_at() if self._pending else idle_at
                if (now := time.monotonic()) < due_at:
                    self._changed.wait(due_at - now)
                elif self._pending:
                    return True
                else:
                    self._thread = None
        return False

    def _due_at(self) -> float:
        many = len(self._pending) >= self._rows and self._failure is None
        return -math.inf if many or self._waiters else self._commit_at

    def _attempt(self) -> Exception | None:
        """Commit what there is, and tell those who wait; what that failed with, or None."""
        with self._opened.use() as connected:
            with self._changed:
                batch, waiters = list(self._pending), self._waiters.all()
                self._taken = len(batch)
                full = self._full_until > self._committed
            if not batch:
                return None

            try:
                transact(connected(), lambda file: self._apply(file, batch), full=full)
            except BaseException as error:
                self._opened.close()  # which rolls back; opening it again finds out more
                self._taken = 0
                if not isinstance(error, Exception):  # Ctrl-C in flush_blocking
                    raise

                self._failed(error, waiters)
                return error

            self._saved(len(batch))
            return None

    def _saved(self, count: int) -> None:
        with self._changed:
            del self._pending[:count]
            self._committed += count
            self._taken = 0
            self._commit_at = time.monotonic() + self._seconds
            self._failure = None
            self._waiters.reached(self._committed)
            self._changed.notify_all()  # the thread, where it was flush_blocking

    def _failed(self, error: Exception, waiters: list[Waiter]) -> None:
        with self._changed:
            if self._failure is None:
                _log.error(str(self._told(error)))
            self._failure = error
            self._commit_at = time.monotonic() + self._again
            self._waiters.failed(waiters, error)
            self._changed.notify_all()

    def _waiting(self) -> Waiter | None:
        """Wait for all that was put so far; None where that is committed."""
        self._check_process()
        with self._changed:
            if not self._pending:
                return None

            self._wake()  # which cannot look before this lets go of the lock
            if self._thread is None:
                raise RecordingFailed("no thread can be started to write the rows that wait")

            return self._waiters.add(self._committed + len(self._pending))

    def _told(self, failure: Exception) -> ConfigurationError | RecordingFailed:
        if isinstance(failure, ConfigurationError):
            return ConfigurationError(failure.message)

        return RecordingFailed(
            f"{self._name} cannot be written; {self.unsaved} rows wait in memory: {failure}"
        )

    def _let_go(self) -> None:
        """Close the file; where nobody else uses it, its log is written back into it."""
        with self._opened.use():
            if not self._pending:
                self._opened.close()

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            self._begin()


_WRITERS: WeakSet[Writer[Any]] = WeakSet()


@atexit.register
def _close_all() -> None:
    for writer in list(_WRITERS):
        try:
            writer.close()
        except PixLabError as error:
            _log.error("At the program's end: %s", error)
