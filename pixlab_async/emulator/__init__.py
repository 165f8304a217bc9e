"""PixLab on your machine: a real server on a real socket, with real pictures.

    from pixlab_async.emulator import Emulator

    async with Emulator() as emulator:
        pixlab = AsyncPixLab(base_url=emulator.base_url, api_key=emulator.api_key)

It is driven by the catalogue of endpoints and shares nothing else with the client. What is
not documented it does in the plainest way, and it is no proof of what the real service does.
What it cannot compute honestly, such as finding faces, it must be told: see ``Emulator.when``.
Needs the extra ``emulator``. Bound to this machine alone unless told otherwise, and what it
takes on has limits: it is a tool for tests, and no service for strangers.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from os import PathLike
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import anyio

from ._answers import Answers
from ._app import Parts, make_app
from ._bounds import Limits, Record
from ._faults import Fault, FaultPlan
from ._fetching import Fetcher
from ._incoming import Incoming
from ._limits import AddressLimit
from ._media import MediaStore
from ._server import Server, in_thread
from ._service import Service
from ._work import Computing

__all__ = ["Emulator", "Fault", "Incoming", "Limits"]

_NO_MORE: Mapping[str, object] = MappingProxyType({})
# Addresses that mean "all of this machine's": links must name one that can be reached.
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only where the user asks


class Emulator:
    """The emulated service. Use it with ``async with`` or ``with``.

    Args:
        folder: Where media are kept; they are there again after a restart. Default: a
            folder of its own that goes with the emulator.
        api_key: The valid key. Default: a random one.
        more_keys: Further valid keys, for several tenants.
        host: The address to listen on. Default 127.0.0.1: this machine alone.
        port: The port; 0 (default) takes a free one.
        limit_per_minute: Requests per minute and client address before 429; None (default)
            for any number. The service's own number is not known.
        announce_wait: Whether a 429 carries ``Retry-After``. Default False: the service
            documents no such header.
        limits: How much it takes on; see ``Limits``.
        fetch_private: Whether it fetches files from addresses that are not on the public
            internet. None (default) means: where it listens on this machine alone.
    """

    def __init__(
        self,
        folder: str | PathLike[str] | None = None,
        *,
        api_key: str | None = None,
        more_keys: Sequence[str] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        limit_per_minute: int | None = None,
        announce_wait: bool = False,
        limits: Limits | None = None,
        fetch_private: bool | None = None,
    ) -> None:
        self.api_key = api_key or secrets.token_hex(16)
        self._limits = limits or Limits()
        self.received: deque[Incoming] = Record(self._limits)
        self._folder = None if folder is None else Path(folder)
        self._own_folder: str | None = None
        self._keys = {key: f"{n}p" for n, key in enumerate([self.api_key, *more_keys], start=1)}
        self._address = (host, port)
        self._fetcher = Fetcher(_is_here(host) if fetch_private is None else fetch_private)
        self._limit = AddressLimit(limit_per_minute, time.monotonic)
        self._announce_wait = announce_wait
        self._faults = FaultPlan()
        self._answers = Answers()
        self._server: Server | None = None
        self._service: Service | None = None

    @property
    def base_url(self) -> str:
        """Where it listens, such as "http://127.0.0.1:40123"."""
        return self._running().base_url

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return 0 if self._server is None else self._server.connections

    @property
    def idle(self) -> bool:
        """Whether no connection is open, and no request of a closed one is still at work."""
        return self._server is None or self._server.idle

    def stored(self) -> list[str]:
        """The links of everything that is stored now, oldest first."""
        service = self._running()
        return [service.link(media_id) for media_id in service.store.ids()]

    def inject(self, fault: Fault) -> None:
        """Let requests to come meet trouble; see ``Fault``."""
        self._faults.add(fault)

    def when(
        self, endpoint: str, answer: Mapping[str, object] | None = _NO_MORE, /, **fields: object
    ) -> None:
        """Let an endpoint answer with these fields from now on, whatever it is sent.

        ``emulator.when("nsfw", score=0.9)``: for endpoints that cannot be computed honestly,
        and for any other too. The status 200 is added. Requests are checked as before: the
        key, the method, the parameters, and whether the pictures can be had.

        Args:
            endpoint: The endpoint's name.
            answer: The fields as a mapping, for names that are no words of Python's; None to
                forget what was told.
            fields: The fields. They go over those of the mapping.

        Raises:
            TypeError: A field is nothing that JSON can say, or None comes with fields.
            ValueError: There is no such endpoint; the message names near ones.
        """
        if answer is None and fields:
            raise TypeError("Either None to forget, or fields to answer with.")

        self._answers.tell(endpoint, None if answer is None else {**answer, **fields})

    def clear(self) -> None:
        """Forget faults, answers that were told and the record, and delete what is stored.

        Requests that a fault keeps waiting are answered with 503, and do nothing.
        """
        self._faults.forget()
        self._answers.clear()
        self.received.clear()
        store = self._running().store
        for media_id in store.ids():
            store.delete(media_id)

    def start(self) -> None:
        """Begin to serve. Blocks for some tens of milliseconds; ``with`` calls it.

        Raises:
            OSError: The port is taken, or the folder cannot be made.
            RuntimeError: It serves already.
        """
        if self._server is not None:
            raise RuntimeError("The emulator is running already.")

        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        # Named in full: asyncio turns Nagle's algorithm off for no other kind, and each
        # reply would wait 40 ms for an acknowledgement.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(self._address)
            folder = self._make_folder()
        except BaseException:
            listening.close()
            raise

        bound, port = listening.getsockname()[:2]
        host = _REACHED_AT.get(bound, str(bound))
        shown = f"[{host}]" if ":" in host else host
        self._service = Service(
            MediaStore(folder, self._limits.stored),
            f"http://{shown}:{port}",
            self._keys,
            self._answers,
            self._fetcher,
            Computing(self._limits.computing),
        )
        self._server = Server(listening, self._limits.patience)
        parts = Parts(
            self._service,
            self._limit,
            self._faults,
            self.received,
            self._limits,
            self._announce_wait,
            self._server.abort,
        )
        self._server.start(make_app(parts))

    def _make_folder(self) -> Path:
        if self._folder is None:
            self._own_folder = tempfile.mkdtemp(prefix="pixlab-emulator-")
        folder = Path(self._own_folder or self._folder or "")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def stop(self) -> None:
        """End serving. Blocks until the server's thread has ended; ``with`` calls it."""
        server, self._server = self._server, None
        self._service = None
        if server is not None:
            server.stop()
        if self._own_folder is not None:
            shutil.rmtree(self._own_folder, ignore_errors=True)
            self._own_folder = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        try:
            await in_thread(self.start)
        except anyio.get_cancelled_exc_class():
            await in_thread(self.stop)
            raise

        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await in_thread(self.stop)

    def _running(self) -> Service:
        if self._service is None:
            raise RuntimeError("The emulator is not running: use it inside `async with`.")

        return self._service


def _is_here(host: str) -> bool:
    """Whether nobody but this machine reaches the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
