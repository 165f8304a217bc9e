"""A probe from begin to end: the sequence, and then the deletion of whatever it stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import anyio

from .. import _origin
from .._client import TIMEOUT, AsyncPixLab
from .._errors import ConfigurationError
from .._key import NO_KEY, APIKey, KeySource, from_environment, guard, resolve
from .._options import Options, checked
from .._origin import BaseURL
from .._pacer import per_minute
from .._protocol import Auth
from .._results import JSON, Deletion, Media
from .._retry import RetryPolicy
from .._temporary import cleaned
from ..transports import TransportChoice, make_transport
from ._document import Facts, document
from ._questions import QUESTIONS
from ._service_steps import sums
from ._session import Session
from ._shelf import Shelf
from ._steps import STEPS
from ._values import Ending, Observation, Skip, Step, Stop
from ._wire import Place

# Requests per minute where no rate was asked for, and the service is not on this machine.
GENTLE = 60.0
# Seconds that the deletion of one picture may take, a minute's wait for the rate included.
_GRACE = 120.0
_NOT_REACHED = "the probe did not come so far"


class Probe:
    """Asks a service what its pages do not say; at most some 30 requests, one at a time.

    Making one does no I/O. ``run`` sends; ``document`` tells what was seen, also where
    ``run`` was cancelled or raised. It serves once.

    Args:
        api_key: The key, as for ``AsyncPixLab``.
        base_url: Where the service is, as for ``AsyncPixLab``.
        auth: Which place of the key in a GET request to prefer.
        rate: Requests at most, such as "60/min" or "2/s". Default 60/min, and any number
            for a service on this machine.
        timeout: Seconds that a request may take. Default 60.
        transport: As for ``AsyncPixLab``; closed when the probe ends.
        tell: Called with each step before it is taken.

    Raises:
        ConfigurationError: An argument cannot be used; the message says the mend.
    """

    def __init__(
        self,
        *,
        api_key: KeySource | None = None,
        base_url: str | None = None,
        auth: Auth = "query",
        rate: str | None = None,
        timeout: float = TIMEOUT,
        transport: TransportChoice = "httpx",
        tell: Callable[[Step], object] | None = None,
    ) -> None:
        # First of all, so that no frame of an error below holds a key's text.
        key = None if api_key is None else guard(api_key)
        api_key = None
        base = _origin.from_environment() if base_url is None else BaseURL.parse(base_url)
        base_url = None
        key = key or base.key or from_environment()
        if key is None:
            raise ConfigurationError(NO_KEY)

        checked(Options(key, auth, timeout, None, RetryPolicy()), hides_query=True)
        self._key = key
        self._auth: Auth = auth
        self._origin = base.require()
        self._timeout = timeout
        self._interval = interval_of(self._origin, rate)
        self._rate = rate or (f"{GENTLE:g}/min" if self._interval else None)
        self._transport = make_transport(transport, None)
        self._tell = tell
        self._session: Session | None = None
        self._observations: dict[str, Observation] = {}
        self._shelf = Shelf()
        self._stop: Stop | None = None
        self._began = self._done = False
        self._stopping = False
        self._at = datetime.now(UTC)

    def __repr__(self) -> str:
        return f"<Probe of {getattr(self, '_origin', 'nothing yet')}>"

    @property
    def origin(self) -> str:
        """Where the service is."""
        return self._origin

    @property
    def interval(self) -> float:
        """Seconds from one request to the next, at least."""
        return self._interval

    async def run(self) -> None:
        """Take every step, and delete what was stored.

        A request that is under way is waited for although the caller is cancelled, and then
        what it stored is deleted.

        Raises:
            ConfigurationError: It has run before, or the key's callable gave none.
        """
        if self._began:
            raise ConfigurationError("A Probe serves once: make a new one.")

        self._began, self._at = True, datetime.now(UTC)
        key = await resolve(self._key)
        async with AsyncPixLab(
            api_key=key,
            base_url=self._origin,
            auth=self._auth,
            rate=self._rate,
            timeout=self._timeout,
            transport=self._transport,
        ) as client:
            self._session = session = self._session_of(client, key)
            try:
                await self._take(session)
            finally:
                self._stopping = True
                await self._clean(client, session)

    def stop(self) -> None:
        """Have ``run`` end after the request that is under way, and delete what is stored."""
        self._stopping = True
        if self._session is not None:
            self._session.stopping = True

    def ending(self) -> Ending:
        """How it ended; call it after ``run``."""
        reason = "" if self._done else "it was interrupted"
        kind = "" if self._done else "interrupted"
        if self._stop is not None:
            reason, kind = str(self._stop), self._stop.kind
        return Ending(reason, kind, tuple(self._shelf.left), tuple(self._shelf.lost))

    def observations(self) -> list[Observation]:
        """The answer to each question, in the order of the questions."""
        unseen = {name: Observation(each, note=_NOT_REACHED) for name, each in QUESTIONS.items()}
        return list({**unseen, **self._observations}.values())

    def document(self, *, show_links: bool = False) -> dict[str, JSON]:
        """What was seen, as a JSON document of the package's schema; without the key.

        Args:
            show_links: Whether links stand in it whole, instead of masked.
        """
        session = self._session
        facts = Facts(
            began=self._at,
            service=urlsplit(self._origin).netloc,
            auth=self._auth,
            requests=0 if session is None else len(session.sent),
            fetches=0 if session is None else session.fetches,
            ending=self.ending(),
        )
        key = None if session is None else session.key
        return document(facts, self.observations(), self._shelf, key, show_links=show_links)

    def _session_of(self, client: AsyncPixLab, key: APIKey) -> Session:
        order: tuple[Place, Place] = (
            ("header", "query") if self._auth == "header" else ("query", "header")
        )
        return Session(
            origin=self._origin,
            key=key,
            client=client.with_options(retry=RetryPolicy(attempts=1, limited_attempts=1)),
            transport=self._transport,
            order=order,
            interval=self.interval,
            timeout=self._timeout,
            shelf=self._shelf,
            observations=self._observations,
            stopping=self._stopping,
        )

    async def _take(self, session: Session) -> None:
        try:
            for step in STEPS:
                if self._tell is not None:
                    self._tell(step)
                await _taken(step, session)
        except Stop as stop:
            self._stop = stop
        else:
            self._done = True
        finally:
            sums(session)

    async def _clean(self, client: AsyncPixLab, session: Session) -> None:
        """Delete what is still stored, cancelled or not."""
        if session.get_place in ("query", "header"):
            client = client.with_options(auth=session.get_place)

        async def delete(media: Media) -> Deletion:
            await session.turn()
            deletion = await client.delete(media, missing_ok=True)
            self._shelf.gone.add(media.link)
            return deletion

        interruption: BaseException | None = None
        for media in self._shelf.left:
            try:
                await cleaned(media, delete, _GRACE)
            except anyio.get_cancelled_exc_class() as cancelled:  # goes on when all are tried
                interruption = cancelled
        if interruption is not None:
            raise interruption


async def _taken(step: Step, session: Session) -> None:
    """Take a step; what it could not answer has a reason."""
    why = _NOT_REACHED
    try:
        await step.run(session)
        why = "no reply told"
    except Skip as skip:
        why = str(skip)
    finally:
        for name in step.answers:
            if name not in session.observations:
                session.unseen(name, why)


def interval_of(origin: str, rate: str | None) -> float:
    """Seconds from one request to the next, at least.

    Args:
        origin: Where the service is.
        rate: Requests at most, such as "60/min"; None for what nobody minds.

    Raises:
        ConfigurationError: The rate is none.
    """
    if rate is not None:
        return 60 / per_minute(rate)

    return 0.0 if _origin.is_loopback(urlsplit(origin).hostname or "") else 60 / GENTLE
