"""A body that aiohttp takes from us chunk by chunk, watched while it goes out.

aiohttp writes a body in a task of its own and sets no time limit on that. Here each chunk
must be taken from us within the time that the wire may be silent, and no call ends while
its source is still being read.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable
from typing import Self, TypeVar

import anyio

from ._seam import Chunks, Content, Request, TransportFault

T = TypeVar("T")

# A body of bytes up to here goes into the socket's buffer at once.
_WHOLE = 64 * 1024
# Bounded, since an await in a clean-up must end.
_GRACE = 5.0


def upload_of(request: Request) -> Upload | None:
    """The request's body where it goes out in chunks, else None."""
    content = request.content
    if is_whole(content):
        return None

    # aiohttp would write a large body in one go, however long that takes.
    chunks = _pieces(content) if isinstance(content, bytes) else content
    return Upload(chunks, request.timeout)


def is_whole(content: Content) -> bool:
    """Whether aiohttp may write the body itself, at once."""
    return isinstance(content, bytes) and len(content) <= _WHOLE


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(content), _WHOLE):
        yield content[begin : begin + _WHOLE]


class Upload:
    """What aiohttp iterates.

    Args:
        chunks: The body.
        timeout: Seconds of silence on the wire that are allowed.
    """

    def __init__(self, chunks: Chunks | AsyncIterator[bytes], timeout: float) -> None:
        self._chunks = chunks
        self._timeout = timeout
        self._scope = anyio.CancelScope()
        self._failure: Exception | None = None
        self._reading: anyio.Event | None = None

    async def sent(self, sending: Awaitable[T]) -> T:
        """Await the sending, within the time that each chunk may take.

        Raises:
            TransportFault: Nothing was taken for longer than that.
            Exception: What the source raised, as it is.
        """
        try:
            with self._scope:
                return await sending
        except TransportFault:
            if self._failure is None:
                raise

        if self._failure is not None:
            raise self._failure.with_traceback(None)

        raise TransportFault("nothing came in time (write)", sent=True, phase="write")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        self._scope.deadline = math.inf  # a slow source is not a silent wire
        self._reading = anyio.Event()
        try:
            chunk = await anext(self._chunks)
        except StopAsyncIteration:
            # Twice: to write the rest, and then for the reply, which aiohttp times itself.
            self._scope.deadline = anyio.current_time() + 2 * self._timeout
            raise
        except Exception as error:
            self._failure = error
            raise
        finally:
            self._reading.set()

        self._scope.deadline = anyio.current_time() + self._timeout
        return chunk

    async def left_alone(self) -> None:
        """Wait until nobody reads the source any more."""
        # Without an await where there is nothing to wait for: a cancellation could come then.
        if self._reading is not None and not self._reading.is_set():
            with anyio.move_on_after(_GRACE, shield=True):
                await self._reading.wait()
