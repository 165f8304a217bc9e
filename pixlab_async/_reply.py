"""The protocol, without I/O: a Reply, or a fault of the wire, becomes a value or an error.

The body's ``status`` is authoritative, and whatever cannot be trusted is an error. It knows
neither httpx nor anyio.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

from ._errors import ConnectionFailed, PixLabError, TimedOut, UnreadableReply, error_class
from ._protocol import Call
from ._results import JSON, Meta
from ._retry import parse_retry_after
from ._success import Success
from .transports._seam import Reply, TransportFault

T = TypeVar("T")

_MESSAGE_LIMIT = 300
_OK = 200
_NOT_FOUND = 404
# Parsing holds everything else up. What is longer than this is looked over before: no reply
# has a tenth of so many values, and so many are parsed within 50 ms at the worst.
_LARGE = 64 * 1024
_VALUES = 100_000
_DIGITS = 100
# White space and a byte order mark; of a picture no more than its begin is looked at.
_BEFORE_AN_OBJECT, _BEGIN = b" \t\r\n\xef\xbb\xbf", 64
# Fields that decide what happened: a reply that states one twice is not to be believed.
_CONTROL_FIELDS = frozenset({"status", "deleted", "link", "id", "error"})


def read(call: Call[T], reply: Reply, meta: Meta, *, now: float) -> T:
    """The result that the reply brings.

    Args:
        call: What was asked.
        reply: What came.
        meta: The facts of the call, for the result.
        now: Seconds since the epoch, for a ``Retry-After`` date without a ``Date``.

    Raises:
        ReplyError: The service said no; the class says which way.
        UnreadableReply: The reply is not what the endpoint promises.
    """
    if brings_bytes(call, reply):
        return call.returns(_bytes(reply, _media_type(reply), meta))

    fields, problem = _object(reply.body)
    if fields is None:
        # Raised out here: the parser's error would hold the whole body.
        raise _without_json(reply, problem, now)

    status = _body_status(fields)
    if call.bare and not fields.keys() & {"status", "error"}:
        status = _OK  # of another's form, where HTTP alone says how it went
    if _is_ok(reply.status) and status == _OK and not call.blob:
        return call.returns(Success(fields, b"", "", meta))

    raise _refusal(reply, fields, status, call.blob, now)


def brings_bytes(call: Call[T], reply: Reply) -> bool:
    """Whether the body is to be taken as the bytes that may come, and not as JSON.

    No picture begins like a JSON object: such a body is read as one, whatever its type says.
    """
    if not (call.blob or call.inline) or not _is_ok(reply.status):
        return False

    if reply.body[:_BEGIN].lstrip(_BEFORE_AN_OBJECT).startswith(b"{"):
        return False

    media_type = _media_type(reply)
    return media_type != "application/json" if call.blob else media_type.startswith("image/")


def _media_type(reply: Reply) -> str:
    return reply.headers.get("content-type", "").partition(";")[0].strip().lower()


def _bytes(reply: Reply, media_type: str, meta: Meta) -> Success:
    if not reply.body:
        raise UnreadableReply("the reply is empty", http_status=reply.status)

    # A page of a captive portal or a proxy is no picture.
    if media_type.startswith("text/"):
        raise UnreadableReply(
            f"the reply is {media_type} where a picture was asked for", http_status=reply.status
        )

    return Success({}, reply.body, media_type or "application/octet-stream", meta)


def _object(body: bytes) -> tuple[dict[str, JSON] | None, str]:
    """The JSON object in the body; or None, and why it is none or cannot be trusted."""
    if not body:
        return None, "the reply is empty"

    try:
        value = _decode(body)
    except RecursionError:
        return None, "the reply is JSON nested too deep"
    except _Untrusted as problem:
        return None, str(problem)
    except ValueError:
        return None, "the reply is no JSON, or broken off"

    if not isinstance(value, dict):
        return None, f"the reply is a JSON {type(value).__name__} and not an object"

    return value, ""


class _Untrusted(ValueError):
    pass


def _pairs(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted(name for name in _CONTROL_FIELDS if names.count(name) > 1)
        if twice:
            raise _Untrusted(f"the reply states {twice[0]!r} more than once")

    return fields


def _no_constant(constant: str) -> NoReturn:
    raise _Untrusted(f"the reply holds {constant}, which is no JSON")


def _whole_number(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise _Untrusted(f"the reply holds a number of {len(digits):,} digits")

    return int(digits)


# Made once: json.loads makes one for each call that has a hook.
_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_no_constant)
_CAREFUL_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_no_constant, parse_int=_whole_number
)


def _decode(body: bytes) -> JSON:
    value: JSON
    if len(body) > _LARGE:
        values = sum(map(body.count, (b",", b"[", b"{")))
        if values > _VALUES:
            raise _Untrusted(
                f"the reply holds {values:,} values, where {_VALUES:,} are far too many"
            )

        value = _CAREFUL_DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    elif body[:2] == b'{"':  # in UTF-8, as nearly always
        text = body.decode("utf-8", "surrogatepass")
        value, end = _DECODER.raw_decode(text)
        if end < len(text):  # more than white space, and it is no JSON
            value = _DECODER.decode(text)
    else:
        value = json.loads(body, object_pairs_hook=_pairs, parse_constant=_no_constant)
    return value


def _body_status(fields: Mapping[str, JSON]) -> int | None:
    """The body's status, where it has one: three digits, as a number or as a text."""
    status = fields.get("status")
    if isinstance(status, str) and status.isascii() and status.isdigit() and len(status) == 3:
        status = int(status)
    if isinstance(status, float) and status.is_integer():
        status = int(status)
    return status if type(status) is int and 100 <= status <= 999 else None  # True is none


def _without_json(reply: Reply, problem: str, now: float) -> PixLabError:
    """The error for a body that is no JSON: HTTP's status speaks, where it can."""
    media_type = _media_type(reply)
    # 404 needs the service's own word: a wrong base URL answers with a page and 404 too,
    # and must not make a stored picture count as gone.
    # What is no status of an answer (101, 999) says nothing either.
    if _is_ok(reply.status) or reply.status == _NOT_FOUND or not 300 <= reply.status < 600:
        return UnreadableReply(
            f"{problem} (HTTP {reply.status}, {media_type or 'no content type'})",
            http_status=reply.status,
        )

    return error_class(reply.status)(
        _redirect(reply) or f"no JSON, but {media_type or 'no content type'}",
        status=reply.status,
        http_status=reply.status,
        retry_after=_wait(reply, now),
    )


def _refusal(
    reply: Reply, fields: Mapping[str, JSON], status: int | None, blob: bool, now: float
) -> PixLabError:
    if status is None and _is_ok(reply.status):
        return UnreadableReply(
            "the reply's field 'status' is missing or no number",
            http_status=reply.status,
            field="status",
        )

    if status == _OK and _is_ok(reply.status) and blob:
        return UnreadableReply(
            "the reply is JSON where a picture's bytes were asked for", http_status=reply.status
        )

    effective = reply.status if status in (None, _OK) else status
    message = fields.get("error")
    return error_class(effective)(
        clean(message)
        if isinstance(message, str) and message
        else _redirect(reply) or "the service gave no reason",
        status=effective,
        http_status=reply.status,
        retry_after=_wait(reply, now),
    )


def clean(message: str) -> str:
    """A foreign text, short and without control characters, fit for a log line."""
    shown = "".join(char if char.isprintable() else " " for char in message[:_MESSAGE_LIMIT])
    return shown + ("…" if len(message) > _MESSAGE_LIMIT else "")


def _wait(reply: Reply, now: float) -> float | None:
    return parse_retry_after(
        reply.headers.get("retry-after", ""), reply.headers.get("date", ""), now
    )


def _is_ok(http_status: int) -> bool:
    return 200 <= http_status < 300


def _redirect(reply: Reply) -> str | None:
    if not 300 <= reply.status < 400:
        return None

    # Only where to, not with which parameters: they may echo the call's own.
    try:
        host = urlsplit(reply.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f"a redirect to {clean(host or 'nowhere')}, which is not followed"


def error_from(fault: TransportFault, message: str) -> PixLabError:
    """The error that a fault of the wire is to the caller."""
    if fault.unreadable:
        return UnreadableReply(message, http_status=fault.http_status)

    if fault.phase is not None:
        return TimedOut(message, phase=fault.phase, sent=fault.sent)

    return ConnectionFailed(message, sent=fault.sent, permanent=fault.permanent)


def told_by(error: BaseException) -> str:
    """Everything that the error and those behind it would print."""
    told = ""
    link: BaseException | None = error
    while link is not None:
        told += repr(link)
        link = link.__cause__ or link.__context__
    return told
