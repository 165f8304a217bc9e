"""One thread that writes to a SQLite file, fed without waiting from anywhere.

Rows are put by a plain function, so that no cancellation can come between a reply and its
record. The thread commits them in groups. What could not be committed stays in memory and
is tried again: by each flush, and about once a second.
"""

from __future__ import annotations

import atexit
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Condition, Thread, current_thread
from typing import Any, Generic, TypeVar
from weakref import WeakSet

import anyio
from anyio.lowlevel import EventLoopToken, current_token
from anyio.to_thread import run_sync
from attrs import define

from ._database import Opened
from ._errors import ConfigurationError, RecordingFailed

Op = TypeVar("Op")

ROWS = 100
SECONDS = 0.25
# Seconds: between attempts while they fail, and until an idle thread closes the file.
_AGAIN = 1.0
_IDLE = 5.0

_log = logging.getLogger("pixlab_async")


@define(eq=False)
class _Waiter:
    """Somebody who waits until so many rows are committed.

    Attributes:
        target: How many, counted from the writer's begin.
        tell: Called in the writer's thread at the end; never blocks.
        failure: What went wrong, if it did.
    """

    target: int
    tell: Callable[[], object]
    failure: Exception | None = None


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
        name: What is written, for messages.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        apply: Callable[[sqlite3.Connection, Sequence[Op]], None],
        *,
        rows: int = ROWS,
        seconds: float = SECONDS,
        name: str = "the database",
    ) -> None:
        self._opened = Opened(connect)
        self._apply = apply
        self._rows = rows
        self._seconds = seconds
        self._name = name
        self._begin()
        _WRITERS.add(self)

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._changed = Condition()
        self._thread: Thread | None = None
        self._pending: list[Op] = []
        self._waiters: list[_Waiter] = []
        self._committed = 0
        self._full_until = 0
        # On the monotonic clock: since when something waits, and when to try again.
        self._since = 0.0
        self._retry_at = 0.0
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
        """Have a row written. Never waits; callable from any thread, and in any state.

        Args:
            op: What ``apply`` is given.
            full: Whether the commit must survive a loss of power, not of the process alone.
        """
        self._check_process()
        with self._changed:
            if not self._pending:
                self._since = time.monotonic()
            self._pending.append(op)
            if full:
                self._full_until = self._committed + len(self._pending)
            if self._thread is None or len(self._pending) in (1, self._rows):
                self._wake()

    async def flush(self) -> None:
        """Wait until all that was put so far is committed.

        Raises:
            ConfigurationError: The file cannot be opened.
            RecordingFailed: It cannot be written now.
        """
        arrived = anyio.Event()
        waiter = self._waiting(partial(_post, current_token(), arrived.set))
        if waiter is None:
            return

        try:
            await arrived.wait()
        finally:
            with self._changed, suppress(ValueError):
                self._waiters.remove(waiter)
        if waiter.failure is not None:
            raise self._told(waiter.failure) from waiter.failure

    def flush_blocking(self) -> None:
        """The same as ``flush()``, for threads: commits in the one that calls.

        Raises:
            ConfigurationError: The file cannot be opened.
            RecordingFailed: It cannot be written now.
        """
        self._check_process()
        target = self._committed + len(self._pending)
        while self._committed < target:
            self._attempt()
            failure = self._failure
            if failure is not None:
                raise self._told(failure) from failure

    def close(self) -> None:
        """Commit what is left and close the file. A later ``put`` begins anew.

        Raises:
            ConfigurationError: The file cannot be opened.
            RecordingFailed: It cannot be written now; the rows stay in memory.
        """
        self._check_process()
        try:
            self.flush_blocking()
        finally:
            with self._changed:
                self._thread = None
                self._changed.notify_all()
            self._let_go()

    async def aclose(self) -> None:
        """The same as ``close()``, in a thread; cancelled or not."""
        with anyio.CancelScope(shield=True):  # bounded: SQLite waits for a lock for seconds
            await run_sync(self.close, limiter=anyio.CapacityLimiter(1))

    # --- The thread ---------------------------------------------------------------------

    def _wake(self) -> None:
        if self._thread is not None:
            self._changed.notify_all()
            return

        thread = Thread(target=self._run, name="pixlab-writer", daemon=True)
        # RuntimeError: there are too many, or the interpreter is about to end.
        with suppress(RuntimeError):
            self._thread = thread
            thread.start()
            return

        self._thread = None

    def _run(self) -> None:
        while self._due():
            self._attempt()
        self._let_go()

    def _due(self) -> bool:
        """Wait until there is something to commit; False where the thread is to end."""
        with self._changed:
            idle_at = time.monotonic() + _IDLE
            while self._thread is current_thread():
                now = time.monotonic()
                wait = (self._due_at() if self._pending else idle_at) - now
                if wait > 0:
                    self._changed.wait(wait)
                elif self._pending:
                    return True
                else:
                    self._thread = None
        return False

    def _due_at(self) -> float:
        if self._waiters:
            return 0.0

        if self._failure is not None:
            return self._retry_at

        return 0.0 if len(self._pending) >= self._rows else self._since + self._seconds

    def _attempt(self) -> None:
        """Commit what there is, and tell those who wait."""
        with self._opened.use() as connected:
            with self._changed:
                batch, waiters = list(self._pending), list(self._waiters)
                full = self._full_until > self._committed
            if not batch:
                return

            try:
                self._commit(connected(), batch, full=full)
            except Exception as error:
                self._opened.close()  # which rolls back; opening it again finds out more
                self._failed(error, waiters)
            except BaseException:  # Ctrl-C in flush_blocking
                self._opened.close()
                raise
            else:
                self._saved(len(batch))

    def _commit(self, connection: sqlite3.Connection, batch: list[Op], *, full: bool) -> None:
        connection.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
        connection.execute("BEGIN IMMEDIATE")
        self._apply(connection, batch)
        connection.execute("COMMIT")

    def _saved(self, count: int) -> None:
        with self._changed:
            del self._pending[:count]
            self._committed += count
            self._since = time.monotonic()
            self._failure = None
            done = [waiter for waiter in self._waiters if waiter.target <= self._committed]
            self._end(done)

    def _failed(self, error: Exception, waiters: list[_Waiter]) -> None:
        with self._changed:
            if self._failure is None:
                _log.error("%s", self._told(error))
            self._failure = error
            self._retry_at = time.monotonic() + _AGAIN
            for waiter in waiters:
                waiter.failure = error
            self._end(waiters)

    def _end(self, waiters: list[_Waiter]) -> None:
        for waiter in waiters:
            with suppress(ValueError):  # it was cancelled meanwhile
                self._waiters.remove(waiter)
            waiter.tell()

    # --- Those who wait -----------------------------------------------------------------

    def _waiting(self, tell: Callable[[], object]) -> _Waiter | None:
        """Wait for all that was put so far; None where that is committed."""
        self._check_process()
        with self._changed:
            if not self._pending:
                return None

            waiter = _Waiter(self._committed + len(self._pending), tell)
            self._wake()
            if self._thread is None:
                raise RecordingFailed("No thread can be started to write the rows that wait.")

            self._waiters.append(waiter)
            return waiter

    def _told(self, failure: Exception) -> ConfigurationError | RecordingFailed:
        if isinstance(failure, ConfigurationError):
            return ConfigurationError(failure.message)

        return RecordingFailed(
            f"{self.unsaved} rows could not be written to {self._name} ({failure}); they stay in "
            f"memory, and are tried again about once a second"
        )

    def _let_go(self) -> None:
        """Close the file, its log written back into it where nobody else uses that."""
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
        except Exception:
            _log.exception("%d rows were not written before the program's end.", writer.unsaved)


def _post(token: EventLoopToken, report: Callable[[], object]) -> None:
    """Have a function called in an event loop, without waiting for it.

    anyio's ``from_thread.run_sync`` waits: for ever where the loop ends meanwhile, and for a
    loop whose thread is in ``flush_blocking``.
    """
    loop: Any = token.native_token
    post = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon
    with suppress(RuntimeError):  # the loop is closed (trio: RunFinishedError), and nobody waits
        post(report)
