"""Rows 20 to 33: bodies and headers that are too much, broken or strange."""

from __future__ import annotations

import gzip
import zlib

from pixlab_async import (
    ConnectionFailed,
    TimedOut,
    UnreadableReply,
)
from pixlab_async._protocol import JSON_LIMIT

from ..scripted import JSON_OK, http
from .rows import (
    DRIPPING,
    HEAD,
    OK,
    Row,
    chunked,
    deleted,
    doubtful,
    json,
)
from .server import dripping, endless


def _zipped(body: bytes = JSON_OK) -> bytes:
    return http(gzip.compress(body), 200, ["Content-Encoding: gzip"])


def _bomb() -> bytes:
    """64 KiB that unpack to 64 MiB."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    mebibyte = bytes(1024 * 1024)
    packed = b"".join(pack.compress(mebibyte) for _ in range(64)) + pack.flush()
    return http(packed, 200, ["Content-Encoding: gzip"])


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
