"""Standard input as links, one per line: read as they are needed, and never collected."""

from __future__ import annotations

import codecs
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from threading import Thread
from typing import BinaryIO

import anyio
from anyio.from_thread import run_sync
from anyio.lowlevel import current_token

from .._errors import ConfigurationError

_CHUNK = 64 * 1024
# Characters. Far above any link, and far below what would hurt.
_LONGEST_LINE = 1024 * 1024


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


async def _read(stream: BinaryIO) -> bytes:
    """The next bytes there are.

    In a daemon thread of its own: one of anyio's would keep the process from ending after a
    signal, until somebody types another line.
    """
    arrived = anyio.Event()
    chunks: list[bytes] = []
    errors: list[OSError] = []
    token = current_token()

    def tell(report: Callable[[], None]) -> None:
        with suppress(anyio.RunFinishedError):  # the command has ended meanwhile
            run_sync(report, token=token)

    def read() -> None:
        try:
            chunks.append(stream.read(_CHUNK) or b"")
        except OSError as error:
            errors.append(error)
        tell(arrived.set)

    Thread(target=read, name="pixlab-stdin", daemon=True).start()
    await arrived.wait()
    if errors:
        reason = errors[0].strerror or errors[0]
        raise ConfigurationError(f"Standard input cannot be read: {reason}.") from errors[0]

    return chunks[0]
