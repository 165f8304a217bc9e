"""Fetching a stored picture into a file: streamed, bounded, whole or not at all.

The request carries neither key nor cookies, and redirects are not followed: a link comes
from a reply, and a reply must not decide where the key goes. The file is written under
another name and renamed when it is complete.
"""

from __future__ import annotations

import math
import secrets
from functools import partial
from io import BufferedWriter
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from ._bridge import DeadlineReached, bridged
from ._errors import (
    ConfigurationError,
    PixLabError,
    TimedOut,
    UnreadableReply,
    error_class,
)
from ._exchange import Core, Options, error_from
from ._gate import Priority, Verdict
from ._origin import is_private_to_host
from ._protocol import clean
from ._sources import check_link
from .transports._seam import Stream, TransportFault

LIMIT = 256 * 1024 * 1024
_NAME = "download"


async def download(
    core: Core, options: Options, link: str, destination: Path, *, limit: int
) -> Path:
    """Fetch what is at the link into the destination; see ``AsyncPixLab.download``."""
    core.check()
    _check(link)
    started = anyio.current_time()
    deadline = math.inf if options.deadline is None else started + options.deadline
    attempt = 0
    while True:
        attempt += 1
        error = await _attempt(core, options, link, destination, limit, deadline)
        if error is None:
            return destination

        wait = options.retry.wait(
            error, attempt=attempt, repeatable=True, replayable=True, random=core.random
        )
        now = anyio.current_time()
        if wait is None or now + wait >= deadline or not core.budget.spend(now):
            error.endpoint, error.attempts, error.elapsed = _NAME, attempt, now - started
            raise error

        await anyio.sleep(wait)


async def _attempt(
    core: Core, options: Options, link: str, destination: Path, limit: int, deadline: float
) -> PixLabError | None:
    ticket = await core.downloads.enter(Priority.INTERACTIVE, deadline)
    fetch = partial(_fetch, core, options, link, destination, limit)
    try:
        await bridged(fetch, deadline)
    except DeadlineReached:
        return TimedOut("the file was not whole before the deadline", sent=True)
    except TransportFault as fault:
        return error_from(fault, clean(fault.message))
    except ConfigurationError:
        raise
    except PixLabError as error:
        return error.with_traceback(None)
    finally:
        core.downloads.leave(ticket, Verdict.ACCEPTED)

    return None


async def _fetch(core: Core, options: Options, link: str, destination: Path, limit: int) -> None:
    async with core.transport.fetch(link, timeout=options.timeout) as stream:
        if stream.status != 200:
            raise error_class(stream.status)(
                "the host of the link does not give it out",
                status=stream.status,
                http_status=stream.status,
            )

        coding = stream.headers.get("content-encoding", "identity")
        if coding != "identity":
            raise UnreadableReply(
                f"the file is encoded as {clean(coding)!r}, which was not asked for",
                http_status=stream.status,
            )

        await _save(stream, destination, limit)


async def _save(stream: Stream, destination: Path, limit: int) -> None:
    part = destination.with_name(f".{destination.name}.{secrets.token_hex(4)}.part")
    file = await anyio.to_thread.run_sync(_create, part)
    try:
        size = 0
        while chunk := await stream.read():
            size += len(chunk)
            if size > limit:
                raise UnreadableReply(
                    f"the file is over the limit of {limit:,} bytes", http_status=stream.status
                )

            await anyio.to_thread.run_sync(file.write, chunk)
        await anyio.to_thread.run_sync(file.close)
        _rename(part, destination)
    finally:
        # No await in here: a cancellation must not leave the half file behind.
        file.close()
        part.unlink(missing_ok=True)


def _create(part: Path) -> BufferedWriter:
    try:
        # Not tempfile: the finished file is to have the permissions that the umask gives.
        return part.open("xb")
    except OSError as error:
        raise ConfigurationError(
            f"The destination's folder {str(part.parent)!r} cannot be written: "
            f"{error.strerror or error}."
        ) from error


def _rename(part: Path, destination: Path) -> None:
    try:
        part.replace(destination)
    except OSError as error:
        raise ConfigurationError(
            f"The destination {str(destination)!r} cannot be replaced: {error.strerror}."
        ) from error


def _check(link: str) -> None:
    parts = urlsplit(check_link(link, "link"))
    if not is_private_to_host(parts.scheme, parts.hostname):
        raise ConfigurationError(
            f"Downloads go over https (plain http to this machine only), and this link begins "
            f"with {parts.scheme[:10]}://. Where the host serves https too, pass the link with "
            f"https:// instead."
        )
