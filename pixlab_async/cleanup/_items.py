"""What every source of links gives: numbered links in blocks, and what a first reading found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from hashlib import blake2b
from typing import NamedTuple, Protocol, runtime_checkable

from attrs import frozen

# Bytes. Two different inputs that are alike in so many do not come about by accident.
DIGEST_SIZE = 16
# Never part of a text in UTF-8, so no two lists of links run together to the same bytes.
_END_OF_LINK = b"\xff"


class Item(NamedTuple):
    """One link of the input.

    Attributes:
        number: Where it stands, counted from 1: the line of a text, CSV or JSON lines file,
            the row of a Parquet file, the place in an iterable.
        link: The link, which nobody has checked: it may hold lone surrogates, which are no
            UTF-8, where it comes from standard input, JSON or a program.
    """

    number: int
    link: str


@frozen
class Survey:
    """What a first reading found.

    Attributes:
        count: How many links there are.
        blank: How many blank lines or empty fields are skipped.
        digest: What ``Digest`` makes of all links, so that a changed input is noticed; None
            where a second reading may rightly find others, as in a ledger.
    """

    count: int
    blank: int
    digest: bytes | None


@runtime_checkable
class Source(Protocol):
    """Where the links of a job come from."""

    @property
    def name(self) -> str:
        """What it is called in messages and reports: a path, or "standard input"."""
        ...

    async def survey(self) -> Survey | None:
        """Read it once, to its end; None where it can be read only once.

        Raises:
            ConfigurationError: It cannot be read; the message says where and why.
        """
        ...

    def blocks(self, size: int) -> AsyncIterator[list[Item]]:
        """Its links from the first to the last, up to ``size`` at a time, never none.

        Raises:
            ConfigurationError: It cannot be read; the message says where and why.
        """
        ...


class Digest:
    """A fingerprint of links, of their order and their bounds; not of how they were cut in blocks.

    Attributes:
        count: How many links went in.
    """

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=DIGEST_SIZE)
        self.count = 0

    def update(self, items: Iterable[Item]) -> None:
        """Take more links in."""
        links = [link.encode("utf-8", "surrogatepass") for _, link in items]
        links.append(b"")
        self.count += len(links) - 1
        self._hash.update(_END_OF_LINK.join(links))

    def digest(self) -> bytes:
        """The fingerprint of what went in so far: 16 bytes of BLAKE2b."""
        return self._hash.digest()


def digest_of(items: Iterable[Item]) -> bytes:
    """The fingerprint of these links alone, such as those of one block."""
    digest = Digest()
    digest.update(items)
    return digest.digest()
