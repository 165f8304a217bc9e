"""Hands a job's links to the workers: those that an earlier run did not settle.

Blocks of the input are read one ahead, compared with what earlier runs saw, and written
into the journal before any of their links goes to a worker.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection

import anyio
from attrs import define, field, frozen

from .._bulk import Taken
from .._errors import ConfigurationError
from .._origin import host_of
from .._results import DeletionState, last_part
from ._items import Digest, Item, Source, Survey, digest_of
from ._journal import Journal
from ._journal_file import Block, Settled
from ._journal_known import Known

# Links in a block. After a crash, so many at most are not known to be unsent.
SIZE = 500


def names_of(links: Collection[str]) -> Collection[str]:
    """The last parts of links."""
    return frozenset(last_part(link) for link in links)


@frozen
class Guard:
    """Which links must not be deleted, whatever the input says.

    Attributes:
        protected: Links and ids. A link is protected with every other that ends in the same
            name: PixLab tells a picture by several addresses. Rather too many than too few.
        hosts: Hosts that links may be of; empty for any. Ids have no host, and may.
    """

    protected: Collection[str] = field(default=(), converter=names_of)
    hosts: Collection[str] = frozenset()

    def refuses(self, link: str) -> tuple[str, str] | None:
        """The state and the reason of a link that is not to be sent."""
        if self.protected and last_part(link) in self.protected:
            return "protected", "it is protected"

        if self.hosts and "://" in link and host_of(link) not in self.hosts:
            return DeletionState.REJECTED.value, "its host is not one of those that are allowed"

        return None


@define(eq=False)
class JournalFeed:
    """A ``Feed`` of what is left to do of a job.

    Args:
        source: The input.
        journal: What earlier runs left, and where blocks are claimed.
        guard: What must not be deleted.
        dry: Whether nothing will be sent, so that nothing is to be claimed.
        settle: Is given what needs no sending.
        ahead: Whether to read on while there are links: one of several workers waits for the
            input then, however long that takes.
        survey: What a first reading found, or None where there was none.
    """

    _source: Source
    _journal: Journal
    _guard: Guard
    _dry: bool
    _settle: Callable[[Settled, str | None], None]
    _ahead: bool = True
    _survey: Survey | None = None
    exhausted: bool = False
    # How many links were read, and whether that is all of them.
    place: int = 0
    at_end: bool = False
    # Items of links that are with the workers, and their states after an earlier run.
    taken: dict[int, tuple[Item, str | None]] = field(factory=dict[int, "tuple[Item, str | None]"])
    skipped: int = 0
    _seen: Digest = field(factory=Digest)
    _ready: deque[Taken] = field(factory=deque[Taken])
    _items: deque[Item] = field(factory=deque[Item])
    _blocks: AsyncIterator[list[Item]] | None = None
    _filling: bool = False
    _filled: anyio.Event | None = None
    _asking: anyio.CancelScope | None = None

    async def next(self, until: float = math.inf) -> Taken | None:
        """The next link, or None where there is none, or none came by the given time.

        Raises:
            ConfigurationError: The input cannot be read, or is not what it was.
            RecordingFailed: The journal cannot be written.
        """
        while not self.exhausted and anyio.current_time() < until:
            if self._wants_more():
                await self._fill(until)
            elif self._ready:
                await self._journal.keep_up()
                if self._ready and not self.exhausted:  # others were there meanwhile
                    return self._ready.popleft()
            elif self._filling:
                await self._until_filled()
            else:
                self.exhausted = True
        return None

    def stop(self) -> None:
        """Hand out no more."""
        self.exhausted = True
        if self._asking is not None:
            self._asking.cancel()

    async def aclose(self) -> None:
        """Close the input, when no worker reads any more."""
        blocks, self._blocks = self._blocks, None
        if isinstance(blocks, AsyncGenerator):
            await blocks.aclose()

    def _wants_more(self) -> bool:
        """Whether this worker is to read on: ahead, where others delete meanwhile."""
        if self._filling or self.at_end:
            return False

        return not self._ready or (self._ahead and len(self._ready) < SIZE // 2)

    async def _until_filled(self) -> None:
        if self._filled is None:
            self._filled = anyio.Event()
        await self._filled.wait()

    async def _fill(self, until: float) -> None:
        """Get more links ready; other workers go on with those that are."""
        self._filling = True
        try:
            with anyio.CancelScope(deadline=until) as self._asking:
                await self._take_block()
                while not self.at_end and not self._ready:
                    await self._take_block()
        finally:
            self._filling, self._asking = False, None
            if self._filled is not None:
                self._filled.set()
                self._filled = None

    async def _take_block(self) -> None:
        """Take the next block of the input, as an earlier run had it or as it comes."""
        earlier = await self._journal.block_at(self.place)
        items = await self._read(
            SIZE if earlier is None else earlier.size, exact=earlier is not None
        )
        if earlier is not None:
            self._compare(earlier, items)
        self._check(items)
        if not items:
            self.at_end = True
            return

        block = earlier or Block(self.place, len(items), digest_of(items))
        known: dict[int, Known] = {}
        if earlier is not None:
            known = await self._journal.known(block)
        elif not self._dry:
            await self._journal.claim(block)
        asked = earlier is not None and self._journal.crashed
        for place, item in enumerate(items, self.place):
            self._sort_in(place, item, known.get(place), asked=asked)
        self.place += len(items)

    async def _read(self, size: int, *, exact: bool) -> list[Item]:
        """Up to that many items; fewer only at the end, or where the source pauses."""
        if self._blocks is None:
            self._blocks = self._source.blocks(SIZE)
        while len(self._items) < (size if exact else 1):
            block = await anext(self._blocks, None)
            if block is None:
                break

            self._items.extend(block)
        return [self._items.popleft() for _ in range(min(size, len(self._items)))]

    def _check(self, items: list[Item]) -> None:
        """See that the input is what the first reading found: perhaps a person agreed to that."""
        survey = self._survey
        if survey is None or survey.digest is None:
            return

        self._seen.update(items)
        more = self._seen.count > survey.count
        if more or (not items and self._seen.digest() != survey.digest):
            raise ConfigurationError(
                f"{self._source.name} changed while the job was running: it has not the "
                f"{survey.count:,} links that it had. Nothing more was sent; look at it, and run "
                f"the job again."
            )

    def _compare(self, earlier: Block, items: list[Item]) -> None:
        if len(items) == earlier.size and digest_of(items) == earlier.digest:
            return

        where = f"from number {items[0].number} on" if items else "at its end"
        raise ConfigurationError(
            f"{self._source.name} is not what it was when the journal {str(self._journal.path)!r} "
            f"was begun: it differs {where}. Go on with the unchanged input, or begin anew with "
            f"another journal."
        )

    def _sort_in(self, place: int, item: Item, known: Known | None, *, asked: bool) -> None:
        if known is not None and not known.is_open:
            self.skipped += 1
            return

        before = None if known is None else known.state
        # A run that crashed may have asked again for what an earlier one had left.
        asked = asked or (known is not None and known.asked)
        refusal = self._guard.refuses(item.link)
        if refusal is not None:
            self._settle(self._refused(place, item, *refusal, asked=asked), before)
            return

        self.taken[place] = item, before
        self._ready.append(Taken(place, item.link, asked))

    def _refused(self, place: int, item: Item, state: str, error: str, *, asked: bool) -> Settled:
        kept = place < self._journal.rows
        return Settled(place, item.number, item.link, state, 0, None, error, asked=asked, kept=kept)
