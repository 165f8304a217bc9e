"""``AsyncPixLab``: what the user holds. Lifetime and options; nothing of HTTP, no policy.

Everything that a call needs is in ``Core`` (shared by derived clients) and ``Options``
(each client's own); ``_exchange`` makes the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self, TypeVar

from attrs import evolve

from . import _origin
from ._blob_pictures import BlobPictures
from ._closing import close, made_at, warn_if_open
from ._core import Core, Lane, language_lane
from ._errors import ConfigurationError
from ._gate import Gate
from ._key import KeySource, from_environment, guard
from ._lifecycle import Lifecycle
from ._linking import send_linked
from ._options import Options, carried_by, checked
from ._origin import BaseURL
from ._pacer import Pacer, per_minute
from ._protocol import Auth, Call, Unlinked
from ._recording import Recorder, checked_recorder, recorded
from ._results import Media
from ._retry import RetryPolicy
from .endpoints import Others, Pictures
from .endpoints._group import call_of, media
from .endpoints.canvas import Comparison, difference
from .endpoints.restoration import Cutouts, inline
from .transports import TransportChoice, make_transport

if TYPE_CHECKING:
    import httpx

    from ._shapes import Difference, InlinePicture
    from ._stats import Stats

T = TypeVar("T")

CONNECTIONS = 100
TIMEOUT = 60.0
DEADLINE = 300.0


class AsyncPixLab(
    Pictures[Media],
    Comparison["Difference"],
    Cutouts["InlinePicture"],
    Lifecycle,
    Others,
):
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
        llm_url: Where the endpoints of language models are. Default: PIXLAB_LLM_URL where
            no base URL was given, else https://llm.pixlab.io for the service itself, and
            ``base_url`` for any other.
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
            learnt. Each host of the service has its own.
        transport: "httpx" (default), "fast" (the extra ``fast``: aiohttp, asyncio only), an
            ``httpx.AsyncBaseTransport`` (for a proxy or special TLS), or an object with the
            methods of ``transports.Transport``. It is closed with the client.
        http2: Speak HTTP/2 with a server that takes it. Needs the extra ``http2``. Each
            connection still carries one request at a time. Default False.
        http_client: An ``httpx.AsyncClient`` to send with, which stays yours to close. Its
            own log lines would show a key in the query, so it needs ``auth="header"``.
        ledger: A ``Ledger`` that keeps a record of what is stored and not deleted yet. It is
            flushed with the client's end, and stays yours to close.
        tag: What the ledger's rows are labelled with. Default "", for none.

    Raises:
        ConfigurationError: An argument cannot be used; the message says the mend.
    """

    # Of a client that with_options() made: the one that owns the connections.
    _parent: AsyncPixLab | None = None

    def __init__(
        self,
        *,
        api_key: KeySource | None = None,
        base_url: str | None = None,
        llm_url: str | None = None,
        auth: Auth = "query",
        connections: int = CONNECTIONS,
        timeout: float = TIMEOUT,
        deadline: float | None = DEADLINE,
        retry: RetryPolicy | None = None,
        rate: str | None = None,
        transport: TransportChoice = "httpx",
        http2: bool = False,
        http_client: httpx.AsyncClient | None = None,
        ledger: Recorder | None = None,
        tag: str = "",
    ) -> None:
        # First of all, so that no frame of an error below holds a key's text.
        key = None if api_key is None else guard(api_key)
        api_key = None
        base = None if base_url is None else BaseURL.parse(base_url)
        base_url = None
        language = None if llm_url is None else BaseURL.parse(llm_url)
        llm_url = None

        if not isinstance(connections, int) or connections < 1:
            raise ConfigurationError(f"connections must be 1 or more, not {connections!r}.")

        if http_client is not None:
            carried = carried_by(http_client, auth, transport)
            base = base or carried
            key = key or carried.key
        if base is None:  # else the environment speaks of another service
            language = language or _origin.llm_from_environment()
        base = base or _origin.from_environment()
        key = key or base.key or from_environment()
        limit = None if rate is None else per_minute(rate)
        options = Options(key, auth, timeout, deadline, retry or RetryPolicy(), tag)
        self._options = checked(options, hides_query=http_client is None)
        main = Lane(base.require(), Gate(connections, Pacer(limit)))
        self._core = Core(
            main,
            language_lane(
                main,
                language,
                lambda: Gate(connections, Pacer(limit)),
            ),
            make_transport(transport, http_client, http2=http2),
            Gate(connections, Pacer()),
            hides_query=http_client is None,
            recorder=checked_recorder(ledger),
        )
        self._made_at = made_at(self)

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

        Those under way end by themselves. A derived client shares its parent's connections
        and leaves them open. Closing twice is fine. In a process that was forked from the one
        that uses the client, nothing is done: the connections are the parent's.

        Raises:
            ConfigurationError: The client is used in another event loop, which goes on.
        """
        if self._parent is None:
            await close(self._core)

    async def close(self) -> None:
        """The same as ``aclose()``."""
        await self.aclose()

    def __del__(self) -> None:
        # Half-made where __init__ raised.
        core: Core | None = getattr(self, "_core", None)
        if core is not None and self._parent is None:
            warn_if_open(self, core, self._made_at)

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
        tag: str | None = None,
    ) -> AsyncPixLab:
        """A client with other options, over the same connections and the same rate limit.

        For another tenant's key, or for one call with more patience. It needs no closing.

        Args:
            api_key: As in the constructor; None keeps this client's, like all the others.
            auth: As in the constructor.
            timeout: Seconds, as in the constructor.
            deadline: Seconds, as in the constructor; ``math.inf`` for no limit.
            retry: As in the constructor.
            tag: As in the constructor; "" for none.

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
            own.tag if tag is None else tag,
        )
        checked(options, hides_query=self._core.hides_query)
        derived = object.__new__(AsyncPixLab)
        derived._core, derived._options = self._core, options
        # Held as well as known: whoever keeps the derived one alone still has all of it.
        derived._parent = self
        return derived

    @property
    def blob(self) -> BlobPictures:
        """The same picture endpoints, answering with the bytes: nothing is stored."""
        return BlobPictures(self)

    def stats(self) -> Stats:
        """The client's state now. Call it inside the event loop."""
        from ._stats import stats_of  # noqa: PLC0415 - few programs ask

        return stats_of(self._core)

    def seed_limit(self, per_minute: float) -> None:
        """Begin at nine tenths of a rate limit that an earlier run learnt (see ``stats()``).

        Without effect where ``rate`` was given or a limit is known already. Call it inside
        the event loop.

        Args:
            per_minute: Requests per minute, above 0.
        """
        self._core.main.gate.pacer.seed(per_minute)

    async def send(self, call: Call[T]) -> T:
        """Make one call; every method goes this way."""
        if call.unlinked is None:
            return await recorded(self._core, call, self._options)

        return await send_linked(
            call, self._options.deadline, self._send_within, self._delete_if_there
        )

    async def _send_within(self, call: Call[T], deadline: float | None) -> T:
        return await recorded(self._core, call, evolve(self._options, deadline=deadline))

    async def _picture(self, name: str, params: Mapping[str, Unlinked]) -> Media:
        return await self.send(call_of(name, media, params))

    async def _difference(self, name: str, params: Mapping[str, Unlinked]) -> Difference:
        return await self.send(call_of(name, difference, params))

    async def _cutout(self, name: str, params: Mapping[str, Unlinked]) -> InlinePicture:
        return await self.send(call_of(name, inline, params, inline=True))
