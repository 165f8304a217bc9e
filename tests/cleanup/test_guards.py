"""What a job is never to do, what it does again, and the exit code that says how it ended."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from subprocess import DEVNULL, CompletedProcess

import pytest

from pixlab_async import ConfigurationError
from pixlab_async.cleanup import CleanupJob
from pixlab_async.cleanup._lock import Lock
from pixlab_async.emulator import Emulator, Fault

from ..conftest import client_of
from .processes import (
    TIMEOUT,
    cleanup,
    here,
    listed,
    missing,
    rows,
    sent,
    started,
    states_in,
    states_of,
    store,
    until,
)

CANARY = "canary-4711-of-the-key"


def state_of_each(file: Path, tmp_path: Path) -> dict[int, str]:
    return states_of(file.with_name(f"{file.name}.journal"), tmp_path / "copy")


# --- Exit codes -----------------------------------------------------------------------------


def exit_of(emulator: Emulator, tmp_path: Path, links: list[str], *args: object) -> int:
    return here(emulator, listed(tmp_path, links), *args).returncode


def test_0_all_is_gone(emulator: Emulator, tmp_path: Path) -> None:
    links = [*store(emulator, 3), *missing(emulator, 2)]
    assert exit_of(emulator, tmp_path, links) == 0


def test_0_there_was_nothing_to_do(emulator: Emulator, tmp_path: Path) -> None:
    assert exit_of(emulator, tmp_path, []) == 0


@pytest.mark.parametrize(
    "args",
    [("--concurrency", 0), ("--deadline", "soon"), ("--tag", "x"), ("--report", "out.pdf")],
)
def test_1_wrong_usage(emulator: Emulator, tmp_path: Path, args: tuple[object, ...]) -> None:
    assert exit_of(emulator, tmp_path, store(emulator, 3), *args) == 1
    assert sent(emulator) == []


def test_1_no_such_file(emulator: Emulator, tmp_path: Path) -> None:
    assert here(emulator, tmp_path / "nothing.txt").returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_2_some_are_rejected(emulator: Emulator, tmp_path: Path) -> None:
    assert exit_of(emulator, tmp_path, [*store(emulator, 3), "no link"]) == 2
    assert emulator.stored() == []


def test_3_more_than_max_deletes(emulator: Emulator, tmp_path: Path) -> None:
    assert exit_of(emulator, tmp_path, store(emulator, 9), "--max-deletes", 4) == 3
    assert len(sent(emulator)) == 4


def test_3_failures_in_a_row(emulator: Emulator, tmp_path: Path) -> None:
    emulator.inject(Fault(endpoint="delete", status=400, times=None))
    args = ["--stop-after-failures", 5, "--concurrency", 1]
    assert exit_of(emulator, tmp_path, store(emulator, 30), *args) == 3
    assert len(sent(emulator)) == 5


def test_3_the_first_fifty_are_not_there(emulator: Emulator, tmp_path: Path) -> None:
    links = [*missing(emulator, 200), *store(emulator, 3)]
    assert exit_of(emulator, tmp_path, links) == 3
    assert 50 <= len(sent(emulator)) <= 60
    assert state_of_each(tmp_path / "links.txt", tmp_path) == {}


def test_0_the_first_fifty_may_be_missing(emulator: Emulator, tmp_path: Path) -> None:
    links = [*missing(emulator, 100), *store(emulator, 3)]
    assert exit_of(emulator, tmp_path, links, "--missing-ok") == 0


def test_4_the_key_is_wrong(emulator: Emulator, tmp_path: Path) -> None:
    file = listed(tmp_path, store(emulator, 30))
    done = here(emulator, file, env={"PIXLAB_API_KEY": "wrong"})
    assert done.returncode == 4
    assert len(sent(emulator)) <= 10


def test_5_some_failed(emulator: Emulator, tmp_path: Path) -> None:
    # Three attempts, and three in the second pass.
    emulator.inject(Fault(endpoint="delete", status=500, times=6))
    assert exit_of(emulator, tmp_path, store(emulator, 1)) == 5


def test_6_the_time_is_over(emulator: Emulator, tmp_path: Path) -> None:
    emulator.inject(Fault(endpoint="delete", latency=0.2, acts=True, times=None))
    args = ["--deadline", "0.5s", "--concurrency", 1]
    assert exit_of(emulator, tmp_path, store(emulator, 50), *args) == 6
    found = state_of_each(tmp_path / "links.txt", tmp_path)
    assert set(found.values()) == {"deleted"}
    assert len(found) == len(sent(emulator))


# --- What must not be deleted ---------------------------------------------------------------


def test_what_is_protected_by_its_link_or_its_id_stays(emulator: Emulator, tmp_path: Path) -> None:
    links = store(emulator, 6)
    file = listed(tmp_path, links)
    kept = listed(tmp_path, [links[1], links[4].rpartition("/")[2]], "kept.txt")
    report = tmp_path / "out.jsonl"
    done = here(emulator, file, "--protect", kept, "--report", report)

    assert (done.returncode, emulator.stored()) == (0, [links[1], links[4]])
    assert [row["number"] for row in rows(report) if row["state"] == "protected"] == [2, 5]


def test_a_list_of_what_is_protected_that_is_empty_is_a_slip(
    emulator: Emulator, tmp_path: Path
) -> None:
    file, kept = listed(tmp_path, store(emulator, 3)), listed(tmp_path, [], "kept.txt")
    done = here(emulator, file, "--protect", kept)

    assert (done.returncode, sent(emulator)) == (1, [])


def test_links_of_other_hosts_are_not_sent(emulator: Emulator, tmp_path: Path) -> None:
    links = store(emulator, 4)
    other = links[2].replace("127.0.0.1", "media.example.org")
    file = listed(tmp_path, [*links[:2], other, links[3]])
    done = here(emulator, file, "--allow-host", "127.0.0.1")

    assert (done.returncode, emulator.stored()) == (2, [links[2]])
    assert state_of_each(file, tmp_path)[2] == "rejected"


@pytest.mark.parametrize("kind", [(), ("--compact",)])
def test_a_dry_run_sends_nothing_and_leaves_nothing(
    emulator: Emulator, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    file = listed(tmp_path, [*store(emulator, 5), "no link"])
    here(emulator, file, "--dry-run", *kind)

    assert sent(emulator) == []
    assert list(tmp_path.iterdir()) == [file]


def test_a_dry_run_in_the_middle_of_a_job_changes_nothing(
    emulator: Emulator, tmp_path: Path
) -> None:
    file = listed(tmp_path, store(emulator, 9))
    assert here(emulator, file, "--max-deletes", 4).returncode == 3
    before = state_of_each(file, tmp_path)
    done = here(emulator, file, "--dry-run", "--json")

    assert len(sent(emulator)) == 4
    assert state_of_each(file, tmp_path) == before
    assert json.loads(done.stdout.splitlines()[-1])["counts"] == {"deleted": 4, "not_sent": 5}
    assert here(emulator, file).returncode == 0
    assert len(sent(emulator)) == 9


# --- Going on -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [(), ("--compact",)])
def test_a_job_goes_on_behind_its_limit_and_asks_for_nothing_twice(
    emulator: Emulator, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    links = store(emulator, 25)
    file = listed(tmp_path, links)
    codes = [here(emulator, file, "--max-deletes", 10, *kind).returncode for _ in range(4)]

    assert codes == [3, 3, 0, 0]
    assert sorted(sent(emulator)) == sorted(links)


def test_after_the_right_key_nothing_is_lost(emulator: Emulator, tmp_path: Path) -> None:
    links = store(emulator, 40)
    file, report = listed(tmp_path, links), tmp_path / "out.jsonl"
    wrong = here(emulator, file, env={"PIXLAB_API_KEY": "wrong"})
    assert (wrong.returncode, len(emulator.stored())) == (4, 40)
    assert set(state_of_each(file, tmp_path).values()) <= {"failed"}

    right = here(emulator, file, "--report", report)

    assert (right.returncode, emulator.stored()) == (0, [])
    assert states_in(report) == ["deleted"] * 40


def test_a_key_that_is_blocked_in_the_middle_stops_the_job(
    emulator: Emulator, tmp_path: Path
) -> None:
    file, report = listed(tmp_path, store(emulator, 60)), tmp_path / "out.jsonl"
    assert here(emulator, file, "--max-deletes", 20).returncode == 3
    assert here(emulator, file, env={"PIXLAB_API_KEY": "wrong"}).returncode == 4
    assert here(emulator, file, "--report", report).returncode == 0
    assert states_in(report) == ["deleted"] * 60


def test_what_another_account_does_not_find_is_not_taken_for_gone(
    emulator: Emulator, tmp_path: Path
) -> None:
    links = store(emulator, 80)
    file, report = listed(tmp_path, links), tmp_path / "out.jsonl"
    with Emulator() as another:
        assert here(another, file).returncode == 3
    assert state_of_each(file, tmp_path) == {}

    assert here(emulator, file, "--report", report).returncode == 0
    assert states_in(report) == ["deleted"] * 80


def test_what_is_rejected_stays_so_and_what_failed_is_tried_again(
    emulator: Emulator, tmp_path: Path
) -> None:
    links = store(emulator, 2)
    file, report = listed(tmp_path, links), tmp_path / "out.jsonl"
    args = [file, "--concurrency", 1, "--report", report]
    emulator.inject(Fault(endpoint="delete", status=400))
    emulator.inject(Fault(endpoint="delete", status=500, times=3))
    assert here(emulator, *args, "--stop-after-failures", 2).returncode == 3
    assert states_in(report) == ["rejected", "failed"]
    emulator.received.clear()

    assert here(emulator, *args).returncode == 2
    assert sent(emulator) == [links[1]]
    assert states_in(report)[0] == "rejected"
    assert states_in(report)[1] in ("deleted", "deleted_unconfirmed")


def test_a_list_is_read_from_standard_input(emulator: Emulator, tmp_path: Path) -> None:
    links = store(emulator, 5)
    done = here(emulator, "-", given="\n".join(links))

    assert (done.returncode, emulator.stored()) == (0, [])


def test_standard_input_goes_on_where_a_journal_is_named(
    emulator: Emulator, tmp_path: Path
) -> None:
    links = store(emulator, 30)
    given, journal = "\n".join(links), tmp_path / "journal"
    args = ["-", "--journal", journal]
    assert here(emulator, *args, "--max-deletes", 12, given=given).returncode == 3
    assert here(emulator, *args, given=given).returncode == 0
    assert sorted(sent(emulator)) == sorted(links)


def test_standard_input_that_is_not_what_it_was_sends_nothing(
    emulator: Emulator, tmp_path: Path
) -> None:
    links = store(emulator, 30)
    args = ["-", "--journal", tmp_path / "journal"]
    assert here(emulator, *args, "--max-deletes", 12, given="\n".join(links)).returncode == 3
    done = here(emulator, *args, given="\n".join(links[::-1]))

    assert (done.returncode, len(sent(emulator))) == (1, 12)
    assert "is not what it was" in done.stderr


def test_without_a_journal_standard_input_says_how_to_keep_one(emulator: Emulator) -> None:
    links = store(emulator, 5)
    done = here(emulator, "-", "--max-deletes", 2, given="\n".join(links))

    assert done.returncode == 3
    assert "With --journal FILE" in done.stderr


@pytest.mark.parametrize("name", ["links.csv", "links.jsonl"])
def test_a_column_of_a_table_is_deleted(emulator: Emulator, tmp_path: Path, name: str) -> None:
    links = store(emulator, 5)
    file = tmp_path / name
    if name.endswith(".csv"):
        file.write_text("n,where\n" + "".join(f"{n},{link}\n" for n, link in enumerate(links)))
    else:
        file.write_text("".join(f"{json.dumps({'where': link})}\n" for link in links))
    assert here(emulator, file).returncode == 1
    assert sent(emulator) == []

    assert here(emulator, file, "--column", "where").returncode == 0
    assert emulator.stored() == []


def test_what_a_ledger_holds_is_deleted_by_its_tag(emulator: Emulator, tmp_path: Path) -> None:
    mine, other = store(emulator, 5), store(emulator, 2)
    ledger = tmp_path / "media.db"
    fill(ledger, mine, "x")
    fill(ledger, other, "y")
    args = ["--ledger", ledger, "--older-than", "0s", "--tag", "x"]

    assert here(emulator, *args, "--max-deletes", 2).returncode == 3
    assert here(emulator, *args).returncode == 0
    assert sorted(sent(emulator)) == sorted(mine)
    assert emulator.stored() == other
    assert here(emulator, *args).returncode == 0
    assert len(sent(emulator)) == 5


def fill(ledger: Path, links: list[str], tag: str) -> None:
    from click.testing import CliRunner

    from pixlab_async.cli._commands import pixlab

    args = ["ledger", "import", "-", "--ledger", str(ledger), "--tag", tag]
    done = CliRunner().invoke(pixlab, args, input="\n".join(links))
    assert done.exit_code == 0, done.output


# --- After a crash --------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_after_a_crash_it_is_told_what_is_known_and_what_is_not(
    emulator: Emulator, tmp_path: Path
) -> None:
    stored, gone = store(emulator, 4), missing(emulator, 2)
    file, report = listed(tmp_path, [*stored, *gone]), tmp_path / "out.jsonl"
    # Two are asked for and, when the process is gone, deleted: nobody hears of it.
    emulator.inject(Fault(endpoint="delete", latency=TIMEOUT, times=None))
    args = [file, "--concurrency", 2]
    with started("cleanup", *args, emulator=emulator, stdout=DEVNULL) as process:
        until(lambda: len(sent(emulator)) == 2)
        process.send_signal(signal.SIGKILL)
        process.wait(TIMEOUT)
    emulator._faults.forget()
    for link in sent(emulator):
        assert emulator._running().store.delete(link.rpartition("/")[2])

    # A run that stops early does not make the doubt go away.
    assert here(emulator, *args, "--max-deletes", 1, "--stop-after-failures", 9).returncode == 3
    assert here(emulator, *args, "--report", report).returncode == 0
    found = states_in(report)
    assert found.count("deleted") == 2
    assert set(found) == {"deleted", "deleted_unconfirmed"}


def test_without_a_crash_what_was_never_there_is_already_gone(
    emulator: Emulator, tmp_path: Path
) -> None:
    file, report = listed(tmp_path, missing(emulator, 3)), tmp_path / "out.jsonl"
    assert here(emulator, file, "--report", report).returncode == 0
    assert states_in(report) == ["already_gone"] * 3


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_after_a_crash_another_account_is_found_out_too(emulator: Emulator, tmp_path: Path) -> None:
    links = store(emulator, 1500)
    file, report = listed(tmp_path, links), tmp_path / "out.jsonl"
    with Emulator() as another:
        another.inject(Fault(endpoint="delete", latency=TIMEOUT, times=None))
        with started("cleanup", file, emulator=another) as process:
            until(lambda: len(sent(another)) >= 10)
            process.send_signal(signal.SIGKILL)
            process.wait(TIMEOUT)
        another.clear()
        assert here(another, file, "--yes").returncode == 3
        assert len(sent(another)) < 500
    assert state_of_each(file, tmp_path) == {}

    assert here(emulator, file, "--yes", "--report", report).returncode == 0
    assert emulator.stored() == []
    assert set(states_in(report)) == {"deleted"}


# --- The key --------------------------------------------------------------------------------


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def said(*runs: CompletedProcess[str]) -> bytes:
    return "".join(done.stdout + done.stderr for done in runs).encode()


def test_the_key_is_in_nothing_that_a_job_leaves_or_says(tmp_path: Path) -> None:
    with Emulator(api_key=CANARY) as emulator:
        links = store(emulator, 20)
        file = listed(tmp_path, [*links, "no link", *missing(emulator, 2)])
        reports: list[object] = []
        for suffix in ("jsonl", "csv", "html"):
            reports += ["--report", tmp_path / f"out.{suffix}"]
        emulator.inject(Fault(endpoint="delete", status=500, times=2))
        emulator.inject(Fault(endpoint="delete", status=400, body=f'{{"key":"{CANARY}"}}'.encode()))
        runs = [
            here(emulator, file, "--max-deletes", 9, *reports),
            cleanup(file, *reports, "--json", emulator=emulator),
            cleanup(file, *reports, emulator=emulator),
        ]
        assert len(emulator.stored()) == 1  # what was refused

    assert len(everything_in(tmp_path)) > 10_000
    assert CANARY.encode() not in everything_in(tmp_path) + said(*runs)


# --- What a review found --------------------------------------------------------------------


def test_a_picture_is_protected_under_each_of_its_addresses(
    emulator: Emulator, tmp_path: Path
) -> None:
    (link,) = store(emulator, 1)
    name = link.rpartition("/")[2]
    twins = [f"{link}?signature=1", name, link.replace("http:", "https:")]
    kept = tmp_path / "keep.txt"
    kept.write_text(f"{link}\n")

    assert here(emulator, listed(tmp_path, twins), "--protect", kept).returncode == 0
    assert (sent(emulator), emulator.stored()) == ([], [link])


@pytest.mark.parametrize("host", ["https://media.example", "media.example/path", "a@b"])
def test_a_host_that_is_none_is_refused_before_anything_is_settled(
    emulator: Emulator, tmp_path: Path, host: str
) -> None:
    file = listed(tmp_path, store(emulator, 3))

    done = here(emulator, file, "--allow-host", host)

    assert (done.returncode, sent(emulator)) == (1, [])
    assert not file.with_name("links.txt.journal").exists()


def test_what_a_guard_held_back_goes_when_the_guard_is_gone(
    emulator: Emulator, tmp_path: Path
) -> None:
    file = listed(tmp_path, store(emulator, 5))
    assert here(emulator, file, "--allow-host", "media.example").returncode == 2

    assert here(emulator, file).returncode == 0
    assert emulator.stored() == []


def test_refusals_that_stop_a_job_are_not_final(emulator: Emulator, tmp_path: Path) -> None:
    file = listed(tmp_path, store(emulator, 80))
    emulator.inject(Fault(endpoint="delete", status=400, times=None))
    assert here(emulator, file).returncode == 3
    emulator._faults.clear()

    assert here(emulator, file).returncode == 0
    assert emulator.stored() == []


def test_a_ledger_takes_back_what_another_account_said(emulator: Emulator, tmp_path: Path) -> None:
    ledger = tmp_path / "media.db"
    links = store(emulator, 80)
    fill(ledger, links, "x")
    emulator.inject(Fault(endpoint="delete", status=404, times=None))
    assert here(emulator, "--ledger", ledger).returncode == 3
    emulator._faults.clear()

    assert here(emulator, "--ledger", ledger).returncode == 0
    assert emulator.stored() == []


@pytest.mark.skipif(sys.platform == "win32", reason="links and locks of POSIX")
def test_two_names_of_one_journal_are_one_journal(tmp_path: Path) -> None:
    journal, other = tmp_path / "journal", tmp_path / "other"
    journal.touch()
    other.symlink_to(journal)
    lock = Lock(journal)
    try:
        with pytest.raises(ConfigurationError, match="in use by another job"):
            Lock(other)
    finally:
        lock.release()


async def test_an_input_that_changes_after_it_was_read_stops_the_job(
    emulator: Emulator, tmp_path: Path, anyio_backend: str
) -> None:
    links = store(emulator, 3)
    file = listed(tmp_path, links[:1])
    job = CleanupJob(file, tmp_path / "journal")
    await job.open()
    listed(tmp_path, links)

    async with client_of(emulator) as pixlab:
        with pytest.raises(ConfigurationError, match="changed while the job was running"):
            await job.run(pixlab)

    assert emulator.stored() == links
