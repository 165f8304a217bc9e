"""``Ledger``: the file, who writes to it, and what can be asked of it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from .._bulk import Links
from .._core import Track
from .._database import open_database
from .._errors import ConfigurationError
from .._options import checked_tag
from .._protocol import Call
from .._results import Media, last_part
from .._sources import check_link
from .._writer import Writer
from ._queries import PAGE, State, which
from ._questions import Questions
from ._recording import record_deleting, record_storing
from ._rows import LEDGER, Added, Dropped, Forgotten, Recalled, Row, apply, now
from ._values import Age, seconds_of

T = TypeVar("T")
R = TypeVar("R", Added, Dropped)


class Ledger(Questions):
    """A record of what is stored at PixLab and not deleted yet: ``AsyncPixLab(ledger=...)``.

    Making one does no I/O; the file is opened, or made with mode 0600, by the first use. Any
    number of clients, event loops and processes of one machine may share a file. The key is
    never in it; links are.

    Close it with ``async with`` or ``aclose()``. Where that is forgotten, what is left is
    written at the program's end.

    Args:
        path: A SQLite file. Its folder must exist, and be on this machine.

    Raises:
        ConfigurationError: The path is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, str | os.PathLike) or not os.fspath(path):
            raise ConfigurationError(f"A ledger's path must be a file's path, not {path!r}.")

        self.path = Path(path)
        super().__init__()
        self._writer: Writer[Row] = Writer(self._connect, apply, name=f"The ledger {str(path)!r}")

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"

    def __reduce__(self) -> tuple[type[Self], tuple[Path]]:
        return type(self), (self.path,)  # for processes, which open the file themselves

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    # --- What is written ----------------------------------------------------------------

    async def record(
        self, call: Call[T], make: Callable[[Call[T]], Awaitable[T]], *, tag: str, track: Track
    ) -> T:
        """Make a call and record it. For the client, not for you."""
        if call.endpoint.name == "delete":
            return await record_deleting(self._writer, call, make)

        return await record_storing(self._writer, call, make, tag=tag, track=track)

    async def add(self, links: Links, *, tag: str = "") -> int:
        """Take over links from elsewhere, as stored now. Those that are there stay as they are.

        Args:
            links: Links, ids or ``Media``: any iterable or async iterable.
            tag: The label of the new ones.

        Returns:
            How many are new.

        Raises:
            ConfigurationError: A link cannot be one, those before it may be added; or the tag
                is no printable text.
            RecordingFailed: The file cannot be written now.
        """
        checked_tag(tag)
        fresh = 0
        async with aclosing(self._written(links, lambda link: _added(link, tag))) as rows:
            async for row in rows:
                fresh += row.fresh
        return fresh

    async def forget(self, links: Links) -> int:
        """Remove the rows of stored pictures, by link or id. Deletes nothing at PixLab.

        Returns:
            How many rows were removed.

        Raises:
            ConfigurationError: A link cannot be one; those before it may be forgotten.
            RecordingFailed: The file cannot be written now.
        """
        gone = 0
        async with aclosing(self._written(links, _dropped)) as rows:
            async for row in rows:
                gone += row.count
        return gone

    async def forget_all(
        self,
        state: State,
        *,
        older_than: Age | None = None,
        tag: str | None = None,
        endpoint: str | None = None,
        temporary: bool | None = None,
    ) -> int:
        """Remove all rows in a state that fit. Deletes nothing at PixLab.

        Args:
            state: "stored", "uncertain" or "gone".
            older_than: As in ``stored()``, by when they were stored, begun or deleted.
            tag: As in ``stored()``.
            endpoint: As in ``stored()``.
            temporary: As in ``stored()``.

        Returns:
            How many rows were removed.

        Raises:
            ConfigurationError: A condition cannot be used.
            RecordingFailed: The file cannot be written now.
        """
        rows = which(state, older_than=older_than, tag=tag, endpoint=endpoint, temporary=temporary)
        row = Forgotten(rows.where, rows.values)
        self._writer.put(row)
        await self.flush()
        return row.count

    async def recall(self, *, within: Age) -> int:
        """Count as stored again what a 404 made "gone already", and nothing else.

        For when it was the wrong account that was asked. Deleting once more marks what is
        gone indeed.

        Args:
            within: Marked so long ago at most; as ``older_than`` in ``stored()``.

        Returns:
            How many they are.

        Raises:
            ConfigurationError: That is no age.
            RecordingFailed: The file cannot be written now.
        """
        row = Recalled(now() - round(1000 * seconds_of(within, "within")))
        self._writer.put(row)
        await self.flush()
        return row.count

    async def flush(self) -> None:
        """Wait until all that was recorded so far is in the file.

        Raises:
            ConfigurationError: The file cannot be opened.
            RecordingFailed: It cannot be written now.
        """
        await self._writer.flush()

    async def aclose(self) -> None:
        """Flush, and close the file. A later use opens it again; closing twice is fine.

        Raises:
            ConfigurationError: The file cannot be opened.
            RecordingFailed: It cannot be written now.
        """
        await self._writer.aclose()

    @property
    def unsaved(self) -> int:
        """How many rows of this process are not in the file yet."""
        return self._writer.unsaved

    @property
    def failure(self) -> Exception | None:
        """What the last attempt to write failed with; None when all is well."""
        return self._writer.failure

    # --- How ----------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        return open_database(self.path, LEDGER)

    async def _written(self, links: Links, row_of: Callable[[str | Media], R]) -> AsyncGenerator[R]:
        """Write a row for each link, some hundreds at once; each when it is in the file."""
        batch: list[R] = []
        async with aclosing(_each(links)) as each:
            async for link in each:
                batch.append(row_of(link))
                self._writer.put(batch[-1])
                if len(batch) >= PAGE:
                    await self.flush()
                    for row in batch:
                        yield row
                    batch.clear()
        await self.flush()
        for row in batch:
            yield row


async def _each(links: Links) -> AsyncGenerator[str | Media]:
    if isinstance(links, AsyncIterable):
        async for link in links:
            yield link
    elif isinstance(links, str):
        raise ConfigurationError("Pass an iterable of links, such as a list, not one str.")
    else:
        for link in links:
            yield link


def _dropped(link: str | Media) -> Dropped:
    return Dropped(check_link(link.link if isinstance(link, Media) else link, "link"))


def _added(link: str | Media, tag: str) -> Added:
    if isinstance(link, Media):
        return Added(check_link(link.link, "link"), link.id, tag)

    return Added(check_link(link, "link"), last_part(link), tag)
