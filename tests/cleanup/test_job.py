"""What a job is asked for, and what it tells: guards, reports, summaries, progress."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixlab_async import BatchIncomplete, ConfigurationError, Media
from pixlab_async.cleanup import CleanupJob
from pixlab_async.cleanup._ledger_query import LedgerQuery
from pixlab_async.ledger import Ledger

from .answering import Answering
from .modelled import said
from .test_runs import links, states


async def test_what_is_protected_or_of_another_host_is_not_sent(tmp_path: Path) -> None:
    given = [*links(3), "https://other.example/x.png", "bare.png"]
    service = Answering(given)
    job = CleanupJob(
        given, tmp_path / "journal", protect=["0.png", given[1]], allow_hosts=["MEDIA.example"]
    )

    async with service.client() as pixlab:
        summary = await job.run(pixlab)

    assert summary.counts == {"protected": 2, "rejected": 1, "deleted": 2}
    assert sorted(service.deleted) == ["bare.png", given[2]]


async def test_a_second_job_on_the_same_journal_is_told_who_has_it(tmp_path: Path) -> None:
    first = CleanupJob(links(3), tmp_path / "journal")
    await first.open()

    with pytest.raises(ConfigurationError, match="in use by another job \\(process"):
        await CleanupJob(links(3), tmp_path / "journal").open()

    await first.aclose()


async def test_a_journal_where_none_can_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Name a journal in a folder that can be"):
        await CleanupJob(links(3), tmp_path / "missing" / "journal").open()


async def test_a_journal_of_another_input_is_refused(tmp_path: Path) -> None:
    job = CleanupJob(links(3), tmp_path / "journal")
    async with Answering(links(3)).client() as pixlab:
        await job.run(pixlab)

    with pytest.raises(ConfigurationError, match="of another input"):
        await CleanupJob(links(4), tmp_path / "journal").open()


@pytest.mark.parametrize("rows", [0, 1_000_000])
async def test_a_report_has_every_link_of_the_input(tmp_path: Path, rows: int) -> None:
    source = tmp_path / "links.txt"
    source.write_text("\n".join(links(40)))
    service = Answering(links(30), lambda link, _: said(400) if link == links(30)[7] else None)
    report = tmp_path / "report.jsonl"
    job = CleanupJob(
        source, tmp_path / "journal", rows=rows, reports=[report, tmp_path / "report.html"]
    )

    async with service.client() as pixlab:
        summary = await job.run(pixlab)

    told = [json.loads(line) for line in report.read_text().splitlines()]
    assert [row["link"] for row in told] == links(40)
    assert summary.counts == {"deleted": 29, "already_gone": 10, "rejected": 1}
    assert links(40)[7] not in (tmp_path / "report.html").read_text()


async def test_a_report_tells_what_is_still_to_be_done(tmp_path: Path) -> None:
    source = tmp_path / "links.txt"
    source.write_text("\n".join(links(9)))
    report = tmp_path / "report.jsonl"
    job = CleanupJob(source, tmp_path / "journal", reports=[report])
    job.stop()

    async with Answering(links(9)).client() as pixlab:
        summary = await job.run(pixlab)

    assert {json.loads(line)["state"] for line in report.read_text().splitlines()} == {"pending"}
    assert summary.ended == "Stopped in order, before the end of the input"
    with pytest.raises(BatchIncomplete, match="9 not asked for yet"):
        summary.raise_if_incomplete()


async def test_a_complete_summary_raises_nothing_and_has_no_link_in_it(tmp_path: Path) -> None:
    async with Answering(links(3)).client() as pixlab:
        summary = await CleanupJob(links(3)).run(pixlab)

    summary.raise_if_incomplete()
    fields = summary.fields()
    assert (fields["complete"], fields["ended"], fields["pending"]) == (True, "Finished", 0)
    assert "media.example" not in json.dumps(fields)


async def test_links_that_are_not_gone_make_a_summary_incomplete() -> None:
    async with Answering([], lambda link, times: said(400)).client() as pixlab:
        summary = await CleanupJob(links(3)).run(pixlab)

    assert summary.ended == "Finished; some links are not gone"
    with pytest.raises(BatchIncomplete, match="3 of 3 links are not gone"):
        summary.raise_if_incomplete()


async def test_a_dry_run_sends_nothing_and_makes_no_journal(tmp_path: Path) -> None:
    service = Answering(links(3))
    async with service.client() as pixlab:
        summary = await CleanupJob(links(3), tmp_path / "journal", dry_run=True).run(pixlab)

    assert summary.counts == {"not_sent": 3}
    assert summary.ended == "A dry run: nothing was sent"
    assert not service.asked
    assert not (tmp_path / "journal").exists()


async def test_progress_is_told_before_while_and_after(tmp_path: Path) -> None:
    phases: list[str] = []
    job = CleanupJob(
        links(30), tmp_path / "journal", rate="6000/min", concurrency=2, failed=lambda row: None
    )
    phases.append(job.progress().phase)

    def look(link: str, times: int) -> None:
        progress = job.progress()
        phases.append(progress.phase)
        assert progress.total == 30
        assert progress.limit == 6000
        assert progress.pinned
        assert progress.in_flight <= 2
        if times == 1 and link == links(30)[20]:
            job.stop()
            phases.append(job.progress().phase)

    async with Answering(links(30), look).client() as pixlab:
        summary = await job.run(pixlab)

    assert phases[0] == "reading"
    assert {"deleting", "stopping"} <= set(phases)
    assert summary.interrupted
    assert summary.settled == len(states(tmp_path / "journal"))


async def test_opening_twice_is_opening_once(tmp_path: Path) -> None:
    job = CleanupJob(links(3), tmp_path / "journal")

    assert await job.open() == await job.open()

    await job.aclose()


async def test_what_a_ledger_knows_is_deleted_and_forgotten(tmp_path: Path) -> None:
    async with Ledger(tmp_path / "media.db") as ledger:
        await ledger.add([Media(link, "x") for link in links(7)])
        source = LedgerQuery(ledger)
        found = [len(block) async for block in source.blocks(3)]
        async with Answering(links(7)).client() as pixlab:
            summary = await CleanupJob(source, tmp_path / "journal").run(pixlab)

    assert found == [3, 3, 1]
    assert summary.source == f"the ledger {str(tmp_path / 'media.db')!r}"
    assert summary.counts == {"deleted": 7}


async def test_a_stream_has_a_total_when_it_was_read_to_its_end() -> None:
    async with Answering(links(3)).client() as pixlab:
        summary = await CleanupJob(iter(links(3))).run(pixlab)

    assert summary.total == 3
    assert summary.complete
