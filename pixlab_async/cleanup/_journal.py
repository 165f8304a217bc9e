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
from typing import NamedTuple, TypeVar

from anyio import CancelScope, to_thread
from attrs import define, field

from .._database import Opened, open_database
from .._errors import ConfigurationError, PixLabError
from .._results import JSON, DeletionState
from .._writer import Writer
from . import _states as states
from ._items import Survey
from ._journal_file import KIND, NAMES, Block, Op, Settled, apply, chunk_of
from ._journal_reads import block_of, counts_of, facts_of
from ._left import keep_elsewhere, telling
from ._lock import Lock
from ._report_data import Row, Sample

T = TypeVar("T")

# Up to so many links each has a row of its own; above, two bits.
ROWS = 1_000_000
# Rows that may be in memory alone: what a kill costs is asked again.
UNSAVED = 200
# What another run may end otherwise.
OPEN = frozenset({DeletionState.FAILED.value, DeletionState.UNKNOWN.value})
_GUARDED = ("protected", DeletionState.REJECTED.value)


class Known(NamedTuple):
    """What an earlier run left of a link.

    Attributes:
        state: Its state.
        asked: Whether the service may have acted on it without telling.
        sent: Whether it was ever sent.
    """

    state: str
    asked: bool = True
    sent: bool = True

    @property
    def is_open(self) -> bool:
        """Whether another run may end otherwise: also where a guard or a check of ours refused."""
        return self.state in OPEN or (self.state in _GUARDED and not self.sent)


@define(eq=False)
class Journal:
    """A journal that is open; made by ``Journal.begin``.

    Attributes:
        path: The file.
        counts: Links by state, of earlier runs and this one.
        facts: Facts of the job as they stand in the file.
        rows: Up to so many links each has a row of its own.
        crashed: Whether the last run ended without saying so.
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
        """
        journal = await to_thread.run_sync(_begin, cls, path, source, survey, rows)
        journal.dry = dry
        return journal

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

    async def blocks_from(self, first: int) -> int:
        """How many links are in blocks at this place and behind it."""
        query = "SELECT coalesce(sum(size), 0) FROM block WHERE first >= ?"
        return await self._read(lambda file: int(file.execute(query, (first,)).fetchone()[0]))

    async def known(self, block: Block) -> dict[int, Known]:
        """What earlier runs left of each link of a block; nothing of those still pending."""
        return await self._read(lambda file: _known(file, block))

    def rows_of_trouble(self) -> Iterator[Row]:
        """What became of the links that are not gone. For a thread; read once."""
        gone = {state.value for state in DeletionState if state.gone}
        return (row for _, row in self.rows_with_places() if row.state not in gone)

    def rows_of_all(self) -> Iterator[Row]:
        """Every link that has a row. For a thread; read once."""
        return (row for _, row in self.rows_with_places())

    def rows_with_places(self) -> Iterator[tuple[int, Row]]:
        """Every link that has a row, and its place in the input. For a thread; read once."""
        query = (
            "SELECT place, number, link, state, attempts, status, error FROM link ORDER BY place"
        )
        with self._file() as file:
            for place, *row in file.execute(query):
                yield place, Row(*row)

    def states(self) -> Iterator[bytes]:
        """Every chunk of the map, from the first on. For a thread."""
        with self._file() as file:
            query = "SELECT chunk, states FROM map ORDER BY chunk"
            expected = 0
            for chunk, found in file.execute(query):
                for _ in range(expected, chunk):
                    yield bytes(states.empty())
                yield found
                expected = chunk + 1

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
    try:
        reading = Opened(lambda: open_database(path, KIND))
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


def _known(file: sqlite3.Connection, block: Block) -> dict[int, Known]:
    found: dict[int, Known] = {}
    chunks: dict[int, bytearray] = {}
    for place in range(block.first, block.first + block.size):
        number, inside = divmod(place, states.CHUNK)
        if number not in chunks:
            chunks[number] = chunk_of(file, number)
        code = states.code_at(chunks[number], inside)
        if code in NAMES:
            found[place] = Known(NAMES[code])
    query = "SELECT place, state, asked, attempts FROM link WHERE place >= ? AND place < ?"
    for place, state, asked, attempts in file.execute(
        query, (block.first, block.first + block.size)
    ):
        if place not in found:
            found[place] = Known(state, bool(asked), bool(attempts))
    return found
