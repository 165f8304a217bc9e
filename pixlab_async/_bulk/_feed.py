"""Where a batch's links come from: handed out one by one, never collected."""

from __future__ import annotations

import math
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeAlias, cast

import anyio

from .._errors import ConfigurationError, PixLabError
from .._results import Media

Links: TypeAlias = Iterable[str | Media] | AsyncIterable[str | Media]


class Taken(NamedTuple):
    """A link that a worker has taken on.

    Attributes:
        place: Its place in the input, counted from 0.
        link: The link as it was given.
        asked: Whether the service may have been asked to delete it before.
        attempts: How many attempts an earlier pass made.
        rate_limited: How many of them were answered with 429.
        error: What the earlier pass failed with, or None in the first one.
        not_before: When the second pass may begin with it, on anyio's clock.
    """

    place: int
    link: str | Media
    asked: bool = False
    attempts: int = 0
    rate_limited: int = 0
    error: PixLabError | None = None
    not_before: float = 0.0


class Feed(Protocol):
    """Hands out links.

    Attributes:
        exhausted: Whether there are no more, or none are wanted.
    """

    exhausted: bool

    async def next(self, until: float = math.inf) -> Taken | None:
        """The next link, or None where there is none, or none came by the given time."""
        ...

    def stop(self) -> None:
        """Hand out no more, and do not wait for one that is asked for."""
        ...


class IterableFeed:
    """The links of any iterable, with their places in it.

    Args:
        links: An iterable or async iterable.

    Raises:
        ConfigurationError: It is neither, or a single link.
    """

    def __init__(self, links: Links) -> None:
        self._links: Iterator[str | Media] | AsyncIterator[str | Media] = _iterator(links)
        self._lock = anyio.Lock()
        self._index = -1
        self._interrupted = False
        self._asking: anyio.CancelScope | None = None
        self.exhausted = False

    async def next(self, until: float = math.inf) -> Taken | None:
        """The next link; see ``Feed``.

        Raises:
            ConfigurationError: The iterable ended after a cancellation had struck it: an
                async generator dies of one, and the links that were left with it.
        """
        if isinstance(self._links, Iterator):
            return self._numbered(next(self._links, _END))

        # An async generator cannot be asked twice at once.
        async with self._lock:
            if self.exhausted or anyio.current_time() >= until:
                return None

            with anyio.CancelScope(deadline=until) as self._asking:
                return self._numbered(await self._ask(self._links))

        return None

    def stop(self) -> None:
        """Take no more links, and do not wait for the one that is asked for."""
        self.exhausted = True
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self, links: AsyncIterator[str | Media]) -> object:
        try:
            link = await anext(links, _END)
        except anyio.get_cancelled_exc_class():
            self._interrupted = True
            raise
        finally:
            self._asking = None

        if link is _END and self._interrupted:
            self.exhausted = True
            raise ConfigurationError(
                "The iterable of links ended after a cancellation: an async generator dies of "
                "one. Its remaining links were not taken."
            )

        return link

    def _numbered(self, link: object) -> Taken | None:
        if link is _END:
            self.exhausted = True
            return None

        self._index += 1
        return Taken(self._index, cast("str | Media", link))


_END = object()


def _iterator(links: object) -> Iterator[str | Media] | AsyncIterator[str | Media]:
    if isinstance(links, str | bytes | Media):
        raise ConfigurationError(
            "delete_many takes an iterable of links; for one link use delete, or pass [link]."
        )

    if isinstance(links, AsyncIterable):
        return aiter(cast("AsyncIterable[str | Media]", links))

    if isinstance(links, Iterable):
        return iter(cast("Iterable[str | Media]", links))

    raise ConfigurationError(
        f"delete_many takes an iterable or async iterable of links, not {type(links).__name__}."
    )
