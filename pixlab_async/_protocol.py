"""The protocol, without I/O: a Call becomes a Request, a Reply becomes a value or an error.

Every method of the client builds one ``Call``; retry, pacing and batches handle that one
value. ``build`` and ``read`` are plain functions. They know neither httpx nor anyio.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Generic, Literal, NoReturn, TypeAlias, TypeVar
from urllib.parse import urlencode, urlsplit

from attrs import field, frozen

from ._catalogue import Endpoint
from ._errors import ConfigurationError, PixLabError, UnreadableReply, error_class
from ._key import HEADER, PARAMETER, APIKey
from ._multipart import Multipart
from ._results import JSON, Meta
from ._retry import parse_retry_after
from ._sources import Upload
from ._version import VERSION
from .transports._seam import Content, Reply, Request

T = TypeVar("T")
Auth = Literal["query", "header"]
Parameter: TypeAlias = (
    str | int | float | bool | Sequence["Parameter"] | Mapping[str, "Parameter"] | None
)

# Replies are small JSON objects; a megabyte is far beyond any that was seen.
JSON_LIMIT = 1024 * 1024
BLOB_LIMIT = 256 * 1024 * 1024
# Above this most servers refuse a request line. The parameters themselves are bounded
# lower; this is for calls with many of them.
TARGET_LIMIT = 32 * 1024

USER_AGENT = f"pixlab-async/{VERSION}"

_MESSAGE_LIMIT = 300
_OK = 200
_NOT_FOUND = 404
# Fields that decide what happened: a reply that states one twice is not to be believed.
_CONTROL_FIELDS = frozenset({"status", "deleted", "link", "id", "error"})


@frozen(eq=False)
class Call(Generic[T]):
    """One call of an endpoint, as data.

    Attributes:
        endpoint: What is called.
        returns: Makes the result of a successful reply's fields (or of its bytes).
        params: Parameters that are sent; None means "not sent".
        upload: Bytes for the multipart field ``file``, or None.
        blob: Whether the reply is the picture's bytes instead of JSON.
        method: The HTTP method where the endpoint's preferred one is not wanted.
    """

    endpoint: Endpoint
    returns: Callable[[Success], T] = field(repr=False)
    # Values may be links to private pictures: only names are shown.
    params: Mapping[str, Parameter] = field(
        factory=dict[str, Parameter], repr=lambda params: f"{sorted(params)}"
    )
    upload: Upload | None = None
    blob: bool = False
    method: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again when an earlier attempt may have worked."""
        return self.endpoint.repeatable or self.blob

    @property
    def replayable(self) -> bool:
        """Whether its body can be sent a second time."""
        return self.upload is None or self.upload.replayable


@frozen(eq=False, repr=False)
class Success:
    """A reply that says the call worked.

    Attributes:
        fields: The JSON object, or an empty one where bytes came.
        content: The bytes where ``blob`` was asked for, else empty.
        media_type: The reply's content type.
        meta: The facts of the call, for the result.
    """

    fields: Mapping[str, JSON]
    content: bytes
    media_type: str
    meta: Meta

    def text(self, name: str) -> str:
        """A field that must be there and be a non-empty string.

        Raises:
            UnreadableReply: It is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, str) or not value:
            self.lacks(name, "a text")

        return value

    def lacks(self, name: str, promised: str) -> NoReturn:
        """Raise the error for a field that is not what the endpoint promises."""
        got = type(self.fields[name]).__name__ if name in self.fields else "nothing"
        raise UnreadableReply(
            f"the reply's field {name!r} should be {promised}, and is {got}",
            http_status=self.meta.http_status,
            field=name,
        )

    def beyond(self, *documented: str) -> dict[str, JSON]:
        """The fields that are not documented."""
        return {
            name: value
            for name, value in self.fields.items()
            if name not in documented and name != "status"
        }


# --- Call to Request --------------------------------------------------------------------


def build(
    call: Call[Any],
    origin: str,
    *,
    key: APIKey | None,
    auth: Auth,
    timeout: float,
    form: Callable[[Sequence[tuple[str, str]]], Multipart] | None = None,
) -> Request:
    """The request that asks for what the call says.

    Args:
        call: The call.
        origin: Scheme, host and any path prefix, without a slash at the end.
        key: The key; None for an endpoint that takes none.
        auth: Where the key goes.
        timeout: Seconds of silence that are allowed on the wire.
        form: Makes the multipart body of its fields where the call uploads something.

    Raises:
        ConfigurationError: A parameter cannot be sent.
    """
    method = "POST" if form is not None else call.method or call.endpoint.methods[0]
    params = {name: value for name, value in call.params.items() if value is not None}
    headers = [("Accept", "*/*"), ("Accept-Encoding", "gzip"), ("User-Agent", USER_AGENT)]
    target = f"{urlsplit(origin).path}/{call.endpoint.name}"
    content: Content = b""
    # All that can fail comes first: an error's frames must not hold the key.
    pairs = [(name, text(value, name)) for name, value in params.items()]
    as_json = method == "POST" and form is None
    query = _checked_query(pairs) if method == "GET" else ""
    if as_json:
        _dumps(params, "parameters")

    secret: list[tuple[str, str]] = []
    if key is None:
        pass
    elif auth == "header":
        headers.append((HEADER, key.reveal()))
    else:
        secret = [(PARAMETER, key.reveal())]

    if form is not None:
        body = form([*pairs, *secret])
        headers += body.headers
        content = body
    elif as_json:
        headers.append(("Content-Type", "application/json"))
        content = _dumps({**params, **dict(secret)}, "parameters").encode()
    elif pairs or secret:
        target += "?" + "&".join(part for part in (query, urlencode(secret)) if part)

    return Request(
        method,
        call.endpoint.name,
        f"{origin}/{call.endpoint.name}",
        target,
        tuple(headers),
        content,
        BLOB_LIMIT if call.blob else JSON_LIMIT,
        timeout,
    )


def text(value: Parameter, name: str) -> str:
    """The value as a query or form field carries it.

    Booleans become true or false, numbers plain decimals, lists and objects JSON.

    Raises:
        ConfigurationError: A number is not finite, or a text cannot be encoded.
    """
    if isinstance(value, bool):
        return "true" if value else "false"

    if isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigurationError(f"The parameter {name!r} is {value}: it must be finite.")

        # Not 1e-07: whether the service reads exponents is not known.
        return format(Decimal(repr(float(value))), "f")

    if isinstance(value, str):
        return _encodable(str.__str__(value), name)  # of an Enum's member, too

    if isinstance(value, int):
        return str(value)

    return _dumps(value, name)


def _checked_query(pairs: Sequence[tuple[str, str]]) -> str:
    query = urlencode(pairs)
    if len(query) > TARGET_LIMIT:
        raise ConfigurationError(
            f"The parameters make a query of {len(query):,} characters; a GET request carries "
            f"{TARGET_LIMIT:,} at most. Upload the source, or use method='POST'."
        )

    return query


def _dumps(value: object, name: str) -> str:
    try:
        dumped = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        problem = (
            f"The parameter {name!r} cannot be written as JSON: pass finite numbers, texts, "
            f"booleans, lists and dictionaries."
        )
    else:
        return _encodable(dumped, name)

    raise ConfigurationError(problem)


def _encodable(value: str, name: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        problem = f"The parameter {name!r} has half of a surrogate pair and is no valid text."
    else:
        return value

    value = ""
    raise ConfigurationError(problem)


# --- Reply to value or error --------------------------------------------------------------


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
    media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if call.blob and _is_ok(reply.status) and media_type != "application/json":
        return call.returns(_bytes(reply, media_type, meta))

    fields, problem = _object(reply.body)
    if fields is None:
        # Raised out here: the parser's error would hold the whole body.
        raise _without_json(reply, media_type, problem, now)

    status = _body_status(fields)
    if _is_ok(reply.status) and status == _OK and not call.blob:
        return call.returns(Success(fields, b"", media_type, meta))

    raise _refusal(reply, fields, status, call.blob, now)


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
        value: JSON = json.loads(body, object_pairs_hook=_pairs, parse_constant=_no_constant)
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


def _body_status(fields: Mapping[str, JSON]) -> int | None:
    status = fields.get("status")
    if isinstance(status, str) and status.isascii() and status.isdigit() and len(status) <= 3:
        return int(status)

    if isinstance(status, int) and not isinstance(status, bool):
        return status

    if isinstance(status, float) and status.is_integer():
        return int(status)

    return None


def _without_json(reply: Reply, media_type: str, problem: str, now: float) -> PixLabError:
    """The error for a body that is no JSON: HTTP's status speaks, where it can."""
    # 404 needs the service's own word: a wrong base URL answers with a page and 404 too,
    # and must not make a stored picture count as gone.
    if _is_ok(reply.status) or reply.status == _NOT_FOUND:
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
