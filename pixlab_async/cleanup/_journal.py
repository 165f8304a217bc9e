"""The journal of a job: what is known of each link, so that it can be gone on with.

Before any link of a block is sent, the block stands in the file for good. What became of a
link is put by a plain function, between reply and record there is no await, and is committed
in groups. So after a kill at any moment, what is not settled in a block may have been sent,
and what is in no block was not.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from anyio import CancelScope, to_thread
from attrs import define, field

from .._bridge import thoroughly
from .._database import Opened, open_database
from .._errors import ConfigurationError, PixLabError
from .._results import JSON, DeletionState
from .._writer import Writer
from ._items import Survey
from ._journal_file import KIND, Block, Op, Settled, apply, chunk_of, readable
from ._journal_known import Known, known_of
from ._journal_reads import block_of, counts_of, facts_of
from ._left import keep_elsewhere, telling
from ._lock import Lock
from ._report_data import Row, Sample

T = TypeVar("T")

# Up to so many links each has a row of its own; above, two bits.
ROWS = 1_000_000
# Rows that may be in memory alone: what a kill costs is asked again.
UNSAVED = 200
_ROWS_AFTER = "SELECT * FROM link WHERE place > ? ORDER BY place LIMIT 1000"


@define(eq=False)
class Journal:
    """A journal that is open; made by ``Journal.begin``.

    Attributes:
        path: The file.
        counts: Links by state, of earlier runs and this one.
        facts: Facts of the job as they stand in the file.
        rows: Up to so many links each has a row of its own.
        crashed: Whether a run ended without saying so, and what it sent is not out yet.
        dry: Whether nothing is written.
    """

    path: Path
    _lock: Lock
    _reading: Opened
    writer: Writer[Op]
    rows: int
    counts: Counter[str] = field(factory=Counter[str])
    facts: dict[str, JSON] = field(factory=dict[str, JSON])
    crashed: bool = False
    dry: bool = False

    @classmethod
    async def begin(
        cls, path: Path, source: str, survey: Survey | None, *, rows: int = ROWS, dry: bool = False
    ) -> Journal:
        """Open the journal, or make it, and see that it is this input's.

        Args:
            path: The file.
            source: What the input is called.
            survey: What is known of the input, or None for a stream.
            rows: Up to so many links each has a row of its own.
            dry: Whether nothing is to be written.

        Raises:
            ConfigurationError: It is of another input, in use, or cannot be written.
            RecordingFailed: It cannot be read.
        """
        made: list[Journal] = []
        try:
            await thoroughly(lambda: made.append(_begin(cls, path, source, survey, rows)))
        except BaseException:
            for journal in made:  # cancelled meanwhile: nobody else knows of it
                journal.release()
            raise

        made[0].dry = dry
        return made[0]

    def settle(self, op: Settled, before: str | None) -> None:
        """Note what became of a link. Never waits.

        Args:
            op: What became of it.
            before: Its state after an earlier run, or None.
        """
        if before is not None:
            self.counts[before] -= 1
        self.counts[op.state] += 1
        self.put(op)

    def put(self, op: Op, *, full: bool = False) -> None:
        """Note something. Never waits; see ``Writer.put``."""
        if not self.dry:
            self.writer.put(op, full=full)

    async def flush(self) -> None:
        """Wait until all that was put stands in the file.

        Raises:
            RecordingFailed: It cannot be written.
        """
        await self.writer.flush()

    @property
    def runs(self) -> int:
        """How many runs there were, the present one included."""
        runs = self.facts.get("runs")
        return runs if isinstance(runs, int) else 0

    async def claim(self, block: Block) -> None:
        """See that the block stands in the file for good: now its links may be sent.

        Raises:
            RecordingFailed: It cannot be written.
        """
        self.put(block, full=True)
        await self.flush()

    async def keep_up(self) -> None:
        """Wait while there is too much in memory alone.

        Raises:
            RecordingFailed: It cannot be written.
        """
        if self.writer.unsaved > UNSAVED or self.writer.failure is not None:
            await self.writer.flush()

    async def block_at(self, first: int) -> Block | None:
        """The block that an earlier run took at this place, or None."""
        return await self._read(lambda file: block_of(file, first))

    async def known(self, block: Block) -> dict[int, Known]:
        """What earlier runs left of each link of a block; nothing of those still pending."""
        return await self._read(lambda file: known_of(file, block))

    def rows_of_trouble(self) -> Iterator[Row]:
        """What became of the links that are not gone. For a thread; read once."""
        gone = {state.value for state in DeletionState if state.gone}
        return (row for _, row in self.rows_with_places() if row.state not in gone)

    def rows_of_all(self) -> Iterator[Row]:
        """Every link that has a row. For a thread; read once."""
        return (row for _, row in self.rows_with_places())

    def rows_with_places(self) -> Iterator[tuple[int, Row]]:
        """Every link that has a row, and its place in the input. For a thread; read once."""
        last = -1
        while True:
            with self._file() as file:  # never held between two rows: whoever reads may stop
                page = file.execute(_ROWS_AFTER, (last,)).fetchall()
            if not page:
                return

            for row in page:
                last, number, link, state, attempts, status, error, _ = row
                yield last, Row(number, readable(link), state, attempts, status, error)

    def states(self) -> Iterator[bytes]:
        """Every chunk of the map, from the first on. For a thread."""
        with self._file() as file:
            (last,) = file.execute("SELECT coalesce(max(chunk), -1) FROM map").fetchone()
        for number in range(last + 1):
            with self._file() as file:
                chunk = bytes(chunk_of(file, number))
            yield chunk

    def samples(self) -> list[Sample]:
        """How far the job was, from time to time. For a thread."""
        with self._file() as file:
            query = "SELECT at, done, refused, cap FROM sample ORDER BY at"
            return [Sample(*row) for row in file.execute(query)]

    async def aclose(self) -> None:
        """Write what is left, and give the journal up.

        Raises:
            RecordingFailed: It cannot be written; the message says where its last rows are.
        """
        try:
            await self.writer.aclose()
        except PixLabError as error:
            left = self.writer.abandon()
            with CancelScope(shield=True):  # bounded: some hundred lines
                raise await to_thread.run_sync(keep_elsewhere, self.path, left, error) from error
        finally:
            self.release()

    def release(self) -> None:
        """Give the journal up, without writing anything."""
        self._reading.close()
        self._lock.release()

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        def work() -> T:
            with self._file() as file:
                return query(file)

        return await to_thread.run_sync(work)

    @contextmanager
    def _file(self) -> Generator[sqlite3.Connection]:
        with telling(self.path), self._reading.use() as file:
            yield file()


def _begin(cls: type[Journal], path: Path, name: str, survey: Survey | None, rows: int) -> Journal:
    lock = Lock(path)
    reading = Opened(lambda: open_database(path, KIND))
    try:
        with telling(path), reading.use() as file:
            facts = facts_of(file())
            _check(path, name, facts, survey)
            counts = counts_of(file())
        writer: Writer[Op] = Writer(
            lambda: open_database(path, KIND), apply, name=f"The journal {str(path)!r}"
        )
        if survey is not None and survey.count > rows:
            rows = 0
        kept = facts.setdefault("rows", rows)
        journal = cls(path, lock, reading, writer, int(str(kept)), counts, facts)
        journal.crashed = facts.get("running") is True
    except BaseException:
        reading.close()
        lock.release()
        raise

    return journal


def _check(path: Path, name: str, facts: dict[str, JSON], survey: Survey | None) -> None:
    """See that the journal is this input's; note what input a new one is of."""
    count = None if survey is None else survey.count
    digest = survey.digest.hex() if survey is not None and survey.digest else None
    blank = 0 if survey is None else survey.blank
    if "digest" not in facts:
        facts |= {"source": name, "count": count, "digest": digest, "blank": blank}
        return

    if facts["digest"] == digest:
        return

    raise ConfigurationError(
        f"The journal {str(path)!r} is of another input: of {facts['source']} with "
        f"{facts['count'] or 'any number of'} links, and {name} is not what that was then. Go on "
        f"with the unchanged input, or begin anew with another journal."
    )
