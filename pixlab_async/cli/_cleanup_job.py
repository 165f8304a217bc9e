"""What ``pixlab cleanup`` does: asks, runs the job, shows how far it is, and says how to go on."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import click
from attrs import define, frozen

from .._client import AsyncPixLab
from .._errors import ConfigurationError, PixLabError
from .._patience import patiently, standard_input
from ..cleanup import CleanupJob, JobSummary, Row, Source
from ..cleanup._files import TextFile
from ..cleanup._journal import ROWS
from ..ledger import Ledger
from ..ledger._values import seconds_of
from ._cleanup_display import Display
from ._exits import Exit, code_of
from ._output import complain, show, tell
from ._settings import Settings

# Above so many links a person at a terminal is asked first.
ASKED_ABOVE = 1000
_YES = (b"y", b"yes")
_STOPPING = "pixlab: stopping; what is under way may end. The same again cancels it."
_BLOCK = 10_000


@frozen(kw_only=True)
class Asked:
    """The command's options, as they were given."""

    source: str | None
    column: str | None
    journal: Path | None
    ledger: Path | None
    older_than: str | None
    tag: str | None
    endpoint: str | None
    temporary: bool
    dry_run: bool
    max_deletes: int | None
    stop_after_failures: int | None
    missing_ok: bool
    deadline: str | None
    concurrency: int
    grace: str
    allow_host: tuple[str, ...]
    protect: Path | None
    report: tuple[Path, ...]
    show_links: bool
    compact: bool
    yes: bool

    def __attrs_post_init__(self) -> None:
        if self.source is None and self.ledger is None:
            raise click.UsageError("Pass a FILE of links, or --ledger FILE to choose from.")

        of_ledger = self.older_than or self.tag or self.endpoint or self.temporary
        if self.source is not None and of_ledger:
            raise click.UsageError(
                "--older-than, --tag, --endpoint and --temporary choose from a ledger, where no "
                "FILE is given."
            )

        if self.source is None and (self.journal or self.column):
            raise click.UsageError(
                "A ledger knows itself what is done: --journal and --column go with a FILE."
            )

    @property
    def journal_path(self) -> Path | None:
        """Where the journal is; None where there is nothing to go on with."""
        if self.journal is not None or self.source in (None, "-"):
            return self.journal

        return Path(f"{self.source}.journal")


@define(eq=False)
class Work:
    """The command's work, as ``attend`` runs it.

    Attributes:
        settings: How to reach the service.
        asked: The command's options.
    """

    settings: Settings
    asked: Asked
    _job: CleanupJob | None = None
    _stopped: bool = False
    _display: Display | None = None
    _asking: anyio.CancelScope | None = None

    async def __call__(self) -> Exit:
        """Run the job; the command's exit code."""
        async with AsyncExitStack() as stack:
            ledger = None
            if self.asked.ledger is not None:
                ledger = await stack.enter_async_context(Ledger(self.asked.ledger))
            job = self._job = await self._made(ledger)
            client = await stack.enter_async_context(self.settings.client(ledger=ledger))
            if self._stopped:
                job.stop()
            try:
                if not await self._may_go(await job.open()):
                    return Exit.USAGE

                return await self._run(job, client)
            finally:
                await job.aclose()

    def stop(self) -> None:
        """Send nothing more; what is under way may end."""
        self._stopped = True
        if self._job is not None:
            self._job.stop()
        if self._asking is not None:
            self._asking.cancel()
        if self._display is None:
            tell(_STOPPING)
        else:
            self._display.note(_STOPPING)

    async def _made(self, ledger: Ledger | None) -> CleanupJob:
        asked = self.asked
        return CleanupJob(
            self._source(ledger),
            asked.journal_path,
            column=asked.column,
            concurrency=asked.concurrency,
            protect=await _protected(asked.protect),
            allow_hosts=asked.allow_host,
            missing_ok=asked.missing_ok,
            max_deletes=asked.max_deletes,
            stop_after_failures=asked.stop_after_failures,
            deadline=None if asked.deadline is None else seconds_of(asked.deadline, "--deadline"),
            dry_run=asked.dry_run,
            rows=0 if asked.compact else ROWS,
            reports=asked.report,
            show_links=asked.show_links,
            failed=self._tell_failure,
        )

    def _source(self, ledger: Ledger | None) -> str | Source:
        if self.asked.source is not None:
            return self.asked.source

        assert ledger is not None  # Asked has seen to that

        from ..cleanup._ledger_query import LedgerQuery  # noqa: PLC0415 - only ledgers need it

        asked = self.asked
        return LedgerQuery(
            ledger, asked.older_than, asked.tag, asked.endpoint, asked.temporary or None
        )

    async def _may_go(self, left: JobSummary) -> bool:
        """Whether to begin: a person at a terminal is asked where there is much to delete."""
        asked = self.asked
        many = left.pending is None or left.pending > ASKED_ABOVE
        if asked.yes or asked.dry_run or not many or asked.source == "-" or not _is_watched():
            return True

        if self._stopped:
            return False

        done = f" ({left.settled:,} are done)" if left.settled else ""
        click.echo(
            f"Delete what is stored at {left.pending:,} links of {left.source}{done}? It cannot be "
            f"undone. [y/N] ",
            err=True,
            nl=False,
        )
        with anyio.CancelScope() as self._asking:  # a signal is an answer too
            answer = await patiently(lambda: standard_input().readline(), "The answer")
            if answer.strip().lower() in _YES and not self._stopped:
                return True

        tell("pixlab: nothing was deleted. --yes goes on without asking, --dry-run only looks.")
        return False

    async def _run(self, job: CleanupJob, client: AsyncPixLab) -> Exit:
        stopped: PixLabError | None = None
        try:
            if self.settings.as_json:
                await job.run(client)
            else:
                with Display(job.source.name) as self._display:
                    try:
                        async with self._display.following(job.progress):
                            await job.run(client)
                    finally:
                        self._display.update(job.progress())
        except PixLabError as error:
            stopped = error
        finally:
            self._report(job)
        if stopped is not None:
            complain(stopped, as_json=self.settings.as_json)
            return code_of(stopped)

        return _code(job.summary())

    def _tell_failure(self, row: Row) -> None:
        if self._display is not None:
            self._display.failed(row.number, row.link or "", row.state, row.error or "")
        elif self.settings.as_json:
            fields = {"number": row.number, "link": row.link, "state": row.state}
            about = {"attempts": row.attempts, "status": row.status, "error": row.error}
            show("", {**fields, **about}, as_json=True)

    def _report(self, job: CleanupJob) -> None:
        """Say what the job came to, and how to go on with it."""
        summary = job.summary()
        if self._display is not None:
            for line in self._display.summary():
                show(line, {}, as_json=False)
        if self.settings.as_json:
            show("", summary.fields(), as_json=True)
        if summary.complete or self.asked.dry_run:
            return

        if self.asked.journal_path is None and self.asked.source is not None:
            tell(
                "pixlab: not all is done, and no journal was kept. With --journal FILE the same "
                "input can be gone on with."
            )
        else:
            tell(f"pixlab: not all is done. Go on with: {_command()}")


def _code(summary: JobSummary) -> Exit:
    """The exit code of a job that came to the end of its input."""
    if summary.complete or summary.dry_run:
        return Exit.REFUSED if summary.counts.get("rejected") else Exit.DONE

    return Exit.REFUSED if summary.counts.get("rejected") else Exit.TRANSIENT


async def _protected(file: Path | None) -> frozenset[str]:
    """The links and ids in a file, one per line."""
    if file is None:
        return frozenset()

    found: set[str] = set()
    async for block in TextFile(file).blocks(_BLOCK):
        found.update(item.link for item in block)
    if not found:
        raise ConfigurationError(f"The file {str(file)!r} protects nothing: it has no links.")

    return frozenset(found)


def _is_watched() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _command() -> str:
    """The command as it was given, for a shell."""
    name = os.path.basename(sys.argv[0])  # noqa: PTH119 - only a name
    return shlex.join([name if name == "pixlab" else "pixlab", *sys.argv[1:]])
