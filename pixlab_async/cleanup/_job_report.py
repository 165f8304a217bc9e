"""A job's report, from its journal: every link where the input can be read again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from anyio import from_thread, to_thread

from . import _states as states
from ._items import Item, Source, Survey
from ._job_summary import JobSummary
from ._journal import Journal
from ._journal_feed import SIZE
from ._journal_file import NAMES
from ._report import write_report
from ._report_data import ReportData, Row


async def report_of(
    journal: Journal,
    source: Source,
    survey: Survey | None,
    summary: JobSummary,
    path: Path,
    *,
    show_links: bool,
) -> None:
    """Write a report.

    Args:
        journal: Where it is known what became of the links.
        source: The input; read again where that is possible, for JSON lines and CSV.
        survey: What was found in it, or None for a stream.
        summary: What the job came to.
        path: The file.
        show_links: Whether a page shows links whole.

    Raises:
        ConfigurationError: It cannot be written, or the input cannot be read again.
    """
    again = path.suffix.lower() != ".html" and survey is not None and survey.digest is not None
    blocks = source.blocks(SIZE) if again else None

    def write() -> None:
        rows = journal.rows_of_all() if blocks is None else _rows(journal, blocks)
        data = _data(journal, summary)
        write_report(path, data, rows, journal.rows_of_trouble(), show_links=show_links)

    await to_thread.run_sync(write)


def _data(journal: Journal, summary: JobSummary) -> ReportData:
    samples = journal.samples()
    times = [sample.at for sample in samples]
    counts = dict(summary.counts)
    if summary.pending:
        counts["pending"] = summary.pending
    return ReportData(
        source=summary.source,
        started=_number(journal, "started", min(times, default=0.0)),
        finished=_number(journal, "finished", max(times, default=0.0)),
        counts=counts,
        attempts=summary.attempts,
        refused=summary.rate_limited,
        limit=summary.limit,
        blank=summary.blank,
        duplicates=summary.duplicates,
        samples=samples,
        latencies=summary.latency.buckets,
        ended=summary.ended,
        runs=summary.runs,
    )


def _number(journal: Journal, name: str, otherwise: float) -> float:
    value = journal.facts.get(name)
    return float(value) if isinstance(value, int | float) else otherwise


def _rows(journal: Journal, blocks: AsyncIterator[list[Item]]) -> Iterator[Row]:
    """Each link of the input, and what became of it. In a thread."""
    told = journal.rows_with_places()
    place, row = next(told, (-1, None))
    for at, (item, code) in enumerate(zip(_items(blocks), _codes(journal), strict=False)):
        while row is not None and place < at:
            place, row = next(told, (-1, None))
        if row is not None and place == at:
            yield row
        elif code in NAMES:
            yield Row(item.number, item.link, NAMES[code], None, None, None)
        else:
            yield Row(item.number, item.link, "pending", 0, None, None)


def _items(blocks: AsyncIterator[list[Item]]) -> Iterator[Item]:
    async def following() -> list[Item] | None:
        return await anext(blocks, None)

    while (block := from_thread.run(following)) is not None:
        yield from block


def _codes(journal: Journal) -> Iterator[int]:
    for chunk in journal.states():
        yield from states.codes(chunk)
    while True:
        yield states.PENDING
