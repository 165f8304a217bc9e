"""The job: links from a source, deleted through a client, with a journal between runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from .._bulk import BatchRules
from .._client import AsyncPixLab
from .._errors import ConfigurationError, PixLabError, RecordingFailed
from .._origin import is_host
from .._pacer import per_minute
from ._items import Source, Survey
from ._job_report import report_of
from ._job_summary import JobSummary
from ._journal import ROWS, Journal
from ._journal_feed import Guard
from ._progress import Progress
from ._report import check_report
from ._report_data import Row
from ._run import Run, told
from ._sources import source_of
from ._streams import Given
from ._totals import Totals


class CleanupJob:
    """A job that deletes very many links, and goes on where it was stopped.

    Run again with the same journal after a stop, a crash or a loss of power, it asks for
    nothing a second time whose deletion was confirmed, but for what had not reached the
    journal: some 200 links, and those that were under way. A link that may have been asked
    for before, and is not there, is ``deleted_unconfirmed``.

    Args:
        source: A path (.txt, .csv, .tsv, .jsonl, .ndjson or .parquet, also with .gz; else
            text), ``-`` for standard input, or any iterable or async iterable of links, ids,
            ``Media`` or ``StoredMedia``, such as ``ledger.stored(...)``.
        journal: The file that knows what is done; made with mode 0600. None for a temporary
            one: the job cannot be gone on with then.
        column: The column of the links, in files that have columns. Default "link".
        concurrency: Deletions under way at once, at most. Default 10.
        rate: Requests per minute, at most, such as "600/min". By default the service's
            limit is learnt, and kept in the journal for the next run.
        protect: Links and ids that are never to be deleted, and with them every link that ends
            in the same name: there are several addresses for one picture.
        allow_hosts: Hosts that links may be of; others are ``rejected``. Ids have none, and
            may. Default: any host.
        missing_ok: As in ``delete_many``, like the next four.
        max_deletes: Links to send in one run, at most.
        stop_after_failures: Failures in a row after which to stop.
        deadline: Seconds for one run.
        second_pass: Whether what failed is tried once more at the run's end.
        dry_run: Whether to send nothing.
        rows: Up to this many links the journal has a row for each, with the link; for a
            longer input two bits for each, and rows for what is not gone. Default 1,000,000.
        reports: Files to write when a run has ended: .jsonl, .csv or .html.
        show_links: Whether an HTML report shows links whole.
        failed: Is called with the ``Row`` of each link that is not gone, as it happens.

    Raises:
        ConfigurationError: An argument cannot be used; the message says the mend.
    """

    def __init__(
        self,
        source: str | Path | Source | Given,
        journal: str | Path | None = None,
        *,
        column: str | None = None,
        concurrency: int = 10,
        rate: str | None = None,
        protect: Collection[str] = (),
        allow_hosts: Collection[str] = (),
        missing_ok: bool = False,
        max_deletes: int | None = None,
        stop_after_failures: int | None = None,
        deadline: float | None = None,
        second_pass: bool = True,
        dry_run: bool = False,
        rows: int = ROWS,
        reports: Sequence[str | Path] = (),
        show_links: bool = False,
        failed: Callable[[Row], object] | None = None,
    ) -> None:
        self.source = source_of(source, column=column)
        self.journal = None if journal is None else Path(journal)
        self._rules = BatchRules(
            concurrency,
            dedupe=True,
            missing_ok=missing_ok,
            max_deletes=max_deletes,
            stop_after_failures=stop_after_failures,
            deadline=deadline,
            second_pass=second_pass,
            dry_run=dry_run,
        )
        if rate is not None:
            per_minute(rate)  # or it says what is wrong
        self._rate = rate
        hosts = frozenset(host.lower() for host in allow_hosts)
        for host in hosts:
            if not is_host(host) or set(host) & set("/:@"):
                raise ConfigurationError(
                    f"{host!r} is no host: pass the name alone, such as media.pixlab.xyz."
                )

        self._guard = Guard(frozenset(protect), hosts)
        self._rows = rows
        self._reports = [Path(report) for report in reports]
        for report in self._reports:
            check_report(report)
        self._show_links = show_links
        self._failed = failed
        self._folder: TemporaryDirectory[str] | None = None
        self._survey: Survey | None = None
        self._journal: Journal | None = None
        self._totals = Totals()
        self._run: Run | None = None
        self._stopped_early = self._closed = False

    async def open(self) -> JobSummary:
        """Read the input once, lock and open the journal; what is left to do. ``run`` does it.

        Raises:
            ConfigurationError: The input cannot be read, or is not what it was; the journal
                is in use, or cannot be written.
        """
        if self._journal is not None:
            return self.summary()

        path = self.journal
        if path is None or (self._rules.dry_run and not path.exists()):
            self._folder = TemporaryDirectory(prefix="pixlab-cleanup-")
            path = Path(self._folder.name, "journal")
        try:
            self._survey = await self.source.survey()
            self._journal = await Journal.begin(
                path, self.source.name, self._survey, rows=self._rows, dry=self._rules.dry_run
            )
        except BaseException:
            self._forget_folder()
            raise

        self._totals = Totals.of(self._journal.facts)
        return self.summary()

    async def run(self, client: AsyncPixLab) -> JobSummary:
        """Delete what is left, until the input's end, a stop, or trouble that all links share.

        Args:
            client: What to delete with: its key, its connections, its learnt rate limit.

        Returns:
            What the job came to, also where single links failed: see its
            ``raise_if_incomplete()``.

        Raises:
            ConfigurationError: As ``open()``; or the input changes while it is read; or the
                job has run before.
            BatchStopped: A limit was reached, or the list seems to be the wrong one.
            RecordingFailed: The journal cannot be written; nothing more is sent then.
            PixLabError: A cause that all links share, such as 401. After each of these the
                journal is in order, and ``summary()`` tells what there is.
        """
        if self._closed:
            raise ConfigurationError(
                "This job has run, or was closed: make another CleanupJob with the same journal, "
                "and it goes on."
            )

        await self.open()
        journal = self._journal
        assert journal is not None  # open() made it
        self._run = run = Run(
            client=client,
            journal=journal,
            source=self.source,
            survey=self._survey,
            rules=self._rules,
            guard=self._guard,
            totals=self._totals,
            rate=self._rate,
            failed=self._failed,
        )
        if self._stopped_early:
            run.stop()
        try:
            await run.work()
            failure = await self._write_reports(journal)
        finally:
            await self.aclose()
        failure = run.failure or failure
        if failure is not None:
            raise failure

        return self.summary()

    def stop(self) -> None:
        """Send nothing more; what is under way may end. ``run`` returns then.

        A plain function: whatever handles signals may call it.
        """
        self._stopped_early = True
        if self._run is not None:
            self._run.stop()

    async def aclose(self) -> None:
        """Write what is left into the journal, and give it up. ``run`` does it.

        Raises:
            RecordingFailed: It cannot be written; the message says where its last rows are.
        """
        if self._journal is None:
            return

        self._closed = True
        try:
            await self._journal.aclose()
        finally:
            self._forget_folder()

    def summary(self) -> JobSummary:
        """What the job came to, so far. Call it inside the event loop."""
        journal, survey, totals, run = self._journal, self._survey, self._totals, self._run
        counts = {} if journal is None else {s: n for s, n in journal.counts.items() if n}
        seen = None if run is None else run.seen
        return JobSummary(
            source=self.source.name,
            journal=self.journal,
            total=seen if survey is None else survey.count,
            counts=counts,
            blank=0 if survey is None else survey.blank,
            duplicates=totals.duplicates,
            attempts=totals.attempts,
            rate_limited=totals.rate_limited,
            limit=None if run is None else run.limit,
            latency=totals.latency(),
            runs=0 if journal is None else journal.runs,
            elapsed=0.0 if run is None else run.seconds,
            settled_now=totals.done,
            dry_run=self._rules.dry_run,
            interrupted=self._stopped_early,
            stopped=None if run is None else told(run.failure),
        )

    def progress(self) -> Progress:
        """How far it is now. Call it inside the event loop, once a second or more often."""
        run = self._run
        if run is None:
            return Progress(phase="reading")

        summary, latency = self.summary(), self._totals.latency()
        rate, left = self._totals.rate_now(), summary.pending
        return Progress(
            phase=run.phase,
            total=summary.total,
            settled=summary.settled,
            to_send=left,
            counts=summary.counts,
            in_flight=run.in_flight,
            rate_now=rate,
            limit=summary.limit,
            pinned=self._rate is not None or run.pinned,
            rate_limited=run.rate_limited,
            paused_for=run.paused_for,
            down=run.down,
            latency_p50=latency.p50,
            latency_p95=latency.p95,
            elapsed=summary.elapsed,
            time_left=left / rate * 60 if left is not None and rate > 0 else None,
        )

    async def _write_reports(self, journal: Journal) -> Exception | None:
        """Write all that can be; what to raise where one cannot."""
        failure = None
        if self._reports:
            await journal.flush()
        for report in self._reports:
            try:
                await report_of(
                    journal,
                    self.source,
                    self._survey,
                    self.summary(),
                    report,
                    show_links=self._show_links,
                )
            except PixLabError as error:
                failure = RecordingFailed(
                    f"the job itself is in order, but no report: {error.message} Run it again "
                    f"with the report elsewhere; nothing is asked for twice"
                )
        return failure

    def _forget_folder(self) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()
