"""What of a request httpx sees and logs, and what goes over the wire.

The request that httpx sees, logs and hangs on its exceptions has neither parameters nor
key. Another one hangs on it that has both, and ``KeyedTransport``, below all of that, sends
that one.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterable, AsyncIterator, Callable
from functools import partial
from typing import Any, Self, TypeAlias, cast

import httpx
from attrs import define, frozen

from .._key import HEADER
from ._seam import Request

# httpx's four, in seconds, by its names.
Timeouts: TypeAlias = dict[str, float | None]

SLOT = "pixlab.slot"
WIRE = "pixlab.wire"


@define(eq=False, repr=False)
class Slot:
    """A transport, and what we may ask of it.

    Attributes:
        transport: Of httpx.
        native: Whether it is a one-connection ``httpx.AsyncHTTPTransport`` of ours, which
            takes the target as it is through httpx's documented ``target`` extension: no
            URL is parsed, no byte is changed. It serves one request at a time.
        used: Whether it has served.
        fresh_until: Until when its connection is taken to be open, on the clock of
            ``time.monotonic``.
        kept: The last request that it sent, where it is native.
    """

    transport: httpx.AsyncBaseTransport
    native: bool = False
    used: bool = False
    fresh_until: float = -math.inf
    kept: Kept | None = None


class _WireRequest(httpx.Request):
    """The request with key and parameters in it; lives below httpx's logging only."""

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, masked)>"


class _WireURL(httpx.URL):
    """A URL that prints as another one.

    For httpx's own transport, which takes a URL's raw parts; whatever is hooked into that
    one, such as a tracer, takes the text.
    """

    def __init__(self, url: httpx.URL, shown: str) -> None:
        super().__init__(url)
        self._shown = shown

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return f"<URL {self}>"


# The libraries under httpx add a timeout to the clock's time whenever they begin to wait. So
# a number that knows how it is added does what else would take a timer for each call, or a
# look at the socket.


class Silence(float):
    """Seconds of silence that are allowed, or as many as there are until the deadline."""

    __slots__ = ("deadline",)

    deadline: float

    def __new__(cls, seconds: float, deadline: float = math.inf) -> Self:
        made = super().__new__(cls, seconds)
        made.deadline = deadline
        return made

    def __radd__(self, now: float) -> float:
        return min(now + float(self), self.deadline)

    __add__ = __radd__  # whichever way round they do it


class Unopened(float):
    """The seconds for opening a connection, where none may be opened."""

    def __radd__(self, now: float) -> float:
        raise httpx.ConnectTimeout("the connection was closed by the host")

    __add__ = __radd__


@frozen(eq=False, repr=False)
class Kept:
    """A request without a body, kept for the next one like it: only the target changes.

    Making httpx's objects anew costs a tenth of a call.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    timeout: float
    outer: httpx.Request
    timeouts: Timeouts

    def fits(self, request: Request) -> bool:
        """Whether the request differs in nothing but its target."""
        return (
            request.url == self.url
            and request.method == self.method
            and request.timeout == self.timeout
            and request.content == b""
            and request.headers == self.headers
        )

    def aim(self, target: str) -> httpx.Request:
        """The request, with that target."""
        self.outer.extensions[WIRE].extensions["target"] = target.encode("ascii")
        return self.outer

    def renew(self, request: Request, patience: Timeouts) -> httpx.Request:
        """The kept request, made the same as that one."""
        self.timeouts["connect"] = patience["connect"]
        cast("Silence", self.timeouts["read"]).deadline = request.deadline
        return self.aim(request.target)


class KeyedTransport(httpx.AsyncBaseTransport):
    """Sends the request with target and key in it in the place of the one that httpx saw."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        slot: Slot = request.extensions[SLOT]
        return await slot.transport.handle_async_request(request.extensions[WIRE])


def wire_request(request: Request, url: httpx.URL, extensions: dict[str, Any]) -> httpx.Request:
    if isinstance(request.content, bytes):
        made = _WireRequest(
            request.method,
            url,
            headers=request.headers,
            content=request.content,
            extensions=extensions,
        )
        if request.content:
            made.stream = _Upload(partial(_Whole, request.content))
        return made

    headers = [("Host", url.netloc.decode("ascii")), *request.headers]
    chunks = request.content
    stream = _Upload(lambda: chunks)
    return _WireRequest(request.method, url, headers=headers, stream=stream, extensions=extensions)


class _Upload(httpx.AsyncByteStream):
    """A body, given by a function that begins it.

    httpx's own are async generators, which a cancellation would leave open.
    """

    def __init__(self, begin: Callable[[], AsyncIterable[bytes]]) -> None:
        self._begin = begin

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._begin())


class _Whole:
    """A body in one piece."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        content, self._content = self._content, b""
        if not content:
            raise StopAsyncIteration

        return content


def outer_request(
    request: Request, slot: Slot, url: httpx.URL, patience: Timeouts
) -> httpx.Request:
    """The request that httpx sees; the one that is sent hangs on it."""
    if slot.kept is not None and slot.kept.fits(request):
        return slot.kept.renew(request, patience)

    target = request.target.encode("ascii")
    if slot.native:
        silence = Silence(request.timeout, request.deadline)
        patience = {**patience, "read": silence, "write": silence}
    extensions: dict[str, Any] = {"timeout": patience}
    if slot.native:
        extensions["target"] = target
    wire_url = url if slot.native else url.copy_with(raw_path=target)
    if request.address is not None:
        extensions["sni_hostname"] = request.server_name
        wire_url = wire_url.copy_with(host=request.address)
    wire = wire_request(request, wire_url, extensions)
    if type(slot.transport) is httpx.AsyncHTTPTransport:  # others may read it, to cache say
        wire.url = _WireURL(wire.url, request.url)
    extensions = {WIRE: wire, SLOT: slot, "timeout": patience}
    outer = httpx.Request(request.method, url, extensions=extensions)
    if slot.native and request.content == b"" and not _holds_key(request.headers):
        slot.kept = Kept(
            request.method, request.url, request.headers, request.timeout, outer, patience
        )
    return outer


def _holds_key(headers: tuple[tuple[str, str], ...]) -> bool:
    return any(name == HEADER for name, _ in headers)
