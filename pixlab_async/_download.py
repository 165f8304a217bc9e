"""Fetching a stored picture into a file: streamed, bounded, whole or not at all.

The request carries neither key nor cookies, and redirects are not followed: a link comes
from a reply, and a reply must not decide where the key goes. Nor may it send us into the
network that we are in: what a link names is judged, and each address that it is looked up to,
and the connection is made to an address that was judged. The file is written under another
name and renamed when it is complete.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from ._bridge import DeadlineReached, bridged
from ._core import Core
from ._errors import (
    ConfigurationError,
    PixLabError,
    RateLimited,
    ReplyError,
    TimedOut,
    UnreadableReply,
    error_class,
)
from ._gate import Priority, Verdict
from ._options import Options
from ._origin import is_loopback, is_private_to_host
from ._places import Place, is_public
from ._reply import clean, error_from
from ._retry import parse_retry_after
from ._sources import check_link
from .transports._seam import Resolving, Stream, TransportFault

LIMIT = 256 * 1024 * 1024
_NAME = "download"
_INSIDE = (
    "That is not on the public internet, and not where the service is: pass allow_private=True "
    "if you know the link and mean it."
)

T = TypeVar("T")


async def download(
    core: Core,
    options: Options,
    link: str,
    destination: Path,
    *,
    limit: int,
    allow_private: bool = False,
) -> Path:
    """Fetch what is at the link into the destination; see ``AsyncPixLab.download``."""
    core.check()
    unknown = _unknown(core, link, allow_private=allow_private)
    if not destination.name:
        raise ConfigurationError("The destination must name a file.")

    started = anyio.current_time()
    deadline = math.inf if options.deadline is None else started + options.deadline
    fetch = partial(_fetch, core, options, link, destination, limit, unknown)
    history: list[str] = []
    while True:
        error = await _attempt(core, fetch, deadline)
        if error is None:
            return destination

        history.append(error.summary)
        wait = _wait(core, options, error, len(history), deadline)
        if wait is None:
            error.endpoint, error.attempts, error.history = _NAME, len(history), tuple(history)
            error.elapsed = anyio.current_time() - started
            try:
                raise error
            finally:
                del error  # else it and this frame would hold one another

        await anyio.sleep(wait)


def _wait(
    core: Core, options: Options, error: PixLabError, attempt: int, deadline: float
) -> float | None:
    """Seconds until the next attempt, or None where there is none."""
    if isinstance(error, UnreadableReply):
        return None  # too large, or encoded: it will be so again

    wait = options.retry.wait(
        error, attempt=attempt, repeatable=True, replayable=True, random=core.random
    )
    now = anyio.current_time()
    if wait is None or now + max(wait, core.downloads.pacer.paused_for(now)) >= deadline:
        return None

    return wait if core.budget.spend(now) else None


async def _attempt(
    core: Core, fetch: Callable[[], Awaitable[None]], deadline: float
) -> PixLabError | None:
    """Fetch once; what went wrong, if something did."""
    try:
        ticket = await core.downloads.enter(Priority.INTERACTIVE, deadline)
    except TimedOut as late:
        return late.with_traceback(None)

    verdict, retry_after = Verdict.LOST, None  # what a cancellation leaves open
    try:
        await bridged(fetch, deadline)
        verdict = Verdict.ACCEPTED
    except DeadlineReached:
        return TimedOut("the file was not whole before the deadline", sent=True)
    except TransportFault as fault:
        if not fault.sent:
            verdict = Verdict.UNSENT
        error = error_from(fault, clean(fault.message))
        error.__cause__ = fault.__cause__
        return error
    except (ReplyError, UnreadableReply) as refused:
        verdict = Verdict.ACCEPTED
        if isinstance(refused, RateLimited):
            verdict, retry_after = Verdict.LIMITED, refused.retry_after
        return refused.with_traceback(None)
    finally:
        core.downloads.leave(ticket, verdict, retry_after=retry_after)

    return None


async def _fetch(
    core: Core,
    options: Options,
    link: str,
    destination: Path,
    limit: int,
    unknown: Place | None,
) -> None:
    transport = core.transport
    if unknown is None or not isinstance(transport, Resolving):
        await _take(transport.fetch(link, timeout=options.timeout), destination, limit)
        return

    addresses = await _judged(transport, unknown)
    for address in addresses:
        fetching = transport.fetch(link, timeout=options.timeout, address=address)
        try:
            await _take(fetching, destination, limit)
            break
        except TransportFault as fault:
            if fault.sent or address == addresses[-1]:
                raise


async def _judged(transport: Resolving, place: Place) -> list[str]:
    """The addresses of the place, looked up once: all are public, or none is used."""
    try:
        addresses = await transport.resolve(place.host, place.port)
    except (OSError, UnicodeError) as error:
        fault = TransportFault(f"{type(error).__name__}: {error}", sent=False)
        raise fault from error

    if not addresses:
        raise TransportFault("the host of the link has no address", sent=False)

    for address in addresses:
        if not is_public(address):
            raise ConfigurationError(f"The link's host is at {address}. {_INSIDE}")

    # A network without IPv6 refuses at once, or after ten seconds.
    return sorted(addresses, key=lambda address: ":" in address)


async def _take(
    fetching: AbstractAsyncContextManager[Stream], destination: Path, limit: int
) -> None:
    async with fetching as stream:
        headers = stream.headers
        if stream.status != 200:
            raise error_class(stream.status)(
                "the host of the link does not give it out",
                status=stream.status,
                http_status=stream.status,
                retry_after=parse_retry_after(
                    headers.get("retry-after", ""), headers.get("date", ""), time.time()
                ),
            )

        coding = headers.get("content-encoding", "identity")
        if coding != "identity":
            raise UnreadableReply(
                f"the file is encoded as {clean(coding)!r}, which was not asked for",
                http_status=stream.status,
            )

        await _save(stream, destination, limit)


async def _save(stream: Stream, destination: Path, limit: int) -> None:
    # Not named after the destination, whose name may be as long as names may be.
    part = destination.with_name(f".{secrets.token_hex(8)}.part")
    # Made without an await: a cancellation in the middle would leave it behind.
    file = _written(part.parent, lambda: part.open("xb"))
    try:
        size = 0
        while chunk := await stream.read():
            size += len(chunk)
            if size > limit:
                raise UnreadableReply(
                    f"the file is over the limit of {limit:,} bytes", http_status=stream.status
                )

            write = partial(file.write, chunk)
            await anyio.to_thread.run_sync(_written, part.parent, write)
        _written(part.parent, file.close)
        _written(destination, partial(part.replace, destination))
    finally:
        # No await in here either.
        with suppress(OSError):
            file.close()
        part.unlink(missing_ok=True)


def _written(path: Path, act: Callable[[], T]) -> T:
    """Do something to the file.

    Raises:
        ConfigurationError: The folder is not there, or not writable, or full; the
            destination is a folder.
    """
    try:
        return act()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"{str(path)!r} cannot be written: {reason}.") from error


def _unknown(core: Core, link: str, *, allow_private: bool) -> Place | None:
    """Where the link leads, if its addresses are to be judged when they are looked up.

    Raises:
        ConfigurationError: It leads where it must not.
    """
    place = Place.of(check_link(link, "link"))
    known = allow_private or place.is_one_of(lane.origin for lane in core.lanes)
    if not known and is_loopback(place.host):
        raise ConfigurationError(f"The link leads to this machine. {_INSIDE}")

    if not known and place.is_inside:
        raise ConfigurationError(f"The link leads to {place.host}. {_INSIDE}")

    if not is_private_to_host(place.scheme, place.host):
        raise ConfigurationError(
            "Downloads go over https (plain http to this machine only). Where the host serves "
            "https too, pass the link with https:// instead."
        )

    return None if known or place.is_address else place
