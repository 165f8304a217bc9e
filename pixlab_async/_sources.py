"""Where a picture comes from: a link that PixLab fetches, or bytes that are uploaded.

``as_source`` sorts what the caller gave; ``Upload.opened`` opens it for one attempt. Files
are read in a thread, a chunk at a time, and never held whole. A source that can be read
from its start again can be repeated; an iterator cannot.
"""

from __future__ import annotations

import inspect
import mimetypes
import os
import stat
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
)
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import IO, Protocol, TypeAlias, TypeGuard, cast

import anyio
import anyio.to_thread
from attrs import field, frozen

from ._bridge import obtained
from ._errors import ConfigurationError
from ._results import Media


class AsyncFile(Protocol):
    """A file whose ``read`` is a coroutine: anyio's, Starlette's ``UploadFile``."""

    async def read(self, size: int, /) -> bytes: ...


# The end of an upload; None could be a mistake of the source's.
END = object()

Source: TypeAlias = (
    str
    | Media
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | IO[bytes]
    | AsyncFile
    | Iterable[bytes]
    | AsyncIterable[bytes]
)

CHUNK = 64 * 1024
_CLOSE_TIMEOUT = 5.0
_UNNAMED = "upload"


@frozen(eq=False)
class Upload:
    """Bytes to be sent as the multipart field ``file``.

    Attributes:
        content: What they are read from.
        filename: The name that goes with them.
        start: Where a seekable file stood when it was given, else None.
    """

    content: (
        os.PathLike[str] | bytes | IO[bytes] | AsyncFile | Iterable[bytes] | AsyncIterable[bytes]
    ) = field(repr=False)
    filename: str
    start: int | None = None

    @property
    def media_type(self) -> str:
        """The content type that the name suggests."""
        return mimetypes.guess_type(self.filename)[0] or "application/octet-stream"

    @property
    def replayable(self) -> bool:
        """Whether it can be sent a second time."""
        if isinstance(self.content, os.PathLike | bytes) or self.start is not None:
            return True

        return not _is_file(self.content) and not isinstance(self.content, Iterator | AsyncIterator)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Opened]:
        """Open it for one attempt.

        Raises:
            ConfigurationError: The file cannot be opened.
        """
        content = self.content
        if isinstance(content, os.PathLike):
            with await obtained(partial(_open, Path(content))) as file:
                yield Opened(_reading(file), _size(file))
        elif isinstance(content, bytes):
            yield Opened(_taking(iter([content])), len(content))
        elif _is_async_file(content):
            yield Opened(lambda: _read(content), None)
        elif _is_file(content):
            length = await anyio.to_thread.run_sync(_rewind, content, self.start)
            yield Opened(_reading(content), length)
        elif isinstance(content, AsyncIterable):
            chunks = aiter(content)
            try:
                yield Opened(lambda: anext(chunks, END), None)
            finally:
                await _close(chunks)
        else:
            # A generator that reads a socket or a disk must not hold up the event loop.
            take = partial(next, iter(cast("Iterable[bytes]", content)), END)
            yield Opened(lambda: _in_thread(take), None)


@frozen(eq=False, repr=False)
class Opened:
    """An upload that is being read.

    Functions and not async generators: one that is left in the middle has no frame that
    somebody would have to close.

    Attributes:
        next: Awaits the next chunk; ``END`` at the end.
        length: Bytes in all, where known.
    """

    next: Callable[[], Awaitable[object]]
    length: int | None


def as_source(given: object) -> str | Upload:
    """The link, or the upload, that the caller means.

    Raises:
        ConfigurationError: It is neither, or a string that is no http(s) URL.
    """
    if isinstance(given, Media):
        return given.link

    if isinstance(given, str):
        return _link(given)

    if isinstance(given, os.PathLike):
        path = Path(cast("os.PathLike[str]", given))
        return Upload(path, path.name)

    if isinstance(given, bytes | bytearray | memoryview):
        return Upload(bytes(cast("bytes", given)), _UNNAMED)

    if _is_async_file(given):
        return Upload(given, _name_of(given))

    if _is_file(given):
        return Upload(given, _name_of(given), _position(given))

    if isinstance(given, AsyncIterable | Iterable):
        # What its items are shows when they come; see ``Multipart``.
        return Upload(cast("Iterable[bytes]", given), _UNNAMED)

    raise ConfigurationError(
        f"A source must be an http(s) URL, a Media, a Path, bytes, a binary file or an iterable "
        f"of bytes, not {type(given).__name__}."
    )


def check_link(link: object, what: str) -> str:
    """The link, byte for byte, where it can be sent.

    Raises:
        ConfigurationError: It is empty, too long, or has characters that no link has.
    """
    if not isinstance(link, str):
        raise ConfigurationError(f"The {what} must be a str, not {type(link).__name__}.")

    if not link:
        raise ConfigurationError(f"The {what} is empty.")

    if len(link) > _LONGEST_LINK:
        raise ConfigurationError(
            f"The {what} has {len(link):,} characters; servers take {_LONGEST_LINK:,} at most."
        )

    # Whether the service reads "+" as a space in a query is not known, so a raw space
    # could name another picture than the one meant.
    if not link.isprintable() or " " in link:
        raise ConfigurationError(
            f"The {what} has spaces or control characters: percent-encode them, or strip the "
            f"line end where it was read from a file."
        )

    return link


_LONGEST_LINK = 4096


def _link(given: str) -> str:
    if not given.lower().startswith(("http://", "https://")):
        raise ConfigurationError(
            "A source that is a str must be an http(s) URL. For a local file pass "
            "pathlib.Path(...), for text that is no address encode it to bytes."
        )

    return check_link(given, "source's URL")


def _is_file(given: object) -> TypeGuard[IO[bytes]]:
    return callable(getattr(given, "read", None))


def _name_of(file: object) -> str:
    name = getattr(file, "name", None) or getattr(file, "filename", None)
    return Path(name).name or _UNNAMED if isinstance(name, str) else _UNNAMED


def _position(file: IO[bytes]) -> int | None:
    try:
        return file.tell() if file.seekable() else None
    except (AttributeError, OSError, ValueError):
        return None


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"The source {str(path)!r} cannot be read: {reason}.") from error


def _rewind(file: IO[bytes], start: int | None) -> int | None:
    """Put a seekable file to where it stood; the bytes from there to its end."""
    if start is None:
        return None

    end = file.seek(0, os.SEEK_END)
    file.seek(start)
    return end - start


def _size(file: IO[bytes]) -> int | None:
    """The file's length, where it is a file that has one: not a pipe, not one of /proc."""
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) and status.st_size else None


def _is_async_file(given: object) -> TypeGuard[AsyncFile]:
    return inspect.iscoroutinefunction(getattr(given, "read", None))


async def _read(file: AsyncFile) -> object:
    return await file.read(CHUNK) or END


def _reading(file: IO[bytes]) -> Callable[[], Awaitable[object]]:
    read = partial(file.read, CHUNK)

    async def chunk() -> object:
        return await _in_thread(read) or END

    return chunk


async def _in_thread(function: Callable[[], object]) -> object:
    # A pipe that is silent must not outlast the deadline. The thread ends when it speaks.
    return await anyio.to_thread.run_sync(function, abandon_on_cancel=True)


def _taking(chunks: Iterator[bytes]) -> Callable[[], Awaitable[object]]:
    async def take() -> object:
        return next(chunks, END)

    return take


async def _close(chunks: AsyncIterator[bytes]) -> None:
    if isinstance(chunks, AsyncGenerator):
        with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
            await chunks.aclose()
