"""Rows 34 to 42: the rate limit, refusals, redirects, and what is no HTTP."""

from __future__ import annotations

from email.utils import formatdate

from attrs import evolve

from pixlab_async import (
    AuthenticationFailed,
    BadRequest,
    ConnectionFailed,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    ReplyError,
    UnreadableReply,
    UnsupportedMedia,
)

from ..scripted import JSON_OK, Cut, http
from .rows import (
    GONE,
    HEAD,
    OK,
    ONCE,
    Row,
    deleted,
    doubtful,
    json,
    page,
    refused,
)

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
