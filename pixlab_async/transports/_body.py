"""A reply's body, read up to a limit: pure, fed with chunks as they come off the wire.

The limit holds before and after decompression, so that neither an endless body nor a
small one that unpacks to gigabytes takes the program down. Only gzip is unpacked, since
only gzip is asked for; a gzip body that ends early is a broken reply, not a short one.
"""

from __future__ import annotations

import zlib

from ._seam import TransportFault

# So much is unpacked, and so many chunks are taken, before other tasks have their turn.
_STEP = 1024 * 1024
_CHUNKS = 100
_GZIP = 16 + zlib.MAX_WBITS  # zlib's number for "gzip header and trailer, largest window"


class BodyReader:
    """Collects one body: ``feed`` a chunk, and give other tasks a turn while it ``goes_on``.

    Args:
        limit: The most bytes to take.
        coding: The reply's Content-Encoding, or "".
        http_status: For the fault's message.

    Raises:
        TransportFault: The coding is neither gzip nor none.
    """

    def __init__(self, limit: int, coding: str = "", *, http_status: int = 0) -> None:
        coding = coding.strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise TransportFault(
                f"the reply is encoded as {coding[:40]!r}, which was not asked for",
                sent=True,
                unreadable=True,
                http_status=http_status,
            )

        self._left = limit
        self._limit = limit
        self._status = http_status
        self._parts: list[bytes] = []
        self._started = False
        self._fed = 0
        self._unpack = zlib.decompressobj(_GZIP) if coding.endswith("gzip") else None

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk.

        Raises:
            TransportFault: The body is over the limit, or is no gzip.
        """
        self._started = True
        self._fed += 1
        if self._unpack is not None:
            chunk = self._unpacked(chunk)
        self._left -= len(chunk)
        if self._left < 0:
            raise self._fault(f"the reply is over the limit of {self._limit:,} bytes")

        if chunk:
            self._parts.append(chunk)

    def goes_on(self) -> bool:
        """Unpack more of the last chunk, if there is more; whether others should have a turn.

        Raises:
            TransportFault: As ``feed``.
        """
        if self._unpack is not None and self._unpack.unconsumed_tail:
            self.feed(b"")
            return True

        if self._fed < _CHUNKS:
            return False

        self._fed = 0
        return True

    def finish(self) -> bytes:
        """The whole body, after the last chunk, once it no longer goes on.

        Raises:
            TransportFault: A gzip body ended before its end, or goes on after it.
        """
        if self._unpack is not None and self._started:
            if not self._unpack.eof:
                raise self._fault("the reply's gzip body breaks off")

            if self._unpack.unused_data:
                raise self._fault("the reply's gzip body goes on after its end")

        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _unpacked(self, chunk: bytes) -> bytes:
        assert self._unpack is not None
        try:
            # One byte more than is left shows that there is more than is allowed.
            return self._unpack.decompress(
                self._unpack.unconsumed_tail + chunk, min(self._left + 1, _STEP)
            )
        except zlib.error:
            raise self._fault("the reply calls itself gzip but is not") from None

    def _fault(self, message: str) -> TransportFault:
        return TransportFault(message, sent=True, unreadable=True, http_status=self._status)
