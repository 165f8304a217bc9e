"""How much the emulator takes on: its limits, and what a request has used of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from attrs import define, field, frozen
from attrs.validators import ge

from ._incoming import Incoming

_MIB = 1024 * 1024
# Of a request in the record, beside its texts and its file.
_OVERHEAD = 1000


class TooLarge(Exception):
    """More is asked for than this emulator does; the message says how much."""


@frozen(kw_only=True)
class Limits:
    """What an emulator takes on; the rest it refuses, and says so.

    Attributes:
        body: Bytes of a request's body, with the file in it. Default 64 MiB.
        text: Bytes of a body without a file: a form or JSON. Default 2 MiB.
        patience: Seconds for a request's header, and again for its body, to come.
            Default 60.
        entries: Entries of a list in a request. Default 1,000.
        fetched: Bytes of a file at a link. Default 64 MiB; of all files of a request
            together twice as many.
        fetch_seconds: Seconds for a file at a link. Default 20.
        pixels: Pixels of a picture, of all frames of an animation, and of a result.
            Default 50 million.
        all_pixels: Pixels of all pictures of a request. Default 200 million.
        frames: Frames of an animation. Default 2,000.
        computing: Pictures that are computed at once; more wait. Default 4.
        stored: Bytes of everything that is stored, each file counted with 4 KiB at least.
            Default 4 GiB.
        recorded: Requests in ``Emulator.received``; older ones fall out. Default 100,000.
        recorded_bytes: Bytes of these. Default 256 MiB.
    """

    body: int = field(default=64 * _MIB, validator=ge(1))
    text: int = field(default=2 * _MIB, validator=ge(1))
    patience: float = field(default=60.0, validator=ge(0.0))
    entries: int = field(default=1000, validator=ge(1))
    fetched: int = field(default=64 * _MIB, validator=ge(1))
    fetch_seconds: float = field(default=20.0, validator=ge(0.0))
    pixels: int = field(default=50_000_000, validator=ge(1))
    all_pixels: int = field(default=200_000_000, validator=ge(1))
    frames: int = field(default=2000, validator=ge(1))
    computing: int = field(default=4, validator=ge(1))
    stored: int = field(default=4096 * _MIB, validator=ge(1))
    recorded: int = field(default=100_000, validator=ge(0))
    recorded_bytes: int = field(default=256 * _MIB, validator=ge(0))


@define
class _Used:
    limits: Limits
    pixels: int = 0


_USED: ContextVar[_Used] = ContextVar("pixlab-emulator-limits")


@contextmanager
def within(limits: Limits) -> Generator[None]:
    """Handle a request under these limits, also in the threads that it uses."""
    before = _USED.set(_Used(limits))
    try:
        yield
    finally:
        _USED.reset(before)


def limits() -> Limits:
    """The limits of the request at hand."""
    return _used().limits


def spend(pixels: int) -> None:
    """Let the request hold so many pixels more.

    Raises:
        TooLarge: They are too many together.
    """
    used = _used()
    used.pixels += pixels
    if used.pixels > used.limits.all_pixels:
        raise TooLarge(
            f"the pictures of this request have more than this emulator's "
            f"{used.limits.all_pixels} pixels together"
        )


def _used() -> _Used:
    return _USED.get(None) or _Used(Limits())


class Record(deque[Incoming]):
    """The requests that came in, newest last: so many, and so many bytes, at most."""

    def __init__(self, bounds: Limits) -> None:
        super().__init__(maxlen=bounds.recorded)
        self._most = bounds.recorded_bytes
        self._bytes = 0

    def append(self, incoming: Incoming, /) -> None:
        if len(self) == self.maxlen and self:
            self.popleft()
        super().append(incoming)
        self._bytes += _size(incoming)
        while self and self._bytes > self._most:
            self.popleft()

    def popleft(self) -> Incoming:
        incoming = super().popleft()
        self._bytes -= _size(incoming)
        return incoming

    def clear(self) -> None:
        super().clear()
        self._bytes = 0


def _size(incoming: Incoming) -> int:
    texts = sum(map(len, map(str, incoming.params.values())))
    return _OVERHEAD + len(incoming.file or b"") + len(incoming.query) + texts
