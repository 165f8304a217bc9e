"""What a ledger says is stored, as the input of a job."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from attrs import frozen

from ..ledger import Ledger
from ._items import Item, Survey


@frozen(eq=False)
class LedgerQuery:
    """The stored pictures of a ledger that have all of these; None for any.

    The ledger itself knows what is done: give the client the same one. A later run asks it
    anew, so a journal beside it has nothing to go on with.

    Attributes:
        ledger: The ledger.
        older_than: How long they have been stored at the least, as in ``Ledger.stored``.
        tag: Their label.
        endpoint: What made them.
        temporary: Whether they should be gone long since.
    """

    ledger: Ledger
    older_than: str | float | None = None
    tag: str | None = None
    endpoint: str | None = None
    temporary: bool | None = None

    @property
    def name(self) -> str:
        """What it is called in messages and reports."""
        return f"the ledger {str(self.ledger.path)!r}"

    async def survey(self) -> Survey:
        """How many there are.

        Raises:
            ConfigurationError: A condition cannot be used, or the file cannot be opened.
            RecordingFailed: It cannot be read now.
        """
        count = await self.ledger.count(
            older_than=self.older_than,
            tag=self.tag,
            endpoint=self.endpoint,
            temporary=self.temporary,
        )
        return Survey(count, 0, None)

    async def blocks(self, size: int) -> AsyncGenerator[list[Item]]:
        """Their links, oldest first, up to ``size`` at a time.

        Raises:
            ConfigurationError: A condition cannot be used, or the file cannot be opened.
            RecordingFailed: It cannot be read now.
        """
        block: list[Item] = []
        number = 0
        stored = self.ledger.stored(
            older_than=self.older_than,
            tag=self.tag,
            endpoint=self.endpoint,
            temporary=self.temporary,
        )
        async for media in stored:
            number += 1
            block.append(Item(number, media.link))
            if len(block) == size:
                yield block
                block = []
        if block:
            yield block
