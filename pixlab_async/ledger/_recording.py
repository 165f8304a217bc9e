"""How a call is recorded: an intent before it, the link with its reply, what is gone after.

Between a reply and its record lies no await, so that no cancellation can come between.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from attrs import evolve

from .._core import Track
from .._errors import ConfigurationError, NotFound, PixLabError
from .._protocol import Call
from .._results import last_part
from .._success import Success
from .._temporary import TEMPORARY
from .._writer import Writer
from ..endpoints.storage import deletion_of_nothing
from ._rows import Gone, Intent, Kept, Row, Void

T = TypeVar("T")
Make = Callable[[Call[T]], Awaitable[T]]

# Where a reply has the address of what was stored, unless it is ``link``.
_ADDRESSES = {"template": "url"}

_log = logging.getLogger("pixlab_async")


async def record_storing(
    writer: Writer[Row], call: Call[T], make: Make[T], *, tag: str, track: Track
) -> T:
    """Make a call that stores a picture. Intent and link are durable when they are due.

    Raises:
        ConfigurationError: The ledger cannot be opened; nothing was sent.
        RecordingFailed: It cannot be written; nothing was sent.
    """
    intent = Intent(call.endpoint.name, tag, TEMPORARY.get())
    writer.put(intent, full=True)
    try:
        await writer.flush()
        result = await make(evolve(call, returns=partial(_judged, writer, intent, call.returns)))
    except BaseException as error:
        if not intent.kept and _stored_nothing(error, track):
            _void(writer, intent)
        raise

    if track.maybe_processed:
        # Of an attempt before the one that worked, the reply was lost.
        writer.put(Intent(intent.endpoint, tag, intent.temporary, intent.begun), full=True)
    try:
        await writer.flush()
    except PixLabError as error:
        # The caller has the link, the ledger the intent, and memory what is to be written.
        # The next call that stores ends before it is sent.
        _log.error("A picture's link is not in the ledger yet: %s", error)
    return result


async def record_deleting(writer: Writer[Row], call: Call[T], make: Make[T]) -> T:
    """Make a call that deletes, and record what is confirmed to be gone."""
    name = call.params.get("link")
    if not isinstance(name, str):
        return await make(call)

    try:
        return await make(evolve(call, returns=partial(_deleted, writer, name, call.returns)))
    except NotFound as error:
        writer.put(Gone(name, deletion_of_nothing(error).state))
        raise


def _judged(
    writer: Writer[Row], intent: Intent, returns: Callable[[Success], T], success: Success
) -> T:
    """What a reply comes to, its link put on record first."""
    fields = success.fields
    secure = fields.get("ssl_link")
    secure = secure if isinstance(secure, str) and secure else None
    link = fields.get(_ADDRESSES.get(intent.endpoint, "link"), secure)
    if isinstance(link, str) and link:
        name = fields.get("id")
        name = name if isinstance(name, str) and name else last_part(link)
        intent.kept = True
        writer.put(Kept(intent, link, name, secure), full=True)

    result = returns(success)
    if not intent.kept:  # the endpoint may keep something, and this time did not
        _void(writer, intent)
    return result


def _deleted(
    writer: Writer[Row], name: str, returns: Callable[[Success], T], success: Success
) -> T:
    if success.fields.get("deleted") is True:
        writer.put(Gone(name, "deleted"))
    return returns(success)


def _stored_nothing(error: BaseException, track: Track) -> bool:
    """Whether it is certain that no attempt stored anything."""
    if isinstance(error, ConfigurationError) and track.attempts <= 1:
        return True  # such as a source that cannot be read, whose request was never whole

    return not track.maybe_processed


def _void(writer: Writer[Row], intent: Intent) -> None:
    if not writer.withdraw(intent):
        writer.put(Void(intent))
