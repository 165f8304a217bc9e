"""What a client shares with the clients derived from it, and what is known of a call."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
from anyio.lowlevel import EventLoopToken, current_token
from attrs import define, field, frozen

from ._endpoint import API, LLM
from ._errors import ConfigurationError
from ._gate import CLOSED, Gate
from ._origin import BaseURL
from ._retry import RetryBudget
from .transports._seam import Transport

if TYPE_CHECKING:
    from ._recording import Recorder


@frozen(eq=False)
class Lane:
    """One host of the service: where it is, and who may go there when.

    Attributes:
        origin: Scheme, host and any path prefix, without a slash at the end.
        gate: Its slots and its pace; each host counts requests for itself.
    """

    origin: str
    gate: Gate


def language_lane(main: Lane, url: BaseURL | None, gate: Callable[[], Gate]) -> Lane:
    """Where language models are asked: their own host, which counts its own requests."""
    if url is not None:
        if url.key is not None:
            raise ConfigurationError("llm_url holds a key: pass it as api_key=, for both hosts.")

        origin = url.require()
    elif _is_the_service(main.origin):
        origin = f"https://{LLM}"
    else:
        return main

    return main if origin == main.origin else Lane(origin, gate())


def _is_the_service(origin: str) -> bool:
    """Whether the base URL is the service's own, however it is written."""
    host = urlsplit(origin).hostname or ""
    return host.removesuffix(".") == API  # urlsplit gives it in lower case


@define(eq=False, repr=False)
class Core:
    """Connections, gate and budget, bound to one event loop by the first call."""

    main: Lane
    llm: Lane
    transport: Transport
    downloads: Gate
    # Whether the key can be put in below the HTTP library's own logging.
    hides_query: bool = True
    recorder: Recorder | None = None
    budget: RetryBudget = field(factory=RetryBudget)
    random: Random = field(factory=Random)
    calls: int = 0
    retries: int = 0
    closed: bool = False
    # Whether the transport says of itself that no cancellation harms it.
    direct: bool = field(init=False)
    # Whether it ends a request at its deadline by itself.
    keeps_deadline: bool = field(init=False)
    # The event loop's, once there is one: anyio looks for it anew each time.
    clock: Callable[[], float] = field(init=False)
    loop: EventLoopToken | None = field(init=False, default=None)
    _binding: dict[str, EventLoopToken] = field(init=False, factory=dict[str, EventLoopToken])
    _pid: int = 0

    def __attrs_post_init__(self) -> None:
        self.clock = anyio.current_time
        self.direct = bool(getattr(self.transport, "cancel_safe", False))
        self.keeps_deadline = bool(getattr(self.transport, "keeps_deadline", False))

    @property
    def origin(self) -> str:
        """Where most endpoints are."""
        return self.main.origin

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The main one, and that of the language models where it is another."""
        return (self.main,) if self.llm is self.main else (self.main, self.llm)

    def lane(self, host: str) -> Lane:
        """The lane of an endpoint on one of the service's hosts."""
        return self.llm if host == LLM else self.main

    @property
    def used(self) -> bool:
        """Whether anything was ever sent, so that connections may be open."""
        return self.loop is not None

    @property
    def foreign(self) -> bool:
        """Whether the process was forked after that: the connections are the parent's."""
        return self.loop is not None and self._pid != os.getpid()

    @property
    def here(self) -> bool:
        """Whether this is the event loop that the connections belong to."""
        loop = self.loop
        if loop is None:
            return False

        try:  # its own library is asked: to find out which one runs costs more than all else
            return loop.backend_class.current_token() is loop.native_token
        except RuntimeError:  # another library's loop runs, or none
            return False

    def check(self) -> None:
        """See that the client can be used here and now.

        Raises:
            ConfigurationError: It is closed, or belongs to another event loop or process.
        """
        if self.closed:
            raise ConfigurationError(CLOSED)

        if self.loop is None:
            self._bind()
        if self.foreign:
            raise ConfigurationError(
                "The client was used before this process was forked, and its connections "
                "belong to the parent: make a new AsyncPixLab in the child."
            )

        if not self.here:
            raise ConfigurationError(
                "The client was first used in another event loop, to which its connections "
                "belong: make one AsyncPixLab for each event loop (for each asyncio.run)."
            )

    def _bind(self) -> None:
        """Belong to this event loop, or to that of another thread which was quicker."""
        token = self._binding.setdefault("loop", current_token())  # one step: threads may race
        self._pid = os.getpid()
        self.clock = getattr(token.native_token, "time", token.backend_class.current_time)
        self.loop = token  # last of all, as it says that the rest is there


@define(eq=False)
class Track:
    """What happened to a call so far, readable from outside while it runs.

    Attributes:
        attempts: How many times it was sent or tried to be sent.
        maybe_processed: Whether the service may have acted on one of them.
        history: One sentence for each attempt that failed.
        rate_limited: How many were answered with 429.
        elapsed: Seconds from the last one's send to its reply; None without a reply.
        pace: A rate of the caller's own that each attempt waits for, or None.
        waiting: Surrounds every wait for leave to send, so that it can be ended.
    """

    attempts: int = 0
    maybe_processed: bool = False
    history: list[str] = field(factory=list[str])
    rate_limited: int = 0
    elapsed: float | None = None
    pace: Gate | None = None
    waiting: Callable[[], AbstractContextManager[object]] = nullcontext
