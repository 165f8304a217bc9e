"""How a probe's requests are written and its replies are read. Pure.

The client's own way of building requests is right for calls and has one form for each; here
the forms themselves are asked about. A ``Request`` holds the key and prints without it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias, cast
from urllib.parse import quote, urlencode, urlsplit

from attrs import field, frozen

from .._key import HEADER, PARAMETER, APIKey
from .._protocol import HEADERS, JSON_LIMIT
from .._reply import clean
from .._results import JSON
from ..transports._seam import Reply, Request

# Where the key stands: in the query, the header, the body in the body's own form, or nowhere.
Place: TypeAlias = Literal["query", "header", "body", "nowhere"]
Body: TypeAlias = Literal["none", "multipart", "json", "urlencoded"]

# Of a reply's header fields, those whose values are worth keeping.
_KEPT = (
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "server",
    "allow",
    "retry-after",
    "access-control-allow-origin",
)
_LIMITS = ("ratelimit", "x-ratelimit", "x-rate-limit")
_MANY, _LONG = 40, 100


@frozen
class Ask:
    """One request to be sent.

    Attributes:
        endpoint: The path's one segment.
        place: Where the key goes.
        query: Parameters for the query, their values percent-encoded already.
        body: The form of the body; other than "none" makes it a POST.
        fields: Parameters for the body.
        file: Bytes to upload, in a multipart body.
        key: Another key than the probe's own.
        headers: Further header fields.
        blob: Whether the picture's bytes are asked for.
        stores: Whether a success leaves a picture stored.
    """

    endpoint: str
    place: Place = "query"
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: Body = "none"
    fields: Mapping[str, str | bool] = field(factory=dict[str, str | bool], repr=False)
    file: bytes | None = field(default=None, repr=False)
    key: APIKey | None = None
    headers: tuple[tuple[str, str], ...] = ()
    blob: bool = False
    stores: bool = False


def encoded(value: str) -> str:
    """A value for a query, with everything encoded that can be."""
    return quote(value, safe="")


def request_for(ask: Ask, origin: str, key: APIKey, timeout: float) -> Request:
    """The request, ready for the wire."""
    key = ask.key or key
    query = [f"{name}={value}" for name, value in ask.query]
    headers = [*HEADERS, *ask.headers]
    fields: dict[str, str | bool] = dict(ask.fields)
    if ask.place == "query":
        query.append(key.reveal_query())
    elif ask.place == "header":
        headers.append((HEADER, key.reveal()))
    elif ask.place == "body":
        fields[PARAMETER] = key.reveal()
    content = b""
    if ask.body != "none":
        media_type, content = _content(ask, fields)
        headers.append(("Content-Type", media_type))
    target = f"{urlsplit(origin).path}/{ask.endpoint}" + ("?" if query else "") + "&".join(query)
    return Request(
        method="GET" if ask.body == "none" else "POST",
        endpoint=ask.endpoint,
        url=f"{origin}/{ask.endpoint}",
        target=target,
        headers=tuple(headers),
        content=content,
        limit=JSON_LIMIT,
        timeout=timeout,
    )


def _content(ask: Ask, fields: Mapping[str, str | bool]) -> tuple[str, bytes]:
    if ask.body == "json":
        return "application/json", json.dumps(dict(fields)).encode()

    texts = {name: _text(value) for name, value in fields.items()}
    if ask.body == "urlencoded":
        return "application/x-www-form-urlencoded", urlencode(texts).encode()

    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in texts.items()
    ]
    if ask.file is not None:
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="probe.png"'
            f"\r\nContent-Type: image/png\r\n\r\n"
        )
        parts.append(head.encode() + ask.file + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)


def _text(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


# --- What came ------------------------------------------------------------------------


@frozen(repr=False)
class Seen:
    """What came of a request.

    Attributes:
        number: Which request of the probe it was, from 1.
        ask: What was sent.
        http: The HTTP status; 0 where no reply came.
        headers: Header fields, names in lower case.
        body: The body, without the key in it.
        seconds: From the send to the whole reply.
        fault: What went wrong where no reply came.
        fields: The JSON object that the body is, or None.
    """

    number: int
    ask: Ask
    http: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    fault: str = ""
    fields: Mapping[str, JSON] | None = None

    @property
    def status(self) -> int | None:
        """The body's own status."""
        status = (self.fields or {}).get("status")
        if isinstance(status, str) and status.isascii() and status.isdigit():
            status = int(status[:9])
        return status if isinstance(status, int) and not isinstance(status, bool) else None

    @property
    def worked(self) -> bool:
        """Whether both statuses, or HTTP's for bytes, say success."""
        return 200 <= self.http < 300 and (self.fields is None or self.status == 200)

    @property
    def refuses_key(self) -> bool:
        """Whether either status says that the key is not taken."""
        return bool({self.http, self.status} & {401, 403})

    @property
    def limited(self) -> bool:
        """Whether it was refused for too many requests."""
        return 429 in (self.http, self.status)

    @property
    def media_type(self) -> str:
        """The content type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def text(self, name: str) -> str:
        """A field that is a text, or an empty one."""
        value = (self.fields or {}).get(name)
        return value if isinstance(value, str) else ""

    def outcome(self) -> dict[str, JSON]:
        """The reply in short."""
        return {"http": self.http, "status": self.status, "json": self.fields is not None}

    def evidence(self) -> dict[str, JSON]:
        """What of the reply is kept: bounded, and of the body no value but the error's text."""
        kept = {name: self.headers[name] for name in _KEPT if name in self.headers}
        kept |= limit_headers(self.headers)
        found: dict[str, JSON] = {
            "request": self.number,
            "endpoint": self.ask.endpoint,
            "method": "GET" if self.ask.body == "none" else "POST",
            "http": self.http,
            "status": self.status,
            "seconds": round(self.seconds, 4),
            "bytes": len(self.body),
            "fields": bounded(self.fields or {}),
            "header_names": bounded(self.headers),
            "headers": {short(name): short(kept[name]) for name in list(kept)[:_MANY]},
        }
        if self.text("error"):
            found["error"] = clean(self.text("error"))
        if self.fault:
            found["fault"] = clean(self.fault)
        return found


def short(text: str) -> str:
    """A foreign text, fit to be kept."""
    return clean(text)[:_LONG]


def bounded(names: Iterable[str]) -> list[JSON]:
    """Foreign names in order, as many as are fit to be kept."""
    return [short(name) for name in sorted(names)[:_MANY]]


def limit_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The header fields that speak of a rate limit."""
    return {
        name: value
        for name, value in list(headers.items())
        if name == "retry-after" or name.startswith(_LIMITS)
    }


def read(number: int, ask: Ask, reply: Reply, key: APIKey, seconds: float) -> Seen:
    """What the reply is, without the key."""
    headers = {name: key.scrub(value) for name, value in reply.headers.items()}
    body, fields = reply.body, _object(reply.body)
    if fields is not None:  # pictures are kept byte for byte, and never shown
        body = key.scrub_bytes(body)
        fields = _object(body) or {}
        if isinstance(message := fields.get("error"), str):
            fields["error"] = key.scrub(message)
    return Seen(number, ask, reply.status, headers, body, seconds, fields=fields)


def _object(body: bytes) -> dict[str, JSON] | None:
    if not body.lstrip().startswith(b"{"):
        return None

    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None

    return cast("dict[str, JSON]", value) if isinstance(value, dict) else None
