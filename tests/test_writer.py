"""The thread that writes to SQLite files: nothing is lost, whatever happens around it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sqlite3
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import pytest

from pixlab_async import ConfigurationError, RecordingFailed
from pixlab_async._database import Kind, _after_fork, _before_fork, open_database
from pixlab_async._writer import Writer, _close_all

from .databases import ask, mounted, program, run_program
from .scripted import wait_until

KIND = Kind("notebook", 0x1234, 1, "CREATE TABLE notes (number INTEGER)")
FOREVER = 3600.0


class Notes:
    """A notebook, and what writes to it without being asked as late as can be."""

    def __init__(
        self,
        path: Path,
        *,
        rows: int = 1_000_000,
        seconds: float = FOREVER,
        again: float = FOREVER,
        idle: float = FOREVER,
    ) -> None:
        self.path = path
        self.patience = 10_000
        self.refuse = False
        self.attempts = 0
        self.writer: Writer[int] = Writer(
            self.connect, self.apply, rows=rows, seconds=seconds, again=again, idle=idle
        )

    def connect(self) -> sqlite3.Connection:
        connection = open_database(self.path, KIND)
        connection.execute(f"PRAGMA busy_timeout={self.patience}")
        return connection

    def apply(self, connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
        self.attempts += 1
        if self.refuse:
            raise sqlite3.OperationalError("the pen is empty")

        connection.executemany("INSERT INTO notes VALUES (?)", [(each,) for each in numbers])

    def read(self) -> list[int]:
        query = "SELECT number FROM notes ORDER BY rowid"
        return [int(str(row[0])) for row in ask(self.path, query)] if self.path.exists() else []

    @property
    def asleep(self) -> bool:
        """Whether the thread waits, for somebody to wake it or for the time to come."""
        condition: Any = self.writer._changed
        return bool(condition._waiters)


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Notes]:
    made = Notes(tmp_path / "notes.db")
    yield made
    made.writer.close()


# When rows are committed.


async def test_a_flush_commits_what_was_put_in_order(notes: Notes) -> None:
    for number in range(5):
        notes.writer.put(number)
    await notes.writer.flush()

    assert notes.read() == [0, 1, 2, 3, 4]


async def test_a_flush_with_nothing_put_makes_no_file(notes: Notes) -> None:
    await notes.writer.flush()

    assert not notes.path.exists()


def test_rows_are_committed_by_themselves_after_some_time(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", seconds=0.01)
    notes.writer.put(1)

    wait_until(lambda: notes.writer.unsaved == 0)
    assert notes.read() == [1]
    notes.writer.close()


def test_a_row_waits_for_others_until_then(notes: Notes) -> None:
    notes.writer.put(1)

    wait_until(lambda: notes.asleep)
    assert (notes.writer.unsaved, notes.path.exists()) == (1, False)


def test_rows_that_come_during_a_commit_are_committed_after_some_time_too(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", seconds=0.01)

    def apply(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
        if numbers == [1]:
            notes.writer.put(2)
        notes.apply(connection, numbers)

    notes.writer._apply = apply
    notes.writer.put(1)

    wait_until(lambda: notes.writer.unsaved == 0)
    assert notes.read() == [1, 2]
    notes.writer.close()


def test_rows_that_come_during_a_commit_wait_for_others_too(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", seconds=0.01)

    def apply(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
        if numbers == [1]:
            notes.writer._seconds = FOREVER
            notes.writer.put(2)
        notes.apply(connection, numbers)

    notes.writer._apply = apply
    notes.writer.put(1)

    wait_until(lambda: notes.attempts > 0 and notes.asleep)
    assert (notes.read(), notes.writer.unsaved) == ([1], 1)
    notes.writer.close()


def test_so_many_rows_are_committed_at_once(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", rows=3)
    for number in range(3):
        notes.writer.put(number)

    wait_until(lambda: notes.writer.unsaved == 0)
    notes.writer.close()


def test_the_thread_is_woken_by_the_first_row_and_by_the_one_that_makes_it_enough(
    tmp_path: Path,
) -> None:
    notes = Notes(tmp_path / "notes.db", rows=3)
    notes.writer.put(0)
    notes.writer.flush_blocking()
    woken: list[bool] = []
    for number in range(1, 4):
        wait_until(lambda: notes.asleep)
        with notes.writer._changed:  # whoever is woken has to wait for this
            notes.writer.put(number)
            woken.append(not notes.asleep)

    assert woken == [True, False, True]
    notes.writer.close()


def test_it_is_one_thread_that_writes_as_long_as_there_is_something_to_write(notes: Notes) -> None:
    threads: set[Thread | None] = set()
    for number in range(2):
        notes.writer.put(number)
        threads.add(notes.writer._thread)
        notes.writer.flush_blocking()

    assert len(threads) == 1


def test_a_writer_that_is_not_closed_lets_the_file_go_by_itself(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", idle=0.01)
    log = notes.path.with_name("notes.db-wal")
    notes.writer.put(1)
    notes.writer.flush_blocking()

    wait_until(lambda: not log.exists())
    assert notes.read() == [1]


def test_a_thread_that_ended_is_followed_by_another(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", seconds=0.01, idle=0.01)
    for number in range(2):
        notes.writer.put(number)
        wait_until(lambda: notes.writer._thread is None)

    assert notes.read() == [0, 1]


def test_a_thread_with_nothing_to_do_waits_for_more(notes: Notes) -> None:
    notes.writer.put(1)
    notes.writer.flush_blocking()

    wait_until(lambda: notes.asleep)
    assert notes.path.with_name("notes.db-wal").exists()


def test_a_commit_is_as_durable_as_the_row_that_asks_for_most(notes: Notes) -> None:
    found: list[int] = []

    def apply(connection: sqlite3.Connection, _: Sequence[int]) -> None:
        found.extend(connection.execute("PRAGMA synchronous").fetchone())

    notes.writer._apply = apply
    notes.writer.put(1)
    notes.writer.flush_blocking()
    notes.writer.put(2, full=True)
    notes.writer.put(3)
    notes.writer.flush_blocking()
    notes.writer.put(4)
    notes.writer.flush_blocking()

    normal, full = 1, 2
    assert found == [normal, full, normal]


def test_the_thread_has_a_name_and_no_program_waits_for_it(notes: Notes) -> None:
    notes.writer.put(1)
    thread = notes.writer._thread

    assert thread is not None
    assert (thread.name, thread.daemon) == ("pixlab-writer", True)


def test_what_is_abandoned_is_given_to_the_caller_and_waits_no_longer(notes: Notes) -> None:
    notes.refuse = True
    notes.writer.put(1)

    assert notes.writer.abandon() == [1]
    assert notes.writer.unsaved == 0
    assert notes.writer.abandon() == []


def test_a_thread_may_flush_too(notes: Notes) -> None:
    notes.writer.put(1, full=True)
    notes.writer.flush_blocking()

    assert notes.read() == [1]


async def test_many_tasks_flush_at_once(notes: Notes) -> None:
    async def write(number: int) -> None:
        notes.writer.put(number)
        await notes.writer.flush()
        assert number in notes.read()

    async with anyio.create_task_group() as group:
        for number in range(30):
            group.start_soon(write, number)

    assert sorted(notes.read()) == list(range(30))


def test_several_event_loops_use_one_writer(notes: Notes) -> None:
    async def write(first: int) -> None:
        for number in range(first, first + 20):
            notes.writer.put(number)
            await notes.writer.flush()

    backends = ("asyncio", "trio", "asyncio")
    threads = [
        Thread(target=anyio.run, args=(write, 20 * n), kwargs={"backend": b})
        for n, b in enumerate(backends)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(notes.read()) == list(range(60))


async def test_closing_commits_and_removes_the_log(notes: Notes) -> None:
    notes.writer.put(1)
    await notes.writer.aclose()
    await notes.writer.aclose()

    assert [path.name for path in notes.path.parent.iterdir()] == ["notes.db"]
    assert notes.read() == [1]


def test_closing_ends_a_thread_that_sleeps(notes: Notes) -> None:
    notes.writer.put(1)
    thread = notes.writer._thread
    assert thread is not None
    notes.writer.flush_blocking()
    wait_until(lambda: notes.asleep)
    notes.writer.close()

    wait_until(lambda: not thread.is_alive())


async def test_a_closed_writer_begins_anew(notes: Notes) -> None:
    notes.writer.put(1)
    await notes.writer.aclose()
    notes.writer.put(2)
    await notes.writer.flush()

    assert notes.read() == [1, 2]


async def test_closing_works_in_a_cancelled_scope(notes: Notes) -> None:
    notes.writer.put(1)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await notes.writer.aclose()

    assert notes.read() == [1]


# What goes wrong.


async def test_a_cancelled_flush_leaves_its_rows_and_nobody_waiting(notes: Notes) -> None:
    holder = sqlite3.connect(notes.path, isolation_level=None)
    notes.refuse = True
    notes.writer.put(1)
    with anyio.move_on_after(0), pytest.raises(anyio.get_cancelled_exc_class()):
        await notes.writer.flush()
    notes.refuse = False
    holder.close()
    await notes.writer.flush()

    assert notes.read() == [1]
    assert not notes.writer._waiters


async def test_a_failed_commit_is_told_and_tried_again(
    notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    notes.refuse = True
    notes.writer.put(1)
    with pytest.raises(RecordingFailed, match="1 rows wait in memory: the pen is empty"):
        await notes.writer.flush()

    failed = notes.writer.failure
    notes.refuse = False
    await notes.writer.flush()
    assert (str(failed), notes.writer.failure) == ("the pen is empty", None)
    assert (notes.read(), notes.writer.unsaved) == ([1], 0)
    assert caplog.messages == [
        "The database cannot be written; 1 rows wait in memory: the pen is empty"
    ]


def test_a_failed_commit_is_tried_again_without_being_asked(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", again=0.01)
    notes.refuse = True
    notes.writer.put(1)
    with pytest.raises(RecordingFailed):
        notes.writer.flush_blocking()
    notes.refuse = False

    wait_until(lambda: notes.writer.unsaved == 0)
    assert notes.read() == [1]
    notes.writer.close()


def test_a_failed_commit_is_not_tried_again_at_once_however_much_there_is(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", rows=2)
    notes.refuse = True
    notes.writer.put(1)
    with pytest.raises(RecordingFailed):
        notes.writer.flush_blocking()
    notes.writer.put(2)

    wait_until(lambda: notes.asleep)
    assert (notes.attempts, notes.writer.unsaved) == (1, 2)
    notes.refuse = False
    notes.writer.close()


def test_a_failure_that_goes_on_is_logged_once(
    notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    notes.refuse = True
    notes.writer.put(1)
    for _ in range(2):
        with pytest.raises(RecordingFailed):
            notes.writer.flush_blocking()
    notes.refuse = False

    assert len(caplog.messages) == 1


def test_a_failure_is_nothing_to_who_flushes_once_its_rows_are_abandoned(notes: Notes) -> None:
    notes.refuse = True
    notes.writer.put(1)
    with pytest.raises(RecordingFailed):
        notes.writer.flush_blocking()
    notes.writer.abandon()
    notes.writer.flush_blocking()

    assert notes.attempts == 1


async def test_where_no_thread_can_be_started_a_flush_says_so(notes: Notes) -> None:
    with _no_thread_can_be_started():
        notes.writer.put(1)
        with pytest.raises(RecordingFailed) as failed:
            await notes.writer.flush()

    assert str(failed.value) == "no thread can be started to write the rows that wait"
    assert not notes.writer._waiters


def test_where_no_thread_can_be_started_closing_commits_and_removes_the_log(notes: Notes) -> None:
    with _no_thread_can_be_started():
        notes.writer.put(1)
        notes.writer.close()

    assert [path.name for path in notes.path.parent.iterdir()] == ["notes.db"]
    assert notes.read() == [1]


def test_where_no_thread_could_be_started_a_later_row_starts_it(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", seconds=0.01)
    with _no_thread_can_be_started():
        notes.writer.put(1)
    notes.writer.put(2)

    wait_until(lambda: notes.writer.unsaved == 0)
    assert notes.read() == [1, 2]
    notes.writer.close()


@contextmanager
def _no_thread_can_be_started() -> Generator[None]:
    """Each new one would have a stack as large as no memory is."""
    if sys.platform == "win32":
        pytest.skip("Windows refuses to be asked for such a stack")

    before = threading.stack_size(2**62)
    try:
        yield
    finally:
        threading.stack_size(before)


async def test_a_failed_transaction_leaves_no_row(notes: Notes) -> None:
    notes.writer.put(1)
    await notes.writer.flush()
    notes.writer._apply = _half_written
    notes.writer.put(2)
    with pytest.raises(RecordingFailed):
        await notes.writer.flush()

    assert notes.read() == [1]
    notes.writer._apply = notes.apply


def _half_written(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    connection.execute("INSERT INTO notes VALUES (7)")
    connection.execute("INSERT INTO nowhere VALUES (8)")


async def test_a_locked_file_is_told_and_tried_again(notes: Notes) -> None:
    notes.writer.put(1)
    await notes.writer.flush()
    other = sqlite3.connect(notes.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    notes.patience = 0
    await notes.writer.aclose()
    notes.writer.put(2)
    with pytest.raises(RecordingFailed, match="locked"):
        await notes.writer.flush()
    other.execute("ROLLBACK")
    other.close()
    await notes.writer.flush()

    assert notes.read() == [1, 2]


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=512k", "tmpfs") as folder:
        notes = Notes(folder / "notes.db")
        notes.writer.put(0)
        notes.writer.flush_blocking()
        ballast = folder / "ballast"
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(b"\0" * 4096)
        for number in range(1, 5000):
            notes.writer.put(number)
        with pytest.raises(RecordingFailed, match="full"):
            notes.writer.flush_blocking()
        assert notes.writer.unsaved == 4999

        ballast.unlink()
        notes.writer.close()
        assert notes.read() == list(range(5000))


def test_an_event_loop_that_is_gone_does_not_stop_the_thread(notes: Notes) -> None:
    """Its flush is abandoned while the file is locked, so that its end is told to a closed loop."""
    notes.writer.put(1)
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(notes.writer.flush())
    with notes.writer._opened.use():
        loop.run_until_complete(asyncio.sleep(0))
        waiter = notes.writer._waiters.all()[0]
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(waiting)
        with notes.writer._changed:
            notes.writer._waiters._waiting.append(waiter)
            notes.writer._changed.notify_all()  # it may have seen nobody waiting, and sleep
        loop.close()

    wait_until(lambda: notes.writer.unsaved == 0)
    notes.writer.put(2)
    notes.writer.flush_blocking()
    assert notes.read() == [1, 2]


def test_no_connection_is_open_while_the_process_forks(notes: Notes) -> None:
    notes.writer.put(1)
    notes.writer.flush_blocking()
    log = notes.path.with_name("notes.db-wal")
    before = log.exists()
    _before_fork()
    during = log.exists()
    _after_fork()
    notes.writer.put(2)
    notes.writer.flush_blocking()

    assert (before, during) == (True, False)
    assert notes.read() == [1, 2]


def test_another_process_begins_anew_and_leaves_the_rows_of_the_first_to_it(notes: Notes) -> None:
    notes.writer.put(1)
    notes.writer._pid = -1  # as a fork makes it seem
    notes.writer.put(2)
    notes.writer.flush_blocking()

    assert notes.read() == [2]


async def test_another_process_commits_no_row_of_the_first(notes: Notes) -> None:
    for flush in (notes.writer.flush, notes.writer.aclose):
        notes.writer.put(1)
        notes.writer._pid = -1
        await flush()

    assert not notes.path.exists()


def test_the_programs_end_closes_all_writers_whatever_happens(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = Notes(tmp_path / "no" / "notes.db"), Notes(tmp_path / "notes.db")
    broken.writer.put(1)
    sound.writer.put(2)
    _close_all()

    assert "At the program's end: The notebook" in caplog.text
    assert sound.read() == [2]
    broken.path.parent.mkdir()
    broken.writer.close()


def test_nothing_to_commit_is_nothing(notes: Notes) -> None:
    notes.writer._attempt()

    assert not notes.path.exists()


# Taking a row back.


async def test_a_row_that_is_not_committed_can_be_taken_back(notes: Notes) -> None:
    for number in (1000, 2000, 3000):
        notes.writer.put(number)
    taken = notes.writer.withdraw(notes.writer._pending[1])
    await notes.writer.flush()

    assert (taken, notes.read()) == (True, [1000, 3000])


async def test_a_committed_row_is_not_taken_back(notes: Notes) -> None:
    notes.writer.put(1000)
    await notes.writer.flush()

    assert not notes.writer.withdraw(1000)


async def test_a_row_that_came_after_a_commit_can_be_taken_back(notes: Notes) -> None:
    notes.writer.put(1000)
    await notes.writer.flush()
    notes.writer.put(later := 2000)

    assert notes.writer.withdraw(later)


@pytest.mark.parametrize(
    ("error", "told"),
    [(sqlite3.OperationalError, RecordingFailed), (KeyboardInterrupt, KeyboardInterrupt)],
)
def test_a_row_whose_commit_failed_can_be_taken_back(
    notes: Notes, error: type[BaseException], told: type[BaseException]
) -> None:
    def apply(_: sqlite3.Connection, __: Sequence[int]) -> None:
        raise error

    notes.writer._apply = apply
    notes.writer.put(number := 1000)
    with pytest.raises(told):
        notes.writer.flush_blocking()
    notes.writer._apply = notes.apply

    assert notes.writer.withdraw(number)


def test_a_row_that_is_being_committed_is_not_taken_back(notes: Notes) -> None:
    told: list[bool] = []

    def apply(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
        told.append(notes.writer.withdraw(numbers[0]))
        notes.apply(connection, numbers)

    notes.writer._apply = apply
    notes.writer.put(1000)
    notes.writer.flush_blocking()

    assert (told, notes.read()) == ([False], [1000])


async def test_who_waits_for_a_row_waits_on_when_a_later_one_is_taken_back(notes: Notes) -> None:
    notes.writer.put(1000)
    await notes.writer.flush()
    with notes.writer._opened.use():
        async with anyio.create_task_group() as group:
            notes.writer.put(2000)
            group.start_soon(notes.writer.flush)
            while not notes.writer._waiters:
                await anyio.sleep(0)
            targets = [waiter.target for waiter in notes.writer._waiters.all()]
            notes.writer.put(later := 3000)
            assert notes.writer.withdraw(later)
            still = [waiter.target for waiter in notes.writer._waiters.all()]
            group.cancel_scope.cancel()
        left = notes.writer._waiters.all()

    assert (targets, still, left) == ([2], [2], [])


async def test_who_waits_for_a_row_that_is_taken_back_goes_on(notes: Notes) -> None:
    with notes.writer._opened.use():
        async with anyio.create_task_group() as group:
            notes.writer.put(number := 1000)
            group.start_soon(notes.writer.flush)
            while not notes.writer._waiters:
                await anyio.sleep(0)
            notes.writer.withdraw(number)

    assert notes.read() == []


# Processes.

_WRITES = """
import sys
from pathlib import Path
from tests.test_writer import Notes
notes = Notes(Path(sys.argv[1]))
"""


def test_what_is_left_is_committed_at_the_programs_end(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    run_program(_WRITES + "notes.writer.put(1)", path)

    assert Notes(path).read() == [1]


def test_what_cannot_be_committed_at_the_programs_end_is_told(tmp_path: Path) -> None:
    with program(
        "import logging, sys\nlogging.basicConfig(stream=sys.stdout)"
        + _WRITES
        + "notes.writer.put(1)",
        tmp_path / "no" / "notes.db",
    ) as running:
        printed, _ = running.communicate(timeout=30)

    assert "ERROR:pixlab_async:At the program's end: The notebook" in printed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_forked_child_writes_its_own_rows_and_none_of_the_parents(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    forks = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # that threads and forks do not mix
notes.writer.put(1)
notes.writer.flush_blocking()
notes.writer.put(2)
child = os.fork()
notes.writer.put(3 if child else 4)
notes.writer.close()
if not child:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    run_program(_WRITES + forks, path)

    assert sorted(Notes(path).read()) == [1, 2, 3, 4]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_fork_while_the_thread_writes_goes_well(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    forks = """
import os, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
stop = threading.Event()
def write():
    number = 1000
    while not stop.is_set():
        notes.writer.put(number)
        notes.writer.flush_blocking()
        number += 1
    print(number - 1000)
writing = threading.Thread(target=write)
writing.start()
for number in range(20):
    child = os.fork()
    if not child:
        notes.writer.put(number)
        notes.writer.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
writing.join()
notes.writer.close()
"""
    written = int(run_program(_WRITES + forks, path))

    numbers = sorted(Notes(path).read())
    assert numbers == [*range(20), *range(1000, 1000 + written)]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


def test_no_flushed_row_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    endless = """
number = int(sys.argv[2])
while True:
    number += 1
    notes.writer.put(number)
    if number % 7 == 0:
        notes.writer.flush_blocking()
        print(number, flush=True)
"""
    number = 0
    for lines in (1, 30, 150):
        with program(_WRITES + endless, path, number) as running:
            assert running.stdout is not None
            for _ in range(lines):
                acknowledged = int(running.stdout.readline())
            running.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
            rest = running.stdout.read().split()
        acknowledged = int(rest[-1]) if rest and rest[-1].endswith("\n") else acknowledged
        kept = Notes(path).read()
        assert kept == list(range(1, len(kept) + 1))
        assert len(kept) >= acknowledged
        number = len(kept)

    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


def test_the_log_beside_the_file_stays_small(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", rows=100)
    for number in range(200_000):
        notes.writer.put(number)
        if number % 1000 == 0:
            notes.writer.flush_blocking()

    assert (tmp_path / "notes.db-wal").stat().st_size <= 1024 * 1024
    notes.writer.close()


def test_nothing_is_logged_where_all_is_well(
    notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "pixlab_async")
    notes.writer.put(1)
    notes.writer.close()

    assert caplog.messages == []


def test_a_file_that_cannot_be_opened_is_a_configuration_error(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "no" / "notes.db")
    notes.writer.put(1)
    with pytest.raises(ConfigurationError, match="No such file or directory"):
        notes.writer.flush_blocking()

    (tmp_path / "no").mkdir()
    notes.writer.close()
    assert notes.read() == [1]
