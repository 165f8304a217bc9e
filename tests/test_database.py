"""SQLite files of ours: private, in WAL, and refused with a sentence where they cannot be."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pixlab_async import ConfigurationError
from pixlab_async._database import Kind, _remote, open_database

from .databases import mounted

KIND = Kind("notebook", 0x1234, 2, "CREATE TABLE notes (number INTEGER)")


def opened(path: Path) -> None:
    open_database(path, KIND).close()


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
    with pytest.raises(
        ConfigurationError, match=r"The notebook .* \(No such file.*\): pass as path"
    ):
        opened(tmp_path / "no" / "a.db")


def test_a_file_as_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no").touch()

    with pytest.raises(ConfigurationError, match="Not a directory"):
        opened(tmp_path / "no" / "a.db")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no file"):
        opened(tmp_path)


def test_a_null_character_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="null"):
        opened(Path("a\0b"))


def test_what_is_no_sqlite_file_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("my diary, " * 1000)

    with pytest.raises(ConfigurationError, match="is no SQLite file"):
        opened(tmp_path / "a.db")

    assert (tmp_path / "a.db").read_text() == "my diary, " * 1000


def test_another_programs_database_is_refused_and_kept(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("CREATE TABLE theirs (number INTEGER)")
    connection.close()
    before = (tmp_path / "a.db").read_bytes()

    with pytest.raises(ConfigurationError, match="another program's database"):
        opened(tmp_path / "a.db")

    assert (tmp_path / "a.db").read_bytes() == before


def test_another_kind_of_ours_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "a.db")

    with pytest.raises(ConfigurationError, match="The diary .* another program's database"):
        open_database(tmp_path / "a.db", Kind("diary", 0x4321, 1, "CREATE TABLE days (day)"))


def test_what_else_goes_wrong_is_sqlites_to_tell(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="nonsense"):
        open_database(tmp_path / "a.db", Kind("notebook", 0x1234, 1, "CREATE nonsense"))


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "a.db")

    with pytest.raises(ConfigurationError, match="newer pixlab-async: update this one"):
        open_database(tmp_path / "a.db", Kind("notebook", 0x1234, 1, ""))


def test_a_read_only_file_system_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "a.db")
    with mounted(tmp_path / "mounted", "-o", "bind,ro", str(tmp_path)) as folder:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        with pytest.raises(ConfigurationError, match="cannot be written: the file is read-only"):
            opened(folder / "a.db")
        with pytest.raises(ConfigurationError, match="Read-only file system"):
            opened(folder / "b.db")


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
    table.write_text(
        f"1 0 0:1 / / rw - ext4 /dev/a rw\n"
        f"2 1 {os.major(device)}:{os.minor(device)} / /mnt rw shared:1 - {kind} host:/a rw\n"
    )
    return table


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no device numbers")
@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"])
def test_a_network_file_system_is_known(tmp_path: Path, kind: str) -> None:
    assert _remote(tmp_path, mounts(tmp_path, kind)) == kind


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no device numbers")
def test_a_network_file_system_is_refused(tmp_path: Path) -> None:
    table = mounts(tmp_path, "nfs4")
    with pytest.raises(ConfigurationError, match=r"on a network file system \(nfs4\)"):
        open_database(tmp_path / "a.db", KIND, mounts=table)

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
