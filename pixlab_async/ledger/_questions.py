"""What can be asked of a ledger. Read in pages and in threads, so that memory stays flat."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Protocol, TypeVar

from anyio.to_thread import run_sync
from attrs import evolve

from .._database import Opened
from .._errors import RecordingFailed
from ._queries import (
    BEGIN,
    Place,
    count,
    page_of_stored,
    page_of_uncertain,
    stats,
    which,
)
from ._values import Age, LedgerStats, StoredMedia, Uncertain

T = TypeVar("T")


class Ask(Protocol):
    """Asks the file one question."""

    async def __call__(self, question: Callable[[sqlite3.Connection], T], /) -> T: ...


class Page(Protocol[T]):
    """Reads the page that comes after a place."""

    def __call__(
        self, connection: sqlite3.Connection, /, *, after: Place
    ) -> list[tuple[Place, T]]: ...


class Pages(AsyncIterator[T]):
    """Values of a ledger, read in pages. No async generator, which a cancellation would end."""

    def __init__(self, ask: Ask, page: Page[T]) -> None:
        self._ask = ask
        self._page = page
        self._after = BEGIN
        self._ready: deque[tuple[Place, T]] = deque()

    async def __anext__(self) -> T:
        if not self._ready:
            self._ready.extend(await self._ask(partial(self._page, after=self._after)))
        if not self._ready:
            raise StopAsyncIteration

        self._after, value = self._ready.popleft()
        return value


class Questions(ABC):
    """The half of a ledger that reads."""

    def __init__(self) -> None:
        self._reader = Opened(self._connect)

    @abstractmethod
    def _connect(self) -> sqlite3.Connection:
        """Open the file."""

    @abstractmethod
    async def flush(self) -> None:
        """Have all that was put written."""

    @property
    @abstractmethod
    def unsaved(self) -> int:
        """How many rows are not written yet."""

    def stored(
        self,
        *,
        older_than: Age | None = None,
        tag: str | None = None,
        endpoint: str | None = None,
        temporary: bool | None = None,
    ) -> Pages[StoredMedia]:
        """What is stored and not deleted yet, as far as is known; oldest first.

        It is read in pages, and may be deleted meanwhile: ``async for outcome in
        pixlab.delete_many(ledger.stored(older_than="7d"))``.

        Args:
            older_than: Stored so long ago at least: seconds, a timedelta, or a text such as
                "7d", "12h", "30m" or "90s", counted from this call.
            tag: With this label; "" for those without.
            endpoint: Made by this endpoint.
            temporary: Whether they were meant to be deleted at once. None for either.

        Raises:
            ConfigurationError: A condition cannot be used, or the file cannot be opened.
            RecordingFailed: The file cannot be read or written now.
        """
        rows = which(
            "stored", older_than=older_than, tag=tag, endpoint=endpoint, temporary=temporary
        )
        return Pages(self._ask, partial(page_of_stored, rows=rows))

    async def count(
        self,
        *,
        older_than: Age | None = None,
        tag: str | None = None,
        endpoint: str | None = None,
        temporary: bool | None = None,
    ) -> int:
        """How many ``stored()`` would give.

        Raises:
            ConfigurationError: A condition cannot be used, or the file cannot be opened.
            RecordingFailed: The file cannot be read or written now.
        """
        rows = which(
            "stored", older_than=older_than, tag=tag, endpoint=endpoint, temporary=temporary
        )
        return await self._ask(partial(count, rows=rows))

    def uncertain(
        self, *, older_than: Age | None = None, tag: str | None = None
    ) -> Pages[Uncertain]:
        """Calls that may have stored a picture whose link is not known; oldest first.

        Those under way are among them, so leave out the newest: ``older_than="10m"``.

        Args:
            older_than: Begun so long ago at least; as in ``stored()``.
            tag: As in ``stored()``.

        Raises:
            ConfigurationError: A condition cannot be used, or the file cannot be opened.
            RecordingFailed: The file cannot be read or written now.
        """
        rows = which("uncertain", older_than=older_than, tag=tag)
        return Pages(self._ask, partial(page_of_uncertain, rows=rows))

    async def stats(self) -> LedgerStats:
        """The counts of now.

        Raises:
            ConfigurationError: The file cannot be opened.
            RecordingFailed: It cannot be read or written now.
        """
        return evolve(await self._ask(stats), unsaved=self.unsaved)

    async def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Ask the file, in a thread; what this process has put is written first."""
        await self.flush()
        return await run_sync(self._answer, question)

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        with self._reader.use() as connected:
            try:
                return question(connected())
            except sqlite3.Error as error:
                raise RecordingFailed(f"{self!r} cannot be read: {error}") from error
            finally:
                self._reader.close()  # nobody would, between two pages
