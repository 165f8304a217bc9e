"""Links in files: what all kinds have in common, and the plain list with one link per line.

Files are read in threads, a block at a time, and never held whole. What is wrong with one is
told with its path and line.
"""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from anyio import to_thread
from anyio.from_thread import check_cancelled
from attrs import field, frozen

from .._errors import ConfigurationError
from ._items import Digest, Item, Survey

_CHUNK = 256 * 1024
# Bytes. Far above any link, and far below what would hurt.
LONGEST_LINE = 1024 * 1024
# Links between two looks at whether a survey was cancelled.
STRIDE = 8192
_BOM = b"\xef\xbb\xbf"


# Makes the error of a line's number and what is wrong with it.
Bad = Callable[[int, str], ConfigurationError]


def _path(given: str | Path) -> Path:
    path = Path(given)
    try:
        named = os.fsencode(path)
    except UnicodeEncodeError:
        named = b"\0"
    if b"\0" in named:
        raise ConfigurationError(f"No file can have the path {str(path)!r}. Check its spelling.")

    return path


@frozen
class FileSource(ABC):
    """A file that can be read again. What kind it is, ``_items`` knows.

    Attributes:
        path: The file. One that ends with ``.gz`` is unpacked while it is read.
    """

    path: Path = field(converter=_path)

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @abstractmethod
    def _items(self) -> Iterator[Item]:
        """Its links, in a thread; an empty one for each blank line."""

    async def survey(self) -> Survey:
        """Read it once, to its end.

        Raises:
            ConfigurationError: It cannot be read; the message says where and why.
        """
        return await to_thread.run_sync(self._survey)

    def _survey(self) -> Survey:
        digest, blank = Digest(), 0
        items = self._items()
        while rows := list(islice(items, STRIDE)):
            check_cancelled()
            links = [item for item in rows if item.link]
            blank += len(rows) - len(links)
            digest.update(links)
        return Survey(digest.count, blank, digest.digest())

    async def blocks(self, size: int) -> AsyncGenerator[list[Item]]:
        """Its links from the first to the last, up to ``size`` at a time.

        Raises:
            ConfigurationError: It cannot be read; the message says where and why.
        """
        links = (item for item in self._items() if item.link)
        try:
            while block := await to_thread.run_sync(lambda: list(islice(links, size))):
                yield block
        finally:
            links.close()

    def _bad(self, number: int, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{self.name}, line {number:,}: {problem}")


@frozen
class TextFile(FileSource):
    """One link per line, in UTF-8, with or without a byte order mark.

    Lines end with LF or CRLF. White space around a link does not count, and blank lines are
    skipped.
    """

    def _items(self) -> Iterator[Item]:
        new = Item._make
        for number, lines in self._lines():
            yield from map(new, enumerate(map(str.strip, lines), number))

    def _lines(self) -> Generator[tuple[int, list[str]]]:
        """Runs of whole lines, each with the number of its first; line ends are taken off."""
        with opened(self.path) as file:
            yield from decoded(file, self._bad)


def decoded(file: BinaryIO, bad: Bad) -> Generator[tuple[int, list[str]]]:
    """Runs of whole lines in UTF-8, each with the number of its first, without their LF.

    Args:
        file: Where to read.
        bad: Makes the error of a line's number and what is wrong with it.
    """
    number, rest = 1, file.read(len(_BOM)).removeprefix(_BOM)
    while chunk := file.read(_CHUNK):
        data = rest + chunk
        # Of the lines that begin in a chunk, none is longer than it.
        if len(data) > LONGEST_LINE and data.find(b"\n", 0, LONGEST_LINE + 1) < 0:
            raise bad(number, "it has over a million characters, so this is no list of links.")

        whole, end, rest = data.rpartition(b"\n")
        if end:
            lines = _text(whole, number, bad).split("\n")
            yield number, lines
            number += len(lines)

    if rest:
        yield number, _text(rest, number, bad).split("\n")


def _text(data: bytes, number: int, bad: Bad) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:  # which holds the links: not chained
        line = number + data.count(b"\n", 0, error.start)
        problem = bad(line, "it is no text in UTF-8. Save the file as UTF-8.")
    else:
        null = text.find("\0")
        if null < 0:
            return text

        problem = bad(number + text.count("\n", 0, null), "it holds a null character.")

    raise problem


@contextmanager
def opened(path: Path) -> Generator[BinaryIO]:
    """The file, to be read from its start.

    Raises:
        ConfigurationError: It cannot be opened, or not be read while the block runs.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigurationError(
                f"{str(path)!r} is no regular file, so it cannot be read twice. Pass - and give "
                f"it on standard input: < {path}"
            )

        is_packed = path.suffix.lower() == ".gz"
        with gzip.open(path) if is_packed else path.open("rb") as file:
            yield cast("BinaryIO", file)  # a GzipFile lacks only its name
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"The file {str(path)!r} cannot be read: {reason}. Check its path and permissions."
        ) from error
