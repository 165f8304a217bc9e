"""SQLite files of ours: private, in WAL, and refused with a sentence where they cannot be."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pixlab_async import ConfigurationError
from pixlab_async._database import (
    Kind,
    Opened,
    _after_fork,
    _before_fork,
    _prepare,
    _remote,
    _to_wal,
    open_database,
    transact,
)

from .databases import ask, mounted

KIND = Kind("notebook", 0x1234, 2, "CREATE TABLE notes (number INTEGER)")


def opened(path: Path) -> None:
    open_database(path, KIND).close()


def refusal(path: Path, kind: Kind = KIND) -> str:
    """What is told of a file that cannot be opened, after its name and before the mend."""
    with pytest.raises(ConfigurationError) as caught:
        open_database(path, kind).close()
    begin, end = (
        f"The {kind.name} {str(path)!r} ",
        "pass as path where a notebook is or can be made.",
    )
    told = str(caught.value)
    assert told.startswith(begin)
    return told.removeprefix(begin).removesuffix(end)


@pytest.fixture
def _umask() -> object:
    before = os.umask(0)
    yield None
    os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
@pytest.mark.usefixtures("_umask")
def test_only_its_owner_can_read_a_new_file_and_its_log(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "a.db", KIND)
    connection.execute("INSERT INTO notes VALUES (1)")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}
    connection.close()


def test_a_file_is_opened_again(tmp_path: Path) -> None:
    opened(tmp_path / "a.db")
    opened(tmp_path / "a.db")


def test_an_empty_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()

    opened(tmp_path / "a.db")


def test_a_special_name_is_a_file_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    opened(Path(":memory:"))

    assert (tmp_path / ":memory:").exists()


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no" / "a.db") == "cannot be opened (No such file or directory): "


def test_a_file_as_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no").touch()

    with pytest.raises(ConfigurationError, match="Not a directory"):
        opened(tmp_path / "no" / "a.db")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "is no file: "


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
def test_a_path_that_is_too_long_for_sqlite_is_refused(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["a" * 200] * 3)
    folder.mkdir(parents=True)

    assert refusal(folder / "a.db") == "cannot be opened (unable to open database file): "


def test_a_null_character_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="null"):
        opened(Path("a\0b"))


def test_what_is_no_sqlite_file_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("my diary, " * 1000)

    assert refusal(tmp_path / "a.db") == "is no SQLite file: "
    assert (tmp_path / "a.db").read_text() == "my diary, " * 1000


def test_another_programs_database_is_refused_and_kept(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("CREATE TABLE theirs (number INTEGER)")
    connection.close()
    before = (tmp_path / "a.db").read_bytes()

    assert refusal(tmp_path / "a.db") == "is another program's database: "
    assert (tmp_path / "a.db").read_bytes() == before


@pytest.mark.parametrize("mark", ["application_id", "user_version"])
def test_a_database_that_bears_another_mark_is_refused(tmp_path: Path, mark: str) -> None:
    ask(tmp_path / "a.db", f"PRAGMA {mark}=7")

    assert refusal(tmp_path / "a.db") == "is another program's database: "


def test_another_kind_of_ours_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "a.db")

    with pytest.raises(ConfigurationError, match="The diary .* another program's database"):
        open_database(tmp_path / "a.db", Kind("diary", 0x4321, 1, "CREATE TABLE days (day)"))


@pytest.mark.parametrize(
    ("schema", "told"), [("CREATE nonsense", "nonsense"), ("SELECT ?", "number of bindings")]
)
def test_what_else_goes_wrong_is_sqlites_to_tell(tmp_path: Path, schema: str, told: str) -> None:
    with pytest.raises(sqlite3.Error, match=told):
        open_database(tmp_path / "a.db", Kind("notebook", 0x1234, 1, schema))


@pytest.mark.parametrize("version", [0, 3])
def test_a_version_that_is_not_known_is_refused(tmp_path: Path, version: int) -> None:
    opened(tmp_path / "a.db")
    ask(tmp_path / "a.db", f"PRAGMA user_version={version}")

    assert refusal(tmp_path / "a.db") == "was made by a newer pixlab-async: update this one."


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_version_is_taken(tmp_path: Path, version: int) -> None:
    opened(tmp_path / "a.db")
    ask(tmp_path / "a.db", f"PRAGMA user_version={version}")

    opened(tmp_path / "a.db")


def test_every_table_of_a_schema_is_made(tmp_path: Path) -> None:
    schema = "CREATE TABLE notes (number INTEGER);\nCREATE TABLE days (day TEXT);\n"
    open_database(tmp_path / "a.db", Kind("notebook", 0x1234, 1, schema)).close()

    names = ask(tmp_path / "a.db", "SELECT name FROM sqlite_master ORDER BY name")
    assert names == [("days",), ("notes",)]


def test_a_file_is_opened_as_it_is_meant_to_be(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "a.db", KIND)

    def asked(name: str) -> object:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert {name: asked(name) for name in AS_MEANT} == AS_MEANT
    assert connection.isolation_level is None
    closing = Thread(target=connection.close)
    closing.start()
    closing.join()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        asked("user_version")


AS_MEANT = {
    "busy_timeout": 10_000,
    "journal_mode": "wal",
    "wal_autocheckpoint": 100,
    "journal_size_limit": 256 * 1024,
    "synchronous": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "application_id": 0x1234,
    "user_version": 2,
}


def test_a_database_that_has_no_log_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(ConfigurationError) as caught:
        _prepare(connection, tmp_path / "a.db", KIND)
    connection.close()

    assert str(caught.value) == (
        f"The notebook {str(tmp_path / 'a.db')!r} is where SQLite cannot keep its write-ahead log: "
        f"pass as path where a notebook is or can be made."
    )


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another connection that writes, before the file has its log."""
    connection = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    connection.execute("CREATE TABLE notes (number INTEGER)")
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_a_file_that_is_written_meanwhile_gets_its_log_afterwards(
    tmp_path: Path, locked: sqlite3.Connection
) -> None:
    class Late(sqlite3.Connection):
        """Once it was told that the file is locked, it is no longer."""

        def execute(self, query: str, values: Any = (), /) -> sqlite3.Cursor:
            try:
                return super().execute(query, values)
            finally:
                locked.execute("ROLLBACK" if locked.in_transaction else "SELECT 1")

    connection = sqlite3.connect(tmp_path / "a.db", factory=Late)
    assert _to_wal(connection) == "wal"
    connection.close()


def test_a_file_that_cannot_have_a_log_is_tried_once(
    tmp_path: Path, locked: sqlite3.Connection
) -> None:
    locked.execute("COMMIT")
    tries: list[str] = []

    class Counting(sqlite3.Connection):
        """Counts what it is asked, and ends the second try."""

        def execute(self, query: str, values: Any = (), /) -> sqlite3.Cursor:
            tries.append(query)
            assert len(tries) == 1
            return super().execute(query, values)

    path = f"file:{tmp_path / 'a.db'}?mode=ro"
    connection = sqlite3.connect(path, uri=True, factory=Counting)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        _to_wal(connection)
    connection.close()


def test_a_read_only_file_system_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "a.db")
    with mounted(tmp_path / "mounted", "-o", "bind,ro", str(tmp_path)) as folder:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        assert refusal(folder / "a.db") == "cannot be written: the file is read-only: "
        with pytest.raises(ConfigurationError, match="Read-only file system"):
            opened(folder / "b.db")


def test_a_file_in_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """The folder is read-only, and the file in it is from elsewhere."""
    opened(tmp_path / "a.db")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.db").touch()
    with mounted(tmp_path / "folder", "--bind", str(tmp_path / "folder")) as folder:
        subprocess.run(["mount", "--bind", tmp_path / "a.db", folder / "a.db"], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        told = refusal(folder / "a.db")
        subprocess.run(["umount", "--lazy", folder / "a.db"], check=True)

    assert told == "cannot be written: the file's folder is read-only: "


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write it")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "a.db")
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match="the file's folder is read-only"):
        opened(tmp_path / "a.db")
    tmp_path.chmod(0o700)


def mounts(tmp_path: Path, kind: str) -> Path:
    """A table of mounts in which the folder's device is of that kind."""
    device = tmp_path.stat().st_dev
    table = tmp_path / "mountinfo"
    lines = (
        "1 0 0:1 / / rw - ext4 /dev/\xff rw",
        f"2 1 {os.major(device)}:{os.minor(device)} / /mnt rw shared:1 - {kind} host:/a rw,a=b - c",
    )
    table.write_text("\n".join(lines), "latin-1")
    return table


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no device numbers")
@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"])
def test_a_network_file_system_is_known(tmp_path: Path, kind: str) -> None:
    assert _remote(tmp_path, mounts(tmp_path, kind)) == kind


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no device numbers")
def test_a_network_file_system_is_refused(tmp_path: Path) -> None:
    table = mounts(tmp_path, "nfs4")
    with pytest.raises(ConfigurationError) as caught:
        open_database(tmp_path / "a.db", KIND, mounts=table)

    assert str(caught.value) == (
        f"The notebook {str(tmp_path / 'a.db')!r} is on a network file system (nfs4), where SQLite "
        f"is not safe: pass as path where a notebook is or can be made."
    )
    assert not (tmp_path / "a.db").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no device numbers")
def test_a_file_system_that_is_not_in_the_table_is_trusted(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text("1 0 0:0 / / rw - nfs host:/a rw\n")

    assert _remote(tmp_path, tmp_path / "mountinfo") is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no device numbers")
@pytest.mark.parametrize("kind", ["ext4", "tmpfs", "overlay", "fuse.lxcfs"])
def test_a_local_file_system_is_fine(tmp_path: Path, kind: str) -> None:
    assert _remote(tmp_path, mounts(tmp_path, kind)) is None


def test_a_system_without_a_table_of_mounts_is_trusted(tmp_path: Path) -> None:
    assert _remote(tmp_path, tmp_path / "none") is None


# Transactions, and connections that are kept.


@pytest.mark.parametrize(("full", "synchronous"), [(True, 2), (False, 1)])
def test_work_is_committed_as_durably_as_asked_while_nobody_else_writes(
    tmp_path: Path, full: bool, synchronous: int
) -> None:
    connection = open_database(tmp_path / "a.db", KIND)
    connection.execute("PRAGMA synchronous=OFF")
    other = sqlite3.connect(tmp_path / "a.db", timeout=0, isolation_level=None)

    def work(given: sqlite3.Connection) -> None:
        given.execute("INSERT INTO notes VALUES (1)")
        assert given.execute("PRAGMA synchronous").fetchone() == (synchronous,)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

    transact(connection, work, full=full)
    assert other.execute("SELECT number FROM notes").fetchall() == [(1,)]
    other.close()
    connection.close()


def test_nobody_else_writes_between_what_work_reads_and_what_it_writes(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "a.db", KIND)
    other = sqlite3.connect(tmp_path / "a.db", timeout=0, isolation_level=None)

    def work(_: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

    transact(connection, work, full=False)
    other.close()
    connection.close()


class Stubborn(sqlite3.Connection):
    """A connection whose end is told as a failure."""

    def close(self) -> None:
        super().close()
        raise sqlite3.OperationalError("disk I/O error")


def test_a_connection_is_opened_by_its_first_use_and_anew_after_its_close() -> None:
    made: list[sqlite3.Connection] = []

    def connect() -> sqlite3.Connection:
        made.append(sqlite3.connect(":memory:", factory=Stubborn))
        return made[-1]

    kept = Opened(connect)
    kept.close()
    with kept.use() as connected:
        assert made == []
        assert connected() is connected() is made[0]
    kept.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        made[0].execute("SELECT 1")

    with kept.use() as connected:
        assert connected() is made[1]
    kept.close()


def test_a_connection_is_closed_before_a_fork_and_may_be_opened_after_it() -> None:
    kept = Opened(lambda: sqlite3.connect(":memory:", check_same_thread=False))
    with kept.use() as connected:
        before = connected()
    found: list[sqlite3.Connection] = []

    def ask_for_it() -> None:
        with kept.use() as connected:
            found.append(connected())

    asking = Thread(target=ask_for_it)
    _before_fork()
    asking.start()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        before.execute("SELECT 1")
    assert found == []
    _after_fork()
    asking.join()

    assert len(found) == 1
    kept.close()
