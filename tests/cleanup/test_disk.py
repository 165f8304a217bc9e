"""A journal that cannot be written, is in use, or is of something else."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from pixlab_async.emulator import Emulator, Fault

from .processes import (
    GONE,
    MAIN,
    TIMEOUT,
    cleanup,
    here,
    listed,
    rows,
    sent,
    settle_down,
    started,
    states_in,
    states_of,
    store,
    until,
)

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.platform == "win32", reason="limits and locks of POSIX"),
]

# Bytes: a fresh journal with its log needs a bit less.
ENOUGH_TO_BEGIN = 96 * 1024
LIMITED = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({{0}}, {{0}})); {MAIN}"
ROOM = "See that its disk has room"


@pytest.fixture
def mounted(tmp_path: Path) -> Generator[Callable[[str], Path]]:
    """Makes a small file system in memory."""
    folder = tmp_path / "mounted"

    def mount(options: str) -> Path:
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount command")
        if done.returncode:
            pytest.skip("file systems can be mounted by root alone")
        return folder

    yield mount

    if os.path.ismount(folder):
        subprocess.run(["umount", "-l", str(folder)], check=True)


def dump_of(done: CompletedProcess[str]) -> Path:
    found = re.search(r"'([^']*pixlab-cleanup-[^']*\.jsonl)'", done.stderr)
    assert found is not None, done.stderr
    return Path(found[1])


def see_that_it_goes_on(
    emulator: Emulator, done: CompletedProcess[str], journal: Path, links: list[str], folder: Path
) -> None:
    """What a full disk stopped ends with one state per link, and nothing was lost."""
    assert (done.returncode, done.stderr.count(ROOM)) == (5, 1), done.stderr
    settle_down(emulator)
    asked = set(sent(emulator))
    assert 0 < len(asked) < len(links)

    dump = dump_of(done)
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    assert emulator.api_key not in dump.read_text() + done.stdout + done.stderr
    noted = {links[place]: state for place, state in states_of(journal, folder / "copy").items()}
    dumped = {row["link"]: row["state"] for row in rows(dump)}
    assert {link for link, state in (noted | dumped).items() if state == "deleted"} == asked

    report = folder / "out.jsonl"
    args = [folder / "links.txt", "--journal", journal, "--yes", "--report", report]
    again = cleanup(*args, emulator=emulator)
    assert again.returncode == 0, again.stderr
    assert emulator.stored() == []
    assert [row["link"] for row in rows(report)] == links
    assert set(states_in(report)) <= GONE - {"already_gone"}
    assert set(states_of(journal, folder / "copy")) == set(range(len(links)))


def test_a_disk_that_gets_full_stops_the_job_and_room_lets_it_go_on(
    emulator: Emulator, tmp_path: Path, mounted: Callable[[str], Path]
) -> None:
    disk = mounted("size=4m")  # the log beside the journal grows with each commit
    links = store(emulator, 800)
    file = listed(tmp_path, links)
    filler = disk / "filler"
    emulator.inject(Fault(endpoint="delete", latency=0.02, acts=True, times=None))
    args = [file, "--journal", disk / "journal", "--yes"]
    env = {"TMPDIR": str(tmp_path)}
    with started("cleanup", *args, emulator=emulator, env=env) as process:
        until(lambda: len(sent(emulator)) > 20)
        with pytest.raises(OSError), filler.open("wb", buffering=0) as full:
            while True:
                full.write(b"x" * 4096)
        out, err = process.communicate(timeout=TIMEOUT)
    filler.unlink()
    emulator._faults.clear()

    done = CompletedProcess("cleanup", process.returncode, out, err)
    see_that_it_goes_on(emulator, done, disk / "journal", links, tmp_path)


@pytest.mark.parametrize("kind", [(), ("--compact",)], ids=["rows", "two-bits"])
def test_a_limit_on_files_stops_the_job_too(
    emulator: Emulator, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    links = store(emulator, 1500)
    file = listed(tmp_path, links)
    done = cleanup(
        file,
        "--yes",
        *kind,
        emulator=emulator,
        code=LIMITED.format(ENOUGH_TO_BEGIN),
        env={"TMPDIR": str(tmp_path)},
    )

    see_that_it_goes_on(emulator, done, tmp_path / "links.txt.journal", links, tmp_path)


def test_a_disk_that_is_full_already_lets_nothing_be_sent(
    emulator: Emulator, tmp_path: Path, mounted: Callable[[str], Path]
) -> None:
    disk = mounted("size=512k")
    with pytest.raises(OSError), (disk / "filler").open("wb", buffering=0) as full:
        while True:
            full.write(b"x" * 1024)
    file = listed(tmp_path, store(emulator, 3))
    args = [file, "--journal", disk / "journal"]
    done = cleanup(*args, emulator=emulator)
    (disk / "filler").unlink()

    assert (done.returncode, sent(emulator)) == (1, [])
    assert "No space left on device" in done.stderr
    assert cleanup(*args, emulator=emulator).returncode == 0


def test_a_journal_that_cannot_even_be_begun_lets_nothing_be_sent(
    emulator: Emulator, tmp_path: Path
) -> None:
    file = listed(tmp_path, store(emulator, 3))
    done = cleanup(file, emulator=emulator, code=LIMITED.format(4096))

    assert (done.returncode, sent(emulator)) == (5, [])
    assert ROOM in done.stderr
    assert cleanup(file, emulator=emulator).returncode == 0


# --- Where no journal can be ----------------------------------------------------------------


def refused(emulator: Emulator, *args: object, message: str, given: str = "") -> None:
    done = here(emulator, *args, "--yes", given=given)
    assert done.returncode == 1, done.stderr
    assert re.search(message, done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sent(emulator) == []


def test_a_journal_in_a_folder_that_is_not_there_is_told_before_anything_is_sent(
    emulator: Emulator, tmp_path: Path
) -> None:
    file = listed(tmp_path, store(emulator, 3))
    journal = tmp_path / "nowhere" / "journal"
    refused(emulator, file, "--journal", journal, message="cannot be .*No such file")


def test_a_journal_on_a_read_only_disk_is_told_before_anything_is_sent(
    emulator: Emulator, tmp_path: Path, mounted: Callable[[str], Path]
) -> None:
    disk = mounted("ro")
    file = listed(tmp_path, store(emulator, 3))
    refused(emulator, file, "--journal", disk / "journal", message="[Rr]ead-only")


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write anywhere")
def test_a_journal_in_a_read_only_folder_is_told_before_anything_is_sent(
    emulator: Emulator, tmp_path: Path
) -> None:
    file = listed(tmp_path, store(emulator, 3))
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o500)
    refused(emulator, file, "--journal", folder / "journal", message="[Pp]ermission denied")


def test_a_read_only_journal_is_told_before_anything_is_sent(
    emulator: Emulator, tmp_path: Path, mounted: Callable[[str], Path]
) -> None:
    disk = mounted("size=512k")
    file = listed(tmp_path, store(emulator, 3))
    args = [file, "--journal", disk / "journal"]
    assert here(emulator, *args, "--max-deletes", 1).returncode == 3
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    emulator.received.clear()
    refused(emulator, *args, message="[Rr]ead-only")


def a_text(path: Path) -> None:
    path.write_text("This is no journal.\n" * 100)


def a_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE note (text TEXT)")


def a_ledger(path: Path) -> None:
    from pixlab_async._database import open_database
    from pixlab_async.ledger._rows import LEDGER

    open_database(path, LEDGER).close()


def a_newer_journal(path: Path) -> None:
    from pixlab_async._database import open_database
    from pixlab_async.cleanup._journal_file import KIND

    with closing(open_database(path, KIND)) as file:
        file.execute("PRAGMA user_version=99")


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (a_text, "is no SQLite file"),
        (a_database, "is another program's database"),
        (a_ledger, "is another program's database"),
        (a_newer_journal, "was made by a newer pixlab-async"),
        (a_folder, "is no file"),
    ],
)
def test_what_is_no_journal_is_left_as_it_is(
    emulator: Emulator, tmp_path: Path, make: Callable[[Path], None], message: str
) -> None:
    file = listed(tmp_path, store(emulator, 3))
    journal = tmp_path / "something"
    make(journal)
    before = None if journal.is_dir() else journal.read_bytes()

    refused(emulator, file, "--journal", journal, message=message)

    assert before is None or journal.read_bytes() == before


def test_a_damaged_journal_is_told_in_a_sentence(emulator: Emulator, tmp_path: Path) -> None:
    file = listed(tmp_path, store(emulator, 300))
    journal = tmp_path / "links.txt.journal"
    assert here(emulator, file, "--max-deletes", 100).returncode == 3
    content = bytearray(journal.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    journal.write_bytes(content)
    emulator.received.clear()

    refused(emulator, file, message="damaged|malformed")


# --- One job to a journal, one input to a journal -------------------------------------------


def test_a_second_job_on_the_same_journal_is_told_who_has_it(
    emulator: Emulator, tmp_path: Path
) -> None:
    file = listed(tmp_path, store(emulator, 10))
    emulator.inject(Fault(endpoint="delete", latency=600.0, times=1))
    with started("cleanup", file, emulator=emulator) as first:
        until(lambda: len(sent(emulator)) == 10)
        done = here(emulator, file)
        process = f"process {first.pid}"

    assert (done.returncode, len(sent(emulator))) == (1, 10)
    assert f"is in use by another job ({process})" in done.stderr


def test_the_lock_of_a_killed_job_is_nobodys(emulator: Emulator, tmp_path: Path) -> None:
    file = listed(tmp_path, store(emulator, 10))
    emulator.inject(Fault(endpoint="delete", latency=600.0, times=1))
    with started("cleanup", file, emulator=emulator) as first:
        until(lambda: len(sent(emulator)) == 10)
        first.send_signal(signal.SIGKILL)
        first.wait(TIMEOUT)

    assert here(emulator, file).returncode == 0


OTHER = "https://example.org/another.png"
CHANGES: dict[str, Callable[[list[str]], list[str]]] = {
    "in the middle": lambda links: [*links[:150], OTHER, *links[151:]],
    "shortened": lambda links: links[:-1],
    "lengthened": lambda links: [*links, OTHER],
    "in another order": lambda links: links[::-1],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_does_not_go_on(emulator: Emulator, tmp_path: Path, change: str) -> None:
    links = store(emulator, 300)
    file = listed(tmp_path, links)
    assert here(emulator, file, "--max-deletes", 100).returncode == 3
    emulator.received.clear()
    listed(tmp_path, CHANGES[change](links))

    refused(emulator, file, message="is of another input")


def test_standard_input_does_not_go_on_with_the_journal_of_a_file(
    emulator: Emulator, tmp_path: Path
) -> None:
    links = store(emulator, 20)
    file = listed(tmp_path, links)
    assert here(emulator, file, "--max-deletes", 10).returncode == 3
    emulator.received.clear()
    given = file.read_text()

    refused(emulator, "-", "--journal", f"{file}.journal", given=given, message="of another input")


def test_the_report_of_a_full_disk_does_not_cost_the_journal(
    emulator: Emulator, tmp_path: Path, mounted: Callable[[str], Path]
) -> None:
    disk = mounted("size=4k")
    links = store(emulator, 60)
    file = listed(tmp_path, links)
    done = here(emulator, file, "--report", disk / "out.jsonl")

    assert (done.returncode, emulator.stored()) == (5, [])
    assert "No space left" in done.stderr
    assert "the job itself is in order" in done.stderr
    assert len(states_of(tmp_path / "links.txt.journal", tmp_path / "copy")) == 60
    assert list(disk.iterdir()) == []
    assert json.dumps(links[0]) not in done.stderr
