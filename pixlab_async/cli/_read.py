"""Standard input and files as one piece, read so that a signal can still end the command."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from .._errors import ConfigurationError
from .._patience import patiently

_CHUNK = 64 * 1024
# Bytes: what a download takes too.
_LARGEST = 256 * 1024 * 1024


async def everything(stream: BinaryIO) -> bytes:
    """All bytes of the stream.

    Raises:
        ConfigurationError: It cannot be read, or there are more than a picture can have.
    """
    chunks: list[bytes] = []
    length = 0
    while chunk := await patiently(lambda: stream.read(_CHUNK) or b"", "Standard input"):
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
    return await patiently(path.read_bytes, f"The file {str(path)!r}")
