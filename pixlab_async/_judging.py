"""What came of one attempt, as data: a result, or an error and what led to it.

Without I/O. Whatever the service or the wire says is scrubbed of the key here, and errors
leave the frames behind in which they were made.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from json import detect_encoding
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from urllib.parse import quote

from ._errors import PixLabError, TimedOut, UnreadableReply
from ._key import APIKey
from ._protocol import Call
from ._reply import brings_bytes, clean, error_from, read, told_by
from ._results import Meta
from ._wording import masked
from .transports._seam import Reply, TransportFault

if TYPE_CHECKING:
    from ._core import Track

T = TypeVar("T")

# An escape of a printable ASCII character, in its group; or another one, with all that is
# behind it up to the next of these. Each match is a call of Python's, of many the loop would feel.
_ASCII = rb"u00([2-6][0-9a-fA-F]|7[0-9a-eA-E])"
_ESCAPE = re.compile(rb"\\(?:%b|.(?:[^\\]*+\\(?!%b).)*+)" % (_ASCII, _ASCII), re.DOTALL)
# By its number, in small letters or large: the character, as it stands in a text of JSON.
_CHARS = {
    spelt.encode(): b"\\" * (chr(code) in '"\\') + bytes([code])
    for code in range(0x20, 0x7F)
    for spelt in (f"{code:02x}", f"{code:02X}")
}
# At the end of a message that was too long; and of how much of a link there is no doubt.
_CUT, _BEGIN = "…", 8
# No reply has a tenth of so many, and so many are replaced within 50 ms at the worst.
_ESCAPES = 100_000


class Judged(NamedTuple, Generic[T]):
    """What came of one attempt. A tuple, since every call makes one.

    Attributes:
        result: What the call returns, where there is no error.
        error: Why there is no result.
        cause: What the error is raised from.
        stale: Whether a connection that had served before broke before any reply.
    """

    result: T | None = None
    error: PixLabError | None = None
    cause: BaseException | None = None
    stale: bool = False


def of_reply(
    call: Call[T], reply: Reply, key: APIKey | None, *, attempts: int, elapsed: float
) -> Judged[T]:
    """What the reply means.

    Args:
        call: What was asked.
        reply: What came.
        key: The key that was sent, which the service may echo.
        attempts: How many there were, for the result.
        elapsed: Seconds since the call began, for the result.
    """
    # Whatever the service echoes: the key goes no further than this line.
    if key is not None and not brings_bytes(call, reply):
        plain = _plain(reply.body)
        if plain is None:
            problem = f"the reply holds over {_ESCAPES:,} characters that are escaped by number"
            return Judged(error=UnreadableReply(problem, http_status=reply.status))

        body = key.scrub_bytes(plain)
        if body is not reply.body:
            reply = Reply(reply.status, reply.headers, body)
    meta = Meta(attempts, elapsed, reply.status)
    try:
        return Judged(read(call, reply, meta, now=time.time()))
    except PixLabError as error:
        return Judged(error=error.with_traceback(None))


def _plain(body: bytes) -> bytes | None:
    """JSON in which texts are spelt in the one way in which the key is looked for.

    None where they are too many to be spelt anew.
    """
    if b"\0" in body[:4]:
        with suppress(UnicodeError):  # else it is no JSON, and none of it is told
            text = body.decode(detect_encoding(body), "surrogatepass")
            body = text.encode("utf-8", "surrogatepass")
    if b"\\u00" not in body:
        return body

    plain, escapes = _ESCAPE.subn(_unescaped, body, _ESCAPES)
    return plain if escapes < _ESCAPES else None


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return _CHARS.get(escape[1], escape[0])


def of_fault(fault: TransportFault, key: APIKey | None) -> Judged[Any]:
    """What a fault of the wire means."""
    error = error_from(fault, scrubbed(clean(fault.message), key))
    cause = fault.__cause__
    if cause is not None and scrubbed(told := told_by(cause), key) != told:
        cause = None  # it quotes bytes of the peer's, and those quote the key
    return Judged(error=error, cause=cause, stale=fault.stale)


def of_deadline() -> Judged[Any]:
    """What it means that the deadline came while the wire was waited for."""
    return Judged(error=TimedOut("no whole reply before the call's deadline", sent=True))


def tell(
    error: PixLabError, call: Call[Any], key: APIKey | None, track: Track, elapsed: float
) -> None:
    """Put the facts of the call into its error."""
    error.message = scrubbed(error.message, key)
    error.args = (error.message,)
    error.endpoint = call.endpoint.name
    error.attempts = track.attempts
    error.elapsed = elapsed
    error.history = tuple(track.history)
    error.maybe_processed = track.maybe_processed


def conceal(error: PixLabError, call: Call[Any]) -> None:
    """Mask the call's own links in what was said to it: they are of private pictures."""
    # The longest first: of one that holds another the rest would stay.
    for link in sorted(_links(call), key=len, reverse=True):
        for spelt in _spellings(link):
            error.message = _without(error.message, spelt, masked(link))
    error.args = (error.message,)


def _spellings(link: str) -> Iterable[str]:
    """The ways in which a service may quote it: as it was given, in a URL, in PHP's JSON."""
    return (
        link,
        link.replace("/", r"\/"),
        quote(link, errors="replace"),
        quote(link, safe="", errors="replace"),
    )


def _without(message: str, link: str, shown: str) -> str:
    message = message.replace(link, shown)
    if not message.endswith(_CUT):
        return message

    # The end of a long message may be the begin of the link.
    whole = message.removesuffix(_CUT)
    for at in range(len(whole) - _BEGIN + 1):
        if link.startswith(whole[at:]):
            return f"{whole[:at]}{shown}{_CUT}"

    return message


def _links(call: Call[Any]) -> Iterator[str]:
    """The links among its parameters, at any depth; for a deletion an id is one too."""
    deleted = call.endpoint.name == "delete"
    ahead: list[object] = list(call.params.values())
    while ahead:
        value = ahead.pop()
        if isinstance(value, str):
            if "://" in value or (deleted and value):
                yield value
        elif isinstance(value, Mapping):
            ahead += value.values()
        elif isinstance(value, Sequence):
            ahead += value


def scrubbed(text: str, key: APIKey | None) -> str:
    """The text without the key."""
    return text if key is None else key.scrub(text)
