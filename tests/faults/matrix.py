"""Every row of the fault matrix that is a fault of the wire, of the reply or of an address."""

from __future__ import annotations

import gzip
import zlib
from email.utils import formatdate
from typing import Any, TypeAlias

from attrs import evolve

from pixlab_async import (
    AuthenticationFailed,
    BadRequest,
    ConnectionFailed,
    DeletionState,
    MethodNotAllowed,
    NotFound,
    PixLabError,
    RateLimited,
    ReplyError,
    RetryPolicy,
    ServerFailed,
    TimedOut,
    UnreadableReply,
    UnsupportedMedia,
)
from pixlab_async._protocol import JSON_LIMIT
from pixlab_async.transports._seam import UNKNOWN_HOST

from ..scripted import JSON_OK, Cut, Reset, http
from .rows import GONE, OK, Row, chunked, deleted, doubtful, json, page, refused
from .server import dripping, endless

Facts: TypeAlias = dict[str, Any]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# Silence is the fault: a tenth of a second of it is enough, and two attempts.
SILENT: Facts = {"timeout": 0.1}
DRIPPING: Facts = {"deadline": 0.2}
ONCE: Facts = {"retry": RetryPolicy(attempts=1, limited_attempts=1)}


def _zipped(body: bytes = JSON_OK) -> bytes:
    return http(gzip.compress(body), 200, ["Content-Encoding: gzip"])


def _bomb() -> bytes:
    """64 KiB that unpack to 64 MiB."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    mebibyte = bytes(1024 * 1024)
    packed = b"".join(pack.compress(mebibyte) for _ in range(64)) + pack.flush()
    return http(packed, 200, ["Content-Encoding: gzip"])


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

# --- Replies that are not what they should be: 13 to 19 ---------------------------------------

WRONG = [
    *(
        row
        for status in (502, 503, 504, 520, 521, 522, 523, 524, 527)
        for row in doubtful(13, f"a page with {status}", page(status), ServerFailed, status=status)
    ),
    *doubtful(14, "a page with 200", page(200), UnreadableReply, http_status=200),
    *doubtful(
        15,
        "500 in the body of a 200",
        json('{"status":500,"error":"out"}'),
        ServerFailed,
        status=500,
        http_status=200,
    ),
    *doubtful(
        16,
        "200 in the body of a 500",
        json('{"status":200,"id":"a","deleted":true}', 500),
        ServerFailed,
        status=500,
        http_status=500,
    ),
    *(
        row
        for what, body in [("an array", "[1]"), ("null", "null"), ("a text", '"yes"')]
        for row in doubtful(17, what, json(body), UnreadableReply, http_status=200)
    ),
    deleted(18, "a status in text", json('{"status":"200","id":"a","deleted":true}')),
    *(
        Row(
            18,
            f"deleted is {value}",
            (json(f'{{"status":200,"id":"a","deleted":{value}}}'), GONE),
            state=DeletionState.DELETED_UNCONFIRMED,
            facts={"attempts": 2},
            requests=2,
        )
        for value in ('"yes"', "{}", "1", "null", '"true"', "false")
    ),
    *(
        row
        for value in ("true", "null", '"OK"', "{}", "-200", "1" * 400, "200.5", "1e999")
        for row in doubtful(
            18,
            f"status is {value[:9]}",
            json(f'{{"status":{value},"id":"a","deleted":true}}'),
            UnreadableReply,
            field="status",
        )[1:2]
    ),
    *doubtful(19, "an empty body", http(b""), UnreadableReply, http_status=200),
    *doubtful(19, "204", b"HTTP/1.1 204 No Content\r\n\r\n", UnreadableReply, http_status=204),
]

# --- Bodies and headers: 20 to 33 -----------------------------------------------------------

BODIES = [
    *doubtful(20, "a gzip bomb", _bomb(), UnreadableReply, http_status=200),
    *doubtful(
        21,
        "gzip in gzip",
        http(gzip.compress(gzip.compress(JSON_OK)), 200, ["Content-Encoding: gzip, gzip"]),
        UnreadableReply,
    ),
    *doubtful(
        22, "gzip that is none", http(JSON_OK, 200, ["Content-Encoding: gzip"]), UnreadableReply
    ),
    *doubtful(
        22,
        "corrupt gzip",
        http(gzip.compress(JSON_OK)[:-8] + bytes(8), 200, ["Content-Encoding: gzip"]),
        UnreadableReply,
    ),
    *doubtful(
        23,
        "gzip without its end",
        http(gzip.compress(JSON_OK)[:-6], 200, ["Content-Encoding: gzip"]),
        UnreadableReply,
    ),
    deleted(23, "gzip that is whole", _zipped()),
    *doubtful(
        24, "an unasked-for coding", http(JSON_OK, 200, ["Content-Encoding: br"]), UnreadableReply
    ),
    *doubtful(
        25,
        "chunks without an end",
        endless(chunked(end=b""), b"10000\r\n" + bytes(65536) + b"\r\n"),
        UnreadableReply,
    ),
    *doubtful(25, "a body without an end", endless(HEAD + b"\r\n", bytes(65536)), UnreadableReply),
    *doubtful(25, "a body over the limit", http(b" " * (JSON_LIMIT + 1)), UnreadableReply),
    *doubtful(
        26,
        "a header of 200 kB",
        HEAD + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
        ConnectionFailed,
        sent=True,
    ),
    *doubtful(26, "a header without an end", endless(HEAD, b"X: y\r\n" * 999), ConnectionFailed),
    deleted(
        27,
        "100 header fields",
        http(JSON_OK, 200, [f"X-{number}: 1" for number in range(100)]),
    ),
    deleted(27, "2 000 times 103", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2000 + OK),
    Row(
        27,
        "103 for ever",
        (dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),),
        error=TimedOut,
        facts={"phase": "deadline", "sent": True, "attempts": 1},
        requests=1,
        options=DRIPPING,
    ),
    deleted(28, "JSON that calls itself text", http(JSON_OK, 200, ["Content-Type: text/plain"])),
    deleted(28, "JSON that does not say what it is", http(JSON_OK, 200, [])),
    *(
        row
        for name in ("status", "deleted", "id")
        for row in doubtful(
            29,
            f"{name} twice",
            json(f'{{"status":500,"{name}":1,"{name}":2,"status":200}}'),
            UnreadableReply,
        )
    ),
    deleted(29, "another field twice", json('{"status":200,"id":"a","deleted":true,"x":1,"x":2}')),
    *(
        row
        for value in ("NaN", "Infinity", "-Infinity", "1" * 5000)
        for row in doubtful(
            30,
            f"{value[:9]} in it",
            json(f'{{"status":200,"id":"a","deleted":true,"x":{value}}}'),
            UnreadableReply,
        )
    ),
    deleted(31, "a byte order mark", http(b"\xef\xbb\xbf" + JSON_OK)),
    deleted(31, "UTF-16", http(JSON_OK.decode().encode("utf-16"))),
    *doubtful(
        32, "invalid UTF-8", http(b'{"status":200,"id":"\xff","deleted":true}'), UnreadableReply
    ),
    *doubtful(33, "200 000 brackets", http(b"[" * 200_000), UnreadableReply),
    *doubtful(
        33,
        "100 000 objects one in the other",
        http(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        UnreadableReply,
    ),
]

# --- The rate limit: 34 and 35 ----------------------------------------------------------------

_NOW = 1_800_000_000
_DATE = f"Date: {formatdate(_NOW, usegmt=True)}"


def _limited(what: str, *headers: str, asks: float | None) -> Row:
    return refused(
        34,
        what,
        json('{"status":429,"error":"slow down"}', 429, *headers),
        RateLimited,
        options=ONCE,
        next_host="llm",
        status=429,
        retry_after=asks,
        maybe_processed=False,
    )


def _at(seconds: int) -> str:
    return f"Retry-After: {formatdate(_NOW + seconds, usegmt=True)}"


LIMITED = [
    _limited("seconds", "Retry-After: 7", asks=7.0),
    _limited("a fraction", "Retry-After: 1.5", asks=1.5),
    _limited("a date", _at(30), _DATE, asks=30.0),
    _limited("a date in the past", _at(-30), _DATE, asks=0.0),
    _limited("a negative number", "Retry-After: -5", asks=0.0),
    _limited("infinity", "Retry-After: inf", asks=None),
    _limited("no number", "Retry-After: nan", asks=None),
    _limited("garbage", "Retry-After: soon", asks=None),
    _limited("an impossible date", "Retry-After: Fri, 99 Foo 2026 99:99:99 GMT", asks=None),
    _limited("two of them", "Retry-After: 1", "Retry-After: 2", asks=None),
    _limited("nothing in it", "Retry-After: ", asks=None),
    _limited("a thousand years", "Retry-After: 31536000000", asks=31536000000.0),
    _limited("a number too long", "Retry-After: " + "9" * 400, asks=None),
    Row(
        34,
        "longer than anybody waits",
        (json('{"status":429,"error":"slow down"}', 429, "Retry-After: 1000000000"),),
        error=RateLimited,
        facts={"retry_after": 1e9, "attempts": 1},
        requests=1,
        next_host="llm",
    ),
    evolve(
        deleted(
            34,
            "no wait at all",
            json('{"status":429,"error":"slow down"}', 429, "Retry-After: 0"),
            OK,
            attempts=2,
        ),
        next_host="llm",
    ),
    refused(
        35,
        "without Retry-After",
        page(429),
        RateLimited,
        options=ONCE,
        next_host="llm",
        status=429,
        retry_after=None,
    ),
]

# --- Refusals, redirects, and what is no HTTP: 36 to 42 -------------------------------------


def _no(status: int) -> bytes:
    return json(f'{{"status":{status},"error":"no"}}', status)


def _elsewhere(status: int) -> bytes:
    return page(status, "Location: https://elsewhere.example/delete?key=a")


REFUSED = [
    *(
        refused(36, f"{status}, a redirect", _elsewhere(status), ReplyError, status=status)
        for status in (301, 302, 303, 307, 308)
    ),
    refused(
        36,
        "a redirect to itself",
        page(302, "Location: delete"),
        ReplyError,
        status=302,
        maybe_processed=False,
    ),
    refused(37, "401", _no(401), AuthenticationFailed, status=401, maybe_processed=False),
    refused(
        37,
        "401 in a 200",
        json('{"status":401,"error":"no"}'),
        AuthenticationFailed,
        status=401,
        http_status=200,
    ),
    refused(37, "a page with 401", page(401), AuthenticationFailed, status=401),
    refused(38, "404", GONE, NotFound, status=404, maybe_processed=False),
    refused(38, "404 in a 200", json('{"status":404}'), NotFound, status=404, http_status=200),
    *doubtful(38, "a page with 404", page(404), UnreadableReply, http_status=404),
    refused(39, "400", _no(400), BadRequest, status=400, maybe_processed=False),
    refused(39, "405", _no(405), MethodNotAllowed, status=405, maybe_processed=False),
    refused(39, "415", _no(415), UnsupportedMedia, status=415, maybe_processed=False),
    *(
        refused(40, f"{status}", page(status), ReplyError, status=status, maybe_processed=False)
        for status in (413, 414, 431)
    ),
    deleted(41, "a reply too many", OK + http(b'{"status":500,"error":"not yours"}')),
    deleted(41, "half a reply too many", OK + b"HTTP/1.1 500 Oh\r\nContent-Length: 90\r\n"),
    *doubtful(
        42,
        "101",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        ConnectionFailed,
        on_fast=UnreadableReply,
    ),
    *doubtful(42, "999", page(999), UnreadableReply, http_status=999),
    *doubtful(42, "HTTP/0.9", Cut(JSON_OK), ConnectionFailed, sent=True),
    *doubtful(42, "an SSH banner", Cut(b"SSH-2.0-OpenSSH_9.2\r\n"), ConnectionFailed, sent=True),
    *doubtful(
        42,
        "two lengths",
        HEAD + b"Content-Length: 42\r\nContent-Length: 7\r\n\r\n" + JSON_OK,
        ConnectionFailed,
        sent=True,
    ),
    *doubtful(
        42,
        "a length that is none",
        HEAD + b"Content-Length: -1\r\n\r\n" + JSON_OK,
        ConnectionFailed,
        sent=True,
    ),
    *doubtful(
        42,
        "a chunk's length that is none",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        ConnectionFailed,
        sent=True,
    ),
]

MATRIX = [*ADDRESSES, *LOST, *WRONG, *BODIES, *LIMITED, *REFUSED]
