"""``AsyncPixLab``: what the user holds. Lifetime and options; nothing of HTTP, no policy.

Everything that a call needs is in ``Core`` (shared by derived clients) and ``Options``
(each client's own); ``_exchange`` makes the call.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self, TypeVar

import anyio
from attrs import frozen

from . import _origin
from ._bulk import CONCURRENCY, DeleteMany, Links
from ._catalogue import Endpoint
from ._download import LIMIT, download
from ._errors import ConfigurationError
from ._exchange import Core, Track, exchange
from ._gate import Gate, Priority
from ._key import KeySource, from_environment, guard
from ._options import SHOWN, Options, checked
from ._origin import BaseURL
from ._pacer import Pacer, per_minute
from ._protocol import Auth, Call, Parameter
from ._results import Blob, Deletion, Media
from ._retry import RetryPolicy
from ._sources import Source
from ._temporary import GRACE, temporary
from .endpoints import Effects, Service, Storage
from .endpoints._group import P, blob_call, media_call
from .transports import TransportChoice, make_transport

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
R = TypeVar("R")

CONNECTIONS = 100
TIMEOUT = 60.0
DEADLINE = 300.0


@frozen
class Stats:
    """A client's state at one moment, connections and limits shared with derived clients.

    Attributes:
        connections: Requests that may be under way at once.
        in_use: Requests that are under way.
        queued: Calls that wait for a connection or for the rate limit.
        calls: Calls made so far.
        retries: Attempts beyond the first.
        rate_limited: Answers with status 429.
        limit_per_minute: The rate limit, pinned or learnt; None while none is known.
        paused_for: Seconds of the present rate-limit pause that are left.
    """

    connections: int
    in_use: int
    queued: int
    calls: int
    retries: int
    rate_limited: int
    limit_per_minute: float | None
    paused_for: float


class Pictures(Effects[P]):
    """Every endpoint that makes a picture, whatever it returns."""


class BlobPictures(Pictures[Blob]):
    """The endpoints that make a picture, answering with its bytes: ``client.blob``."""

    def __init__(self, client: AsyncPixLab) -> None:
        self._client = client

    async def send(self, call: Call[T]) -> T:
        return await self._client.send(call)

    def _picture_call(
        self, endpoint: Endpoint, source: Source, params: dict[str, Parameter]
    ) -> Call[Blob]:
        return blob_call(endpoint, source, params)


class AsyncPixLab(Pictures[Media], Storage, Service):
    """A client of the PixLab web API, for asyncio and trio.

    Making one does no I/O. Its first use, ``async with`` or a call, binds it to the event
    loop in which it happens; connections open as they are needed. Close them with
    ``async with`` or ``aclose()``. Any number of tasks may use one client at once.

    Args:
        api_key: The key: a text, an ``APIKey``, or a callable (plain or async) that is
            asked for each call, for keys that rotate. Default: the key that ``base_url``
            or ``http_client`` carries, else the environment's PIXLAB_API_KEY.
        base_url: Where the service is, as https://host or https://host/prefix; plain http
            for this machine only. May carry ``?key=``. Default: PIXLAB_BASE_URL, else
            https://api.pixlab.io.
        auth: Where the key goes: "query" (default; the vendor's advice: the query, form or
            JSON parameter ``key``) or "header" (``WWW-Authenticate``).
        connections: Requests that are under way at once, at most. Others wait their turn.
            Default 100.
        timeout: Seconds of silence that are allowed while connecting (10 at most there),
            sending and receiving. Default 60.
        deadline: Seconds for a whole call: waiting, all attempts and the reply's body.
            Each attempt's own limit in ``delete_many``. None for no limit. Default 300.
        retry: When a failed call is sent again. Default ``RetryPolicy()``.
        rate: The requests per minute that are allowed, such as "600/min" or "10/s". By
            default nothing is paced until the service answers 429, then its limit is
            learnt.
        transport: "httpx" (default), an ``httpx.AsyncBaseTransport`` (for a proxy or
            special TLS), or an object with the methods of ``transports.Transport``. It is
            closed with the client.
        http_client: An ``httpx.AsyncClient`` to send with, which stays yours to close. Its
            own log lines would show a key in the query, so it needs ``auth="header"``.

    Raises:
        ConfigurationError: An argument cannot be used; the message says the mend.
    """

    def __init__(
        self,
        *,
        api_key: KeySource | None = None,
        base_url: str | None = None,
        auth: Auth = "query",
        connections: int = CONNECTIONS,
        timeout: float = TIMEOUT,
        deadline: float | None = DEADLINE,
        retry: RetryPolicy | None = None,
        rate: str | None = None,
        transport: TransportChoice = "httpx",
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        # First of all, so that no frame of an error below holds a key's text.
        key = None if api_key is None else guard(api_key)
        api_key = None
        base = None if base_url is None else BaseURL.parse(base_url)
        base_url = None

        if not isinstance(connections, int) or connections < 1:
            raise ConfigurationError(f"connections must be 1 or more, not {connections!r}.")

        if http_client is not None:
            carried = _carried_by(http_client, auth, transport)
            base = base or carried
            key = key or carried.key
        base = base or _origin.from_environment()
        key = key or base.key or from_environment()
        pacer = Pacer(None if rate is None else per_minute(rate))
        options = Options(key, auth, timeout, deadline, retry or RetryPolicy())
        self._options = checked(options, hides_query=http_client is None)
        self._core = Core(
            base.require(),
            make_transport(transport, http_client),
            Gate(connections, pacer),
            Gate(connections, Pacer()),
            hides_query=http_client is None,
        )
        self._owner = True

    async def __aenter__(self) -> Self:
        self._core.check()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. Calls that wait for one end with ``ConfigurationError``.

        A derived client shares its parent's connections and leaves them open. Closing
        twice is fine.
        """
        if not self._owner or self._core.closed:
            return

        self._core.closed = True
        self._core.gate.close()
        self._core.downloads.close()
        if self._core.used and not self._core.here:
            return  # its event loop is gone, and the connections with it

        with anyio.CancelScope(shield=True):  # bounded: closing a connection is
            await self._core.transport.aclose()

    async def close(self) -> None:
        """The same as ``aclose()``."""
        await self.aclose()

    def __del__(self) -> None:
        # Half-made where __init__ raised.
        core: Core | None = getattr(self, "_core", None)
        if core is not None and self._owner and core.used and not core.closed:
            warnings.warn(
                "An AsyncPixLab was never closed: use `async with`, or await its aclose().",
                ResourceWarning,
                source=self,
                stacklevel=1,
            )

    def __repr__(self) -> str:
        # Also asked of half-made clients, by whoever shows the variables of a traceback.
        core: Core | None = getattr(self, "_core", None)
        return f"<AsyncPixLab {core.origin if core else 'unfinished'}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "An AsyncPixLab holds a key and open connections and is never pickled or copied: "
            "make one in each process."
        )

    def with_options(
        self,
        *,
        api_key: KeySource | None = None,
        auth: Auth | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
    ) -> AsyncPixLab:
        """A client with other options, over the same connections and the same rate limit.

        For another tenant's key, or for one call with more patience. It needs no closing.

        Args:
            api_key: As in the constructor; None keeps this client's, like all the others.
            auth: As in the constructor.
            timeout: Seconds, as in the constructor.
            deadline: Seconds, as in the constructor; ``math.inf`` for no limit.
            retry: As in the constructor.

        Raises:
            ConfigurationError: An argument cannot be used; the message says the mend.
        """
        key = None if api_key is None else guard(api_key)
        api_key = None
        own = self._options
        options = Options(
            own.key if key is None else key,
            own.auth if auth is None else auth,
            own.timeout if timeout is None else timeout,
            own.deadline if deadline is None else deadline,
            own.retry if retry is None else retry,
        )
        checked(options, hides_query=self._core.hides_query)
        derived = object.__new__(AsyncPixLab)
        derived._core, derived._options, derived._owner = self._core, options, False
        return derived

    @property
    def blob(self) -> BlobPictures:
        """The same picture endpoints, answering with the bytes: nothing is stored."""
        return BlobPictures(self)

    def stats(self) -> Stats:
        """The client's state now. Call it inside the event loop."""
        core = self._core
        return Stats(
            connections=core.gate.capacity,
            in_use=core.gate.in_use,
            queued=core.gate.queued,
            calls=core.calls,
            retries=core.retries,
            rate_limited=core.gate.pacer.refusals,
            limit_per_minute=core.gate.pacer.limit,
            paused_for=core.gate.pacer.paused_for(anyio.current_time()),
        )

    async def send(self, call: Call[T]) -> T:
        """Make one call; every method goes this way."""
        return await exchange(self._core, call, self._options)

    def temporary(
        self, making: Awaitable[Media], *, grace: float = GRACE
    ) -> AbstractAsyncContextManager[Media]:
        """Make a picture, use it in the ``async with`` block, and have it deleted.

        It is deleted however the block ends. A cancellation that strikes while it is
        being made waits until its link is known, deletes it, and then goes on.

        Args:
            making: What makes it, such as ``pixlab.oilpaint(path, radius=3)``.
            grace: Seconds that a cancelled caller waits for the link, and then for the
                deletion, at most. Default 30.

        Raises:
            CleanupFailed: The deletion could not be confirmed; ``error.media`` may still
                be stored. (Over a cancellation it is logged instead.)
            PixLabError: The picture could not be made.
        """
        return temporary(making, self._delete_if_there, grace)

    async def generate_then_delete(
        self,
        making: Awaitable[Media],
        use: Callable[[Media], Awaitable[R]],
        *,
        grace: float = GRACE,
    ) -> R:
        """Make a picture, await ``use(media)``, delete the picture, return use's result.

        Args:
            making: What makes it, such as ``pixlab.oilpaint(path, radius=3)``.
            use: An async function that is given the stored picture.
            grace: As in ``temporary``.

        Raises:
            CleanupFailed: As in ``temporary``.
            PixLabError: The picture could not be made.
        """
        async with self.temporary(making, grace=grace) as media:
            return await use(media)

    async def download(
        self,
        media: Media | str,
        destination: str | os.PathLike[str],
        *,
        max_bytes: int = LIMIT,
    ) -> Path:
        """Fetch a stored picture into a file.

        The key is not sent. The file appears under its name when it is whole, and not
        before; one that is there is replaced then.

        Args:
            media: The picture, or its link: https, or http to this machine.
            destination: The file's path; its folder must exist.
            max_bytes: The largest file to take. Default 256 MiB.

        Returns:
            The file's path.

        Raises:
            ConfigurationError: The link or the destination cannot be used.
            NotFound: Nothing is at the link.
            UnreadableReply: The file is larger than allowed.
            PixLabError: Any other failure, see the error tree.
        """
        link = _secure_link(media) if isinstance(media, Media) else media
        path = Path(destination)
        return await download(self._core, self._options, link, path, limit=max_bytes)

    def delete_many(self, links: Links, *, concurrency: int = CONCURRENCY) -> DeleteMany:
        """Delete any number of links; iterate the result for one outcome each.

        Links are taken from the iterable as they are needed and never collected. One bad
        link does not stop the others. A cause that they all share does (401, 405, no key):
        no further link is taken, what is under way ends, its outcomes are given, and then
        the error is raised.

        A plain ``async for`` gets outcomes about once a second, and none while an async
        iterable is waited for. Where links trickle in, or the loop is slow, write ``async
        with pixlab.delete_many(links) as batch: async for outcome in batch``: deletions then
        go on in the background, until the block is left.

        Args:
            links: Links, ids or ``Media``: any iterable or async iterable.
            concurrency: Deletions under way at once, at most. Default 10.

        Raises:
            ConfigurationError: An argument cannot be used; the message says the mend.
        """
        if not isinstance(concurrency, int) or concurrency < 1:
            raise ConfigurationError(f"concurrency must be 1 or more, not {concurrency!r}.")

        return DeleteMany(self._send_of_batch, links, concurrency=concurrency)

    def _picture_call(
        self, endpoint: Endpoint, source: Source, params: dict[str, Parameter]
    ) -> Call[Media]:
        return media_call(endpoint, source, params)

    async def _delete_if_there(self, media: Media) -> Deletion:
        return await self.delete(media, missing_ok=True)

    async def _send_of_batch(self, call: Call[Deletion], track: Track) -> Deletion:
        return await exchange(self._core, call, self._options, priority=Priority.BATCH, track=track)


def _carried_by(http_client: httpx.AsyncClient, auth: Auth, transport: object) -> BaseURL:
    """Base URL and key of the caller's httpx client; the key is taken off it."""
    if transport != "httpx":
        raise ConfigurationError(
            "Pass transport= or http_client=, not both: an httpx client has its own transport."
        )

    if auth == "query":
        raise ConfigurationError(SHOWN)

    from .transports.httpx import carried_by  # noqa: PLC0415 - httpx is imported late

    return carried_by(http_client)


def _secure_link(media: Media) -> str:
    """The picture's https address where the service gives one beside a plain one.

    Real replies had the undocumented field ``ssl_link``; older links were plain http.
    """
    secure = media.extra.get("ssl_link")
    plain = not media.link.startswith("https:")
    return secure if plain and isinstance(secure, str) else media.link
