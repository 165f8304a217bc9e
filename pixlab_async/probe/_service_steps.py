"""Steps that ask about the service as a whole: how it is reached, and its replies' form."""

from __future__ import annotations

import ssl
from statistics import median
from urllib.parse import urlsplit

import anyio
from anyio.streams.tls import TLSAttribute

from .._results import JSON
from ._session import Session
from ._values import Skip, Step
from ._wire import Ask, Seen, bounded, limit_headers, short

# Some page of anybody's, which asks whether it may read the reply.
_ORIGIN = ("Origin", "https://example.org")
_HTTPS = 443


async def _handshake(session: Session) -> None:
    parts = urlsplit(session.origin)
    if parts.scheme != "https":
        raise Skip("the service is reached over plain http")

    await session.pause()
    try:
        with anyio.fail_after(session.timeout):
            version, protocol = await agreed(parts.hostname or "", parts.port or _HTTPS)
    except (OSError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
        raise Skip(f"the handshake failed: {type(error).__name__}") from None

    session.answer("http2", protocol == "h2", note=f"agreed on: {protocol or 'nothing'}")
    session.answer("tls", version)


async def agreed(
    host: str, port: int, context: ssl.SSLContext | None = None
) -> tuple[str, str | None]:
    """The version of TLS and the protocol that a server agrees on. Nothing is sent to it.

    Args:
        host: Its name.
        port: Its port.
        context: What trusts it; by default the context of the client's own connections.

    Raises:
        OSError: It cannot be reached, or is not trusted.
    """
    if context is None:
        # Here and not above: it imports httpx, which the plan alone does not need.
        from ..transports._httpx_tls import http2_context, ssl_context  # noqa: PLC0415

        context = await ssl_context(http2_context)
    # httpx writes them into the context at each connection of its own, too.
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with await anyio.connect_tcp(
        host, port, ssl_context=context, tls_standard_compatible=False, tls_hostname=host
    ) as stream:
        attributes = stream.extra_attributes
        return (
            str(attributes[TLSAttribute.tls_version]()),
            attributes[TLSAttribute.alpn_protocol](),
        )


async def _status(session: Session) -> None:
    reply = await session.ask(Ask("status", "nowhere", headers=(_ORIGIN,)))
    session.outcome("status-endpoint", reply)
    if reply.fault:
        raise Skip("no reply came")

    headers = reply.headers
    if reply.fields is not None:
        session.answer("json-content-type", short(headers.get("content-type", "")), reply)
    told: dict[str, JSON] = {
        name: short(headers[name]) if name in headers else None
        for name in ("server", "connection", "content-encoding")
    }
    told |= {"date": "date" in headers, "length": "content-length" in headers}
    session.answer("http-headers", told, reply)
    allowed = headers.get("access-control-allow-origin")
    session.answer("cors", {"allow_origin": short(allowed) if allowed else None}, reply)


def sums(session: Session) -> None:
    """Answer what all replies together say."""
    answered = [seen for seen in session.sent if not seen.fault]
    errors = [seen for seen in answered if seen.fields is not None and not seen.worked]
    if errors:
        names = bounded({name for seen in errors for name in seen.fields or {}})
        session.answer("error-fields", names, *errors[:2])
    if answered:
        times = [seen.seconds * 1000 for seen in answered]
        figures: dict[str, JSON] = {
            "replies": len(times),
            "least": round(min(times), 1),
            "median": round(median(times), 1),
            "most": round(max(times), 1),
        }
        session.answer("latency", figures)
    _limit(session, answered)


def _limit(session: Session, answered: list[Seen]) -> None:
    refused = next((seen for seen in answered if seen.limited), None)
    announced = next((seen for seen in answered if limit_headers(seen.headers)), None)
    told = refused or announced
    if told is None:
        session.unseen("rate-limit", "no request was refused for its rate, and no header told one")
        return

    names = bounded(limit_headers(told.headers))
    session.answer("rate-limit", {"refused": refused is not None, "headers": names}, told)


STEPS = (
    Step(
        "handshake",
        "opens a TLS connection, offers HTTP/2 and HTTP/1.1, and closes it (https only)",
        ("http2", "tls"),
        _handshake,
        requests=0,
    ),
    Step(
        "status",
        "asks `status` how the service is, without the key",
        ("status-endpoint", "json-content-type", "http-headers", "cors"),
        _status,
    ),
)

# What is answered at the end, from all replies.
SUMS = ("error-fields", "latency", "rate-limit")
