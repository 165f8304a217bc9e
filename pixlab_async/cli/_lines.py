"""Standard input and files, read so that a signal can still end the command.

Links, one per line, are read as they are needed and never collected.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import BinaryIO

import anyio
from anyio.from_thread import run_sync
from anyio.lowlevel import current_token

from .._errors import ConfigurationError

_CHUNK = 64 * 1024
# Characters. Far above any link, and far below what would hurt.
_LONGEST_LINE = 1024 * 1024
# Bytes: what a download takes too.
_LARGEST = 256 * 1024 * 1024


async def links_from(stream: BinaryIO) -> AsyncGenerator[str]:
    """The lines of the stream that are not blank, without white space around them.

    What is no UTF-8 is kept as lone surrogates, with which no link can be sent.

    Raises:
        ConfigurationError: It cannot be read, or a line has no end.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    rest = ""
    while chunk := await _read(stream):
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in lines:
            if link := line.strip():
                yield link
        if len(rest) > _LONGEST_LINE:
            raise ConfigurationError("A line of the input has over a million characters.")

    if link := (rest + decoder.decode(b"", final=True)).strip():
        yield link


def standard_input() -> BinaryIO:
    """The bytes of standard input, without a buffer that a thread could hold locked."""
    buffer = sys.stdin.buffer
    raw: BinaryIO = getattr(buffer, "raw", buffer)
    return raw


async def everything(stream: BinaryIO) -> bytes:
    """All bytes of the stream.

    Raises:
        ConfigurationError: It cannot be read, or there are more than a picture can have.
    """
    chunks: list[bytes] = []
    length = 0
    while chunk := await _read(stream):
        chunks.append(chunk)
        length += len(chunk)
        if length > _LARGEST:
            raise ConfigurationError(f"Standard input has over {_LARGEST:,} bytes.")

    return b"".join(chunks)


async def contents(path: Path) -> bytes:
    """The bytes of a file, which may be a pipe.

    Raises:
        ConfigurationError: It cannot be read.
    """
    return await _patiently(path.read_bytes, f"The file {str(path)!r}")


async def _read(stream: BinaryIO) -> bytes:
    """The next bytes there are."""
    return await _patiently(lambda: stream.read(_CHUNK) or b"", "Standard input")


async def _patiently(read: Callable[[], bytes], what: str) -> bytes:
    """What a function reads that may wait for ever.

    In a daemon thread of its own: one of anyio's would keep the process from ending after a
    signal, until somebody types another line.
    """
    arrived = anyio.Event()
    chunks: list[bytes] = []
    errors: list[Exception] = []
    token = current_token()

    def tell(report: Callable[[], None]) -> None:
        with suppress(anyio.RunFinishedError):  # the command has ended meanwhile
            run_sync(report, token=token)

    def work() -> None:
        try:
            chunks.append(read())
        except (OSError, ValueError) as error:  # ValueError: a path with a null character
            errors.append(error)
        tell(arrived.set)

    Thread(target=work, name="pixlab-reading", daemon=True).start()
    await arrived.wait()
    if errors:
        reason = getattr(errors[0], "strerror", None) or errors[0]
        raise ConfigurationError(f"{what} cannot be read: {reason}.") from errors[0]

    return chunks[0]
