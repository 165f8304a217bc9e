"""SQLite files of ours: opened safely, private, in WAL, and never taken across a fork.

Whatever keeps a file open with ``open_database`` does so through an ``Opened``, which closes
its connection before this process forks: SQLite's locks belong to the process, and what a
child inherits would tell it of locks that it does not have.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

from attrs import frozen

from ._errors import ConfigurationError

# Seconds to wait for another connection that writes.
_BUSY = 10.0
# Pages of 4 KiB, and bytes: the log beside the file stays well below a megabyte.
_CHECKPOINT = 100
_LOG_LIMIT = 256 * 1024
# The log's index is shared memory, which these do not have between machines.
_REMOTE = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "glusterfs", "fuse.sshfs")
_MOUNTS = Path("/proc/self/mountinfo")


@frozen
class Kind:
    """What a file of ours is, so that no other is taken for it.

    Attributes:
        name: What it is called in messages, such as "ledger".
        application: The number in the file's header that says whose it is.
        version: That of the schema.
        schema: SQL statements that make the tables.
        option: What names the path, for the mend in messages.
    """

    name: str
    application: int
    version: int
    schema: str
    option: str = "path"


class Opened:
    """At most one connection to a file, for one thread at a time."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        with _FORKING:
            _OPENED.add(self)

    @contextmanager
    def use(self) -> Generator[Callable[[], sqlite3.Connection]]:
        """A function that gives the connection, which nobody else has meanwhile."""
        # A fork that waits for the connection comes first: this lock is not fair.
        with _FORKING:
            pass
        with self._lock:
            yield self._current

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()

    def hold(self) -> None:
        """Close it, and let nobody open it until ``release``."""
        self._lock.acquire()
        self.close()

    def release(self) -> None:
        """Undo ``hold``."""
        self._lock.release()

    def _current(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection


_OPENED: WeakSet[Opened] = WeakSet()
_FORKING = threading.Lock()
_held: list[Opened] = []


def _before_fork() -> None:
    _FORKING.acquire()
    for opened in list(_OPENED):
        opened.hold()
        _held.append(opened)


def _after_fork() -> None:
    while _held:
        _held.pop().release()
    _FORKING.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )


def open_database(path: Path, kind: Kind, *, mounts: Path = _MOUNTS) -> sqlite3.Connection:
    """A connection to a file of that kind, which is made where it is not there.

    It is in autocommit, and any thread may use it, one at a time.

    Args:
        path: The file.
        kind: What it is.
        mounts: The system's table of file systems, which need not be there.

    Raises:
        ConfigurationError: The file cannot be opened or made, or is another's.
    """
    path = path.absolute()  # never one of SQLite's special names
    _check_place(path, kind, mounts)
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise _refused(path, kind, f"cannot be opened ({error})") from error

    try:
        _prepare(connection, path, kind)
    except sqlite3.Error as error:
        connection.close()
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise _refused(path, kind, "is no SQLite file") from error

        raise
    except BaseException:
        connection.close()
        raise

    return connection


def transact(
    connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], None], *, full: bool
) -> None:
    """Do the work in a transaction, and commit it.

    Args:
        connection: The file; to be closed where this fails, which rolls back.
        work: What writes.
        full: Whether the commit must survive a loss of power, and not of the process alone.
    """
    connection.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
    connection.execute("BEGIN IMMEDIATE")
    work(connection)
    connection.execute("COMMIT")


def _check_place(path: Path, kind: Kind, mounts: Path) -> None:
    """See that the file can be there, and make an empty one that only we can read."""
    try:
        remote = _remote(path.parent, mounts)
        if remote is not None:
            raise _refused(
                path, kind, f"is on a network file system ({remote}), where SQLite is not safe"
            )

        # Never opened where it is there: closing it would give up SQLite's own locks.
        if not path.exists():
            with suppress(FileExistsError):
                # The real path: of a link to nowhere SQLite would make a file for all to read.
                real = os.path.realpath(path)
                os.close(os.open(real, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        elif not path.is_file():
            raise _refused(path, kind, "is no file")
    except ConfigurationError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or error
        raise _refused(path, kind, f"cannot be opened ({reason})") from error

    for place, needed in ((path, os.R_OK | os.W_OK), (path.parent, os.W_OK | os.X_OK)):
        if not os.access(place, needed):
            whose = "" if place is path else "'s folder"
            raise _refused(path, kind, f"cannot be written: the file{whose} is read-only")


def _remote(folder: Path, mounts: Path) -> str | None:
    """The type of file system where it is one of those that are shared between machines."""
    status = folder.stat()
    if not mounts.exists():
        return None

    device = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"
    for line in mounts.read_text("utf-8", "surrogateescape").splitlines():
        mount, _, source = line.partition(" - ")
        if mount.split()[2] == device:
            kind = source.split()[0]
            return kind if kind.startswith(_REMOTE) else None

    return None


def _prepare(connection: sqlite3.Connection, path: Path, kind: Kind) -> None:
    # One look at all three: another process may be making the tables just now.
    connection.execute("BEGIN")
    new = _is_new(connection, path, kind)
    connection.execute("COMMIT")
    if _to_wal(connection) != "wal":
        raise _refused(path, kind, "is where SQLite cannot keep its write-ahead log")

    connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT}")
    connection.execute(f"PRAGMA journal_size_limit={_LOG_LIMIT}")
    connection.execute("PRAGMA synchronous=NORMAL")
    # The file may be somebody else's work: what stands in its schema runs nothing, and
    # what is broken in it is found before it is used.
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    if not new:
        return

    connection.execute("BEGIN IMMEDIATE")
    if _is_new(connection, path, kind):  # another process may have been faster
        for statement in kind.schema.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={kind.application}")
        connection.execute(f"PRAGMA user_version={kind.version}")
    connection.execute("COMMIT")


def _is_new(connection: sqlite3.Connection, path: Path, kind: Kind) -> bool:
    application = _number(connection, "PRAGMA application_id")
    version = _number(connection, "PRAGMA user_version")
    if application == kind.application and 0 < version <= kind.version:
        return False

    if application == kind.application:
        raise _refused(path, kind, "was made by a newer pixlab-async", "update this one")

    if application or version or _number(connection, "SELECT count(*) FROM sqlite_master"):
        raise _refused(path, kind, "is another program's database")

    return True


def _number(connection: sqlite3.Connection, query: str) -> int:
    number: int = connection.execute(query).fetchone()[0]
    return number


def _to_wal(connection: sqlite3.Connection) -> str:
    """Switch to the write-ahead log; SQLite does not wait for others while it does."""
    deadline = time.monotonic() + _BUSY
    while True:
        try:
            mode: str = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise

            time.sleep(0.01)
        else:
            return mode


def _refused(path: Path, kind: Kind, why: str, mend: str | None = None) -> ConfigurationError:
    mend = mend or f"pass as {kind.option} where a {kind.name} is or can be made"
    return ConfigurationError(f"The {kind.name} {str(path)!r} {why}: {mend}.")
