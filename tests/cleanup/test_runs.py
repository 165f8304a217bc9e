"""Runs of a job that end in odd ways, and what the next one makes of it."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from pixlab_async import BatchStopped, ConfigurationError, RecordingFailed
from pixlab_async.cleanup import CleanupJob, Item, Row
from pixlab_async.cleanup._journal import Journal

from ..databases import ask
from .answering import Answering
from .modelled import said


def links(count: int) -> list[str]:
    return [f"https://media.example/{number}.png" for number in range(count)]


def copied(journal: Path, name: str) -> Path:
    """The journal as a kill at this moment would leave it."""
    copy = journal.with_name(name)
    for end in ("", "-wal"):
        with suppress(FileNotFoundError):
            shutil.copy(f"{journal}{end}", f"{copy}{end}")
    return copy


def states(journal: Path) -> dict[int, str]:
    return {int(str(p)): str(s) for p, s in ask(journal, "SELECT place, state FROM link")}


async def test_a_callback_that_fails_each_time_ends_the_run_and_loses_no_outcome(
    tmp_path: Path,
) -> None:
    service = Answering([], lambda link, times: said(400, error="no"))

    def broken(row: Row) -> None:
        raise BrokenPipeError

    job = CleanupJob(links(50), tmp_path / "journal", concurrency=8, failed=broken)
    async with service.client() as pixlab:
        with pytest.raises(BrokenPipeError):
            await job.run(pixlab)

    assert len(service.asked) >= 8
    assert Counter(states(tmp_path / "journal").values()) == {"rejected": len(service.asked)}


async def test_what_a_crash_may_have_sent_is_unconfirmed_in_each_later_run(tmp_path: Path) -> None:
    """Not only in the next one, which may be stopped before it comes there."""
    service = Answering(links(30))
    killed: list[Path] = []

    def noticed(link: str, times: int) -> Any:
        if len(service.deleted) == 20 and not killed:
            killed.append(copied(tmp_path / "journal", "killed"))
        return None

    service._rule = noticed
    async with service.client() as pixlab:
        await CleanupJob(links(30), tmp_path / "journal", concurrency=1).run(pixlab)
        again = CleanupJob(links(30), killed[0], concurrency=1, max_deletes=2)
        with pytest.raises(BatchStopped):
            await again.run(pixlab)
        summary = await CleanupJob(links(30), killed[0], concurrency=1).run(pixlab)

    assert "already_gone" not in summary.counts
    assert summary.complete


async def test_what_a_crash_may_have_sent_stays_in_doubt_when_the_next_run_is_cancelled(
    tmp_path: Path,
) -> None:
    service = Answering(links(30))
    killed: list[Path] = []
    scopes: list[anyio.CancelScope] = []

    def noticed(link: str, times: int) -> None:
        if len(service.deleted) == 20 and not killed:
            killed.append(copied(tmp_path / "journal", "killed"))
        elif scopes:
            scopes.pop().cancel()

    service._rule = noticed
    async with service.client() as pixlab:
        await CleanupJob(links(30), tmp_path / "journal", concurrency=1).run(pixlab)
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await CleanupJob(links(30), killed[0], concurrency=1).run(pixlab)
        summary = await CleanupJob(links(30), killed[0], concurrency=1).run(pixlab)

    assert scope.cancelled_caught
    assert "already_gone" not in summary.counts


async def test_what_a_crash_may_have_sent_again_is_unconfirmed_too(tmp_path: Path) -> None:
    """It had failed for sure in the run before: with a wrong key."""
    link = links(1)
    journal = tmp_path / "journal"
    async with Answering(link, lambda link, times: said(401, error="no")).client() as pixlab:
        with pytest.raises(Exception, match="401"):
            await CleanupJob(link, journal).run(pixlab)
    killed: list[Path] = []

    def noticed(link: str, times: int) -> None:
        killed.append(copied(journal, "killed"))

    service = Answering(link, noticed)
    async with service.client() as pixlab:
        await CleanupJob(link, journal).run(pixlab)
        summary = await CleanupJob(link, killed[0]).run(pixlab)

    assert summary.counts == {"deleted_unconfirmed": 1}


async def test_a_kill_after_the_first_deletions_does_not_look_like_a_wrong_list(
    tmp_path: Path,
) -> None:
    given = links(300)
    service = Answering(given)
    killed: list[Path] = []

    def noticed(link: str, times: int) -> Any:
        if len(service.deleted) == 90 and not killed:
            killed.append(copied(tmp_path / "journal", "killed"))
        return None

    service._rule = noticed
    async with service.client() as pixlab:
        with pytest.raises(BatchStopped):  # soon after
            await CleanupJob(given, tmp_path / "journal", max_deletes=100).run(pixlab)
        summary = await CleanupJob(given, killed[0]).run(pixlab)

    assert summary.settled == 300
    assert summary.counts["deleted"] >= 1


async def test_a_wrong_list_leaves_no_link_settled(tmp_path: Path) -> None:
    job = CleanupJob(links(300), tmp_path / "journal")

    async with Answering([]).client() as pixlab:
        with pytest.raises(BatchStopped, match="another account"):
            await job.run(pixlab)

        assert job.summary().settled == 0
    assert states(tmp_path / "journal") == {}


async def test_a_job_runs_once(tmp_path: Path) -> None:
    job = CleanupJob(links(3), tmp_path / "journal")
    async with Answering(links(3)).client() as pixlab:
        await job.run(pixlab)

        with pytest.raises(ConfigurationError, match="make another CleanupJob"):
            await job.run(pixlab)


async def test_an_iterable_is_closed_when_its_job_is_stopped(tmp_path: Path) -> None:
    closed: list[bool] = []

    class Endless:
        name = "endless"

        async def survey(self) -> None:
            """Nothing."""

        async def blocks(self, size: int) -> AsyncGenerator[list[Item]]:
            try:
                number = 0
                while True:
                    yield [Item(number + n, f"{number + n}.png") for n in range(size)]
                    number += size
            finally:
                closed.append(True)

    job = CleanupJob(Endless(), tmp_path / "journal", max_deletes=3, missing_ok=True)
    async with Answering([]).client() as pixlab:
        with pytest.raises(BatchStopped):
            await job.run(pixlab)

    assert closed == [True]


async def test_an_iterable_that_cannot_be_closed_ends_no_run_badly(tmp_path: Path) -> None:
    class Broken:
        name = "broken"

        async def survey(self) -> None:
            """Nothing."""

        async def blocks(self, size: int) -> AsyncGenerator[list[Item]]:
            try:
                for number in range(1000):
                    yield [Item(number * size + n, f"{number}-{n}.png") for n in range(size)]
            finally:
                raise ZeroDivisionError

    job = CleanupJob(Broken(), tmp_path / "journal", missing_ok=True)
    async with Answering([]).client() as pixlab:
        async with anyio.create_task_group() as group:

            async def stop() -> None:
                while job.summary().settled < 10:
                    await anyio.sleep(0.001)
                job.stop()

            group.start_soon(stop)
            with pytest.raises(ZeroDivisionError):
                await job.run(pixlab)

    assert states(tmp_path / "journal")


def test_a_native_cancellation_while_the_journal_is_opened_leaves_it_unlocked(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        for moment in range(12):
            job = CleanupJob(links(3), tmp_path / "journal")
            task = asyncio.ensure_future(job.open())
            for _ in range(moment):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await job.aclose()

        job = CleanupJob(links(3), tmp_path / "journal")
        await job.open()
        await job.aclose()

    asyncio.run(main())


@pytest.mark.parametrize(
    "spoilt",
    [
        "DROP TABLE block",
        "CREATE TRIGGER no BEFORE INSERT ON block BEGIN SELECT RAISE(FAIL, 'disk full'); END",
    ],
    ids=["read", "written"],
)
async def test_a_journal_that_cannot_be_used_any_more_stops_the_job_before_it_sends(
    tmp_path: Path, spoilt: str
) -> None:
    service = Answering(links(900))
    job = CleanupJob(links(900), tmp_path / "journal")
    await job.open()
    ask(tmp_path / "journal", spoilt)

    async with service.client() as pixlab:
        with pytest.raises((ConfigurationError, RecordingFailed)):
            await job.run(pixlab)

    assert not service.asked


async def test_a_journal_that_is_damaged_is_refused_and_left_unlocked(tmp_path: Path) -> None:
    job = CleanupJob(links(3), tmp_path / "journal")
    await job.open()
    await job.aclose()
    ask(tmp_path / "journal", "DROP TABLE map")

    for _ in range(2):
        with pytest.raises(ConfigurationError, match="is damaged"):
            await CleanupJob(links(3), tmp_path / "journal").open()


async def test_what_an_earlier_run_found_is_no_proof_for_this_runs_key(tmp_path: Path) -> None:
    given, journal = links(300), tmp_path / "journal"
    async with Answering(given).client() as pixlab:
        with pytest.raises(BatchStopped):
            await CleanupJob(given, journal, max_deletes=5).run(pixlab)

    other = CleanupJob(given, journal)
    async with Answering([]).client() as pixlab:  # of another account
        with pytest.raises(BatchStopped, match="another account"):
            await other.run(pixlab)

        assert other.summary().counts == {"deleted": 5}


async def test_a_report_that_breaks_off_keeps_nothing_locked(tmp_path: Path) -> None:
    given = links(30)
    job = CleanupJob(given, tmp_path / "journal")
    async with Answering(given).client() as pixlab:
        await job.run(pixlab)
    journal = await Journal.begin(tmp_path / "journal", "it", await job.source.survey())

    rows = journal.rows_of_all()
    await anyio.to_thread.run_sync(next, rows)  # and never another one
    with anyio.fail_after(10):
        await journal.aclose()
