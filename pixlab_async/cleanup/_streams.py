"""Links that come as they come: from standard input and from iterables of a program."""

from __future__ import annotations

import codecs
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Iterable,
    Sequence,
)
from contextlib import aclosing
from typing import Any, BinaryIO, Protocol, TypeAlias

from anyio import to_thread
from anyio.from_thread import check_cancelled
from anyio.lowlevel import checkpoint
from attrs import field, frozen

from .._errors import ConfigurationError
from .._patience import Reading
from ._files import LONGEST_LINE, STRIDE
from ._items import Digest, Item, Survey

_CHUNK = 64 * 1024
# Seconds that a link waits for others to make up a block.
_PAUSE = 0.2


class Stored(Protocol):
    """Whatever has a link, such as a ``Media`` or a row of a ledger."""

    @property
    def link(self) -> str: ...


Linked: TypeAlias = str | Stored
Given: TypeAlias = Iterable[Linked] | AsyncIterable[Linked]


@frozen(eq=False)
class StandardInput:
    """One link per line of a stream of bytes that can be read only once.

    A block holds what has come: it is full, or its first link has waited for some tenths of
    a second. What is no UTF-8 is kept as lone surrogates: such a link cannot be sent, and is
    no reason to give up the others. A thread that waits for a line keeps no process alive.

    Attributes:
        stream: Where to read, without a buffer: a ``read`` returns what is there.
        name: What it is called in messages.
    """

    stream: BinaryIO
    name: str = "standard input"

    async def survey(self) -> None:
        """Nothing: it can be read only once."""

    async def blocks(self, size: int) -> AsyncGenerator[list[Item]]:
        """Its links as they come, up to ``size`` at a time; blank lines are skipped.

        Raises:
            ConfigurationError: It cannot be read, or a line has no end.
        """
        lines = _Lines(self.name)
        held: list[Item] = []
        due = 0.0
        while not lines.ended:
            reading = Reading(self._read, self.name.capitalize())
            if held and not await reading.arrived(due - time.monotonic()):
                yield held
                held = []
            await reading.arrived()
            due = due if held else time.monotonic() + _PAUSE
            held += lines.feed(reading.result())
            while len(held) >= size:
                yield held[:size]
                held = held[size:]
        if held:
            yield held

    def _read(self) -> bytes:
        return self.stream.read(_CHUNK) or b""


class _Lines:
    """Cuts a stream of bytes into the links of its lines."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._rest = ""
        self._number = 1
        self.ended = False

    def feed(self, chunk: bytes) -> list[Item]:
        """The links of the lines that this chunk completes; an empty one ends the last.

        Raises:
            ConfigurationError: A line is far too long to be a link.
        """
        self.ended = not chunk
        end = "\n" if self.ended else ""
        text = self._rest + self._decoder.decode(chunk, final=self.ended) + end
        # Of the lines that begin in a chunk, none is longer than it.
        if len(text) > LONGEST_LINE and text.find("\n", 0, LONGEST_LINE + 1) < 0:
            raise ConfigurationError(
                f"Line {self._number:,} of {self._name} has over a million characters, so this "
                f"is no list of links."
            )

        *lines, self._rest = text.split("\n")
        items = map(Item._make, enumerate(map(str.strip, lines), self._number))
        self._number += len(lines)
        return [item for item in items if item.link]


def _iterable(_: object, __: object, value: Any) -> None:
    if isinstance(value, str | bytes) or hasattr(value, "link"):
        raise ConfigurationError("A job takes an iterable of links; for one link pass [link].")

    if not isinstance(value, Iterable | AsyncIterable):
        raise ConfigurationError(
            f"A job takes an iterable or async iterable of links, not {type(value).__name__}."
        )


@frozen(eq=False)
class Links:
    """Links of a program: texts, or objects with a ``link``, of any iterable or async iterable.

    A list or tuple can be surveyed, everything else is read only once. A block is full, or it
    ends with the first link that comes when some tenths of a second have gone by.

    Attributes:
        links: The iterable.
        name: What it is called in messages.
    """

    links: Given = field(validator=_iterable)
    name: str = "the iterable"

    async def survey(self) -> Survey | None:
        """Read a list or tuple, or nothing.

        Raises:
            ConfigurationError: Something in it is no link.
        """
        if isinstance(self.links, list | tuple):
            return await to_thread.run_sync(self._survey, self.links)

        return None

    def _survey(self, links: Sequence[Linked]) -> Survey:
        digest = Digest()
        for start in range(0, len(links), STRIDE):
            check_cancelled()
            part = links[start : start + STRIDE]
            digest.update([self._item(start + place, each) for place, each in enumerate(part, 1)])
        return Survey(digest.count, 0, digest.digest())

    async def blocks(self, size: int) -> AsyncGenerator[list[Item]]:
        """Its links from the first to the last, up to ``size`` at a time.

        Raises:
            ConfigurationError: Something in it is no link.
        """
        block: list[Item] = []
        due = time.monotonic() + _PAUSE
        number = 0
        async with aclosing(_asynchronous(self.links)) as links:
            async for linked in links:
                number += 1
                block.append(self._item(number, linked))
                if len(block) >= size or time.monotonic() >= due:
                    yield block
                    block = []
                    await checkpoint()  # what never waits lets others run now and then
                    due = time.monotonic() + _PAUSE
        if block:
            yield block

    def _item(self, number: int, linked: object) -> Item:
        link = linked if isinstance(linked, str) else getattr(linked, "link", None)
        if not isinstance(link, str):
            raise ConfigurationError(
                f"{self.name}, place {number:,}: {type(linked).__name__} is no link."
            )

        return Item(number, link)


async def _asynchronous(links: Given) -> AsyncGenerator[Linked]:
    if isinstance(links, AsyncIterable):
        async for linked in links:
            yield linked
    else:
        for linked in links:
            yield linked
