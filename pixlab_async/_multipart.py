"""A multipart/form-data body with fields and one file, written while it is sent.

httpx's own encoder reads files on the event loop and cannot take async iterables, hence
this one. Pure but for the chunks it is given.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Self, cast

from ._errors import ConfigurationError
from ._sources import END, Opened, Upload

FIELD = "file"


class Multipart:
    """The body, iterable once.

    Attributes:
        headers: Content type, and the length where the upload's is known.
        failure: What the source raised while it was read, with the source's own frames.
    """

    def __init__(self, fields: Sequence[tuple[str, str]], upload: Upload, opened: Opened) -> None:
        boundary = os.urandom(16).hex()
        self.failure: Exception | None = None
        self._next_chunk = opened.next
        self._head: bytes | None = _head(boundary, fields, upload)
        self._tail: bytes | None = f"\r\n--{boundary}--\r\n".encode()
        self.headers = [("Content-Type", f"multipart/form-data; boundary={boundary}")]
        if opened.length is None:
            self.headers.append(("Transfer-Encoding", "chunked"))
        else:
            length = len(self._head) + opened.length + len(self._tail)
            self.headers.append(("Content-Length", str(length)))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._head is not None:
            head, self._head = self._head, None
            return head

        if self._tail is None:
            raise StopAsyncIteration

        chunk = await self._chunk()
        if chunk is not None:
            return chunk

        tail, self._tail = self._tail, None
        return tail

    async def _chunk(self) -> bytes | None:
        try:
            chunk = await self._next_chunk()
        except Exception as error:
            # Kept apart: on its way up it would collect frames that hold the head, and
            # with it the key.
            self.failure = error
        else:
            if chunk is END:
                return None

            if isinstance(chunk, bytes):
                return chunk

            if isinstance(chunk, bytearray | memoryview):
                return bytes(cast("bytearray", chunk))

            self.failure = ConfigurationError(
                f"The source gave {type(chunk).__name__} where bytes are wanted: open files in "
                f"binary mode, encode text."
            )
        raise SourceFailed


class SourceFailed(Exception):
    """The upload's source raised; what it raised is in ``Multipart.failure``."""


def _head(boundary: str, fields: Sequence[tuple[str, str]], upload: Upload) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{FIELD}"; '
        f'filename="{_quoted(upload.filename)}"\r\nContent-Type: {upload.media_type}\r\n\r\n'
    )
    # "replace": a file's name may hold bytes that are no text; the fields were checked.
    return "".join(parts).encode(errors="replace")


def _quoted(filename: str) -> str:
    """As browsers do it (the HTML standard's multipart encoding)."""
    return filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
