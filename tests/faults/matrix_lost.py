"""Rows 1 to 12: a request that never gets there, and a reply that is lost on its way."""

from __future__ import annotations

from attrs import evolve

from pixlab_async import (
    ConnectionFailed,
    PixLabError,
    TimedOut,
    UnreadableReply,
)
from pixlab_async.transports._seam import UNKNOWN_HOST

from ..scripted import JSON_OK, Cut, Reset, http
from .rows import (
    DRIPPING,
    HEAD,
    OK,
    ONCE,
    SILENT,
    Facts,
    Row,
    chunked,
    deleted,
    doubtful,
)
from .server import dripping

# --- Never sent: 1 to 5 (5 is a scenario, in test_scenarios) -------------------------------

_UNREACHABLE: list[tuple[int, str, str, type[PixLabError], Facts, Facts]] = [
    (1, "connect refused", "refused", ConnectionFailed, {"attempts": 3}, {}),
    (2, "DNS failure", "unknown", ConnectionFailed, {"attempts": 3, "message": UNKNOWN_HOST}, {}),
    (3, "blackhole", "deaf", TimedOut, {"attempts": 3, "phase": "connect"}, SILENT),
    (4, "no TLS", "speaking_no_tls", ConnectionFailed, {"permanent": False}, {}),
    (
        4,
        "a certificate of nobody known",
        "self_signed",
        ConnectionFailed,
        {"attempts": 1, "permanent": True},
        {},
    ),
    (
        4,
        "a certificate that is over",
        "expired",
        ConnectionFailed,
        {"attempts": 1, "permanent": True},
        {},
    ),
]
ADDRESSES = [
    Row(
        number,
        what,
        address=address,
        ask=ask,
        error=error,
        facts={"sent": False, "maybe_processed": False, **facts},
        options=options,
        next_host="llm",
    )
    for ask in ("delete", "paint")
    for number, what, address, error, facts, options in _UNREACHABLE
]

# --- Lost replies: 6 to 12 ------------------------------------------------------------------

LOST = [
    *doubtful(6, "closed before a byte", None, ConnectionFailed, sent=True),
    *doubtful(6, "reset before a byte", Reset(b""), ConnectionFailed, sent=True),
    *(
        row
        for what, answer in [("closed before a byte", None), ("reset before a byte", Reset(b""))]
        for row in (
            evolve(deleted(6, what, answer, OK, attempts=2, **ONCE), reused=True),
            Row(
                6,
                what,
                (answer,),
                ask="paint",
                error=ConnectionFailed,
                facts={"attempts": 1, "sent": True, "maybe_processed": True},
                requests=1,
                reused=True,
            ),
        )
    ),
    *doubtful(7, "reset in the header", Reset(HEAD[:30]), ConnectionFailed, sent=True),
    *doubtful(7, "reset in the body", Reset(http(b"{", length=9)), ConnectionFailed, sent=True),
    *doubtful(8, "closed in the body", Cut(http(b"{", length=9)), ConnectionFailed, sent=True),
    *doubtful(8, "closed in a chunk", Cut(chunked(b"{", end=b"9\r\nx")), ConnectionFailed),
    *doubtful(
        9, "closed in a body without a length", Cut(HEAD + b"\r\n" + JSON_OK[:15]), UnreadableReply
    ),
    *doubtful(10, "no answer", b"", TimedOut, phase="read", sent=True, options=SILENT),
    Row(
        11,
        "a body that drips",
        (dripping(HEAD + b"Content-Length: 500\r\n\r\n{", b" "),),
        error=TimedOut,
        facts={"phase": "deadline", "sent": True, "attempts": 1, "maybe_processed": True},
        requests=1,
        options=DRIPPING,
    ),
    Row(
        11,
        "a header that drips",
        (dripping(HEAD, b"X: y\r\n"),),
        ask="paint",
        error=TimedOut,
        facts={"phase": "deadline", "sent": True, "attempts": 1, "maybe_processed": True},
        requests=1,
        options=DRIPPING,
    ),
    *doubtful(12, "truncated JSON", http(JSON_OK[:20]), UnreadableReply, http_status=200),
]
