"""The seam between the protocol and the wire: a Request goes down, a Reply comes up.

Everything above knows only these types; everything below knows only how to move bytes.
A Request holds the key and private links, so it prints as method and endpoint and
refuses to be pickled.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NoReturn, Protocol, TypeAlias, runtime_checkable
from urllib.parse import urlsplit

from attrs import define, field

from .._errors import Phase


class Chunks(Protocol):
    """A request's body that is made while it is sent: an async iterator of its chunks."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __anext__(self) -> bytes: ...


Content: TypeAlias = bytes | Chunks

# What a fault says where no resolver knows the host.
UNKNOWN_HOST = (
    "the host's name was not found: see that the address is right, and whether a proxy is needed"
)


class Request:
    """One HTTP request, ready for the wire.

    No attrs class: what shows or dumps such classes field by field would tell the key.

    Attributes:
        method: "GET" or "POST".
        endpoint: The endpoint's name, such as "oilpaint".
        url: Scheme, host and path: no parameter in it, safe to be logged.
        target: Path and query as they go on the wire, percent-encoded.
        headers: Header fields, names and values.
        content: The body: whole, or in chunks. Its length is in ``headers`` if known.
        limit: Bytes of reply body to read at most, after decompression too.
        timeout: Seconds of silence on the wire that are allowed.
        deadline: When the reply must be whole, on the event loop's clock. Infinite where
            that is seen to from above.
        address: The IP address to connect to, and no other, where the host of ``url`` was
            looked up already; it is still the name that TLS and ``Host`` say.
    """

    __slots__ = (
        "address",
        "content",
        "deadline",
        "endpoint",
        "headers",
        "limit",
        "method",
        "target",
        "timeout",
        "url",
    )

    def __init__(
        self,
        method: str,
        endpoint: str,
        url: str,
        target: str,
        headers: tuple[tuple[str, str], ...],
        content: Content,
        limit: int,
        timeout: float,
        deadline: float = math.inf,
        address: str | None = None,
    ) -> None:
        self.method = method
        self.endpoint = endpoint
        self.url = url
        self.target = target
        self.headers = headers
        self.content = content
        self.limit = limit
        self.timeout = timeout
        self.deadline = deadline
        self.address = address

    @property
    def server_name(self) -> str | None:
        """What TLS is to ask for and to check, where that is not what is connected to."""
        if self.address is None:
            return None

        return (urlsplit(self.url).hostname or "").removesuffix(".")

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Request holds the API key and is never pickled or copied.")

    def __getstate__(self) -> NoReturn:
        self.__reduce__()


@define(repr=False, eq=False)
class Reply:
    """One HTTP reply, read to its end and decompressed. It prints without its contents.

    Attributes:
        status: The HTTP status.
        headers: Header fields; looked up with names in lower case.
        body: The whole body, no longer than the request's ``limit``.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.body)} bytes>"


class TransportFault(Exception):
    """The wire failed; the layers above decide what that means for the call.

    Attributes:
        message: What happened, in a sentence that holds no parameter.
        sent: Whether any byte of the request may have reached the host.
        phase: What timed out, or None where nothing did.
        stale: True where a connection that had served before broke before any reply.
        permanent: True where repeating cannot help, as with a bad certificate.
        unreadable: True where a reply came but cannot be taken: too long, badly encoded.
        http_status: The HTTP status where one was seen, else 0.
    """

    def __init__(
        self,
        message: str,
        *,
        sent: bool,
        phase: Phase | None = None,
        stale: bool = False,
        permanent: bool = False,
        unreadable: bool = False,
        http_status: int = 0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent
        self.phase: Phase | None = phase
        self.stale = stale
        self.permanent = permanent
        self.unreadable = unreadable
        self.http_status = http_status


def deadline_fault(*, http_status: int = 0) -> TransportFault:
    """What it means that a request did not end in time; whether it was sent is not asked then."""
    return TransportFault(
        "no whole reply before the call's deadline",
        sent=True,
        phase="deadline",
        http_status=http_status,
    )


class Stream(Protocol):
    """A file that is being fetched: its status, headers, and its bytes as they come."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    async def read(self) -> bytes:
        """The next bytes; none at the end."""
        ...


@runtime_checkable
class Transport(Protocol):
    """Moves requests over the wire. Implement it to bring another HTTP stack.

    The client calls ``send`` at most ``connections`` times at once, each in a task of its
    own that may be cancelled at any await, and only from one event loop. That task is always
    cancelled through a scope of anyio's. A transport which no cancellation harms, asyncio's
    own included, may have an attribute ``cancel_safe`` that is true: then it is called in
    the task of whoever makes the call, which takes less time; unless the call is not to be
    repeated, so that its reply must not be lost. Such a one may also have an
    attribute ``keeps_deadline`` that is true: then it ends each request at its ``deadline`` by
    itself, with a ``TransportFault`` of the phase "deadline". One that opens its connections
    itself should have the methods of ``Resolving``.
    """

    def send(self, request: Request) -> Awaitable[Reply]:
        """Send one request, read the whole reply. An async method, as a rule.

        Never follows a redirect, never repeats by itself, sends ``target`` byte for byte.

        Raises:
            TransportFault: No reply, or one that cannot be read.
        """
        ...

    def fetch(self, url: str, *, timeout: float) -> AbstractAsyncContextManager[Stream]:
        """GET any URL without key, cookies or redirects, and stream what comes.

        Args:
            url: The whole URL.
            timeout: Seconds of silence on the wire that are allowed.

        Raises:
            TransportFault: No reply, or it broke off.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


@runtime_checkable
class Resolving(Transport, Protocol):
    """A transport that looks names up itself, so that addresses can be judged in between.

    A link may have a name that leads into the network which this machine is in. With any
    other transport, such as one through a proxy, only what the link itself says is judged.
    """

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The IP addresses of a host, the best first.

        Raises:
            OSError: It has none, or nobody knows.
        """
        ...

    def fetch(
        self, url: str, *, timeout: float, address: str | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """The same as ``Transport.fetch``, connecting to the address where one is given.

        It is not looked up again then: the host's name goes into TLS and ``Host`` alone.
        """
        ...
