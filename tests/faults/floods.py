"""Replies that are too much, too slow or too deep, and what must come of each."""

from __future__ import annotations

import gzip
import zlib
from functools import cache
from typing import Any

from attrs import field, frozen

from pixlab_async import (
    AsyncPixLab,
    ConnectionFailed,
    PixLabError,
    TimedOut,
    UnreadableReply,
)
from pixlab_async._protocol import ANSWER_LIMIT, JSON_LIMIT
from pixlab_async._reply import _VALUES

from ..scripted import Answer, http
from .rows import HEAD, chunked
from .server import Behaviour, dripping, endless

LINK = "https://media.example/a.png"
MEBIBYTE = 1024 * 1024
ZIPPED = ["Content-Type: application/json", "Content-Encoding: gzip"]


@cache
def bomb(mebibytes: int, bits: int = 31) -> bytes:
    """So many zeros, packed to a thousandth."""
    pack = zlib.compressobj(9, zlib.DEFLATED, bits)
    return b"".join(pack.compress(bytes(MEBIBYTE)) for _ in range(mebibytes)) + pack.flush()


def many(unit: str, last: str = "0", *, limit: int = JSON_LIMIT, values: int = 10**9) -> bytes:
    """A reply with the unit in a list, as often as the limits let it."""
    each = sum(map(unit.count, ",[{")) or 1
    times = min((limit - 100) // len(unit), (values - 10) // each)
    return http(f'{{"status":200,"x":[{unit * times}{last}]}}'.encode())


@frozen
class Flood:
    """One reply that is too much, and what must come of it.

    ``held_up``: seconds for which it may keep other tasks out.
    """

    what: str
    answer: Answer | Behaviour
    errors: tuple[type[PixLabError], ...] = (UnreadableReply,)
    told: str = ""
    host: str = "api"
    options: dict[str, Any] = field(factory=dict[str, Any])
    held_up: float = 0.05

    def __str__(self) -> str:
        return self.what


SHORT = {"deadline": 0.4}
JSON_FLOODS = [
    Flood("brackets without an end", http(b"[" * (JSON_LIMIT - 1))),
    Flood("more lists than are taken", many("[],"), told="far too many"),
    Flood("more objects than are taken", many('{"a":1,"a":1},'), told="far too many"),
    Flood("more numbers than are taken", many("1,"), told="far too many"),
    Flood("as many lists as are taken", many("[],", values=_VALUES)),
    Flood("as many objects as are taken", many('{"a":1,"b":1,"a":1},', values=_VALUES)),
    Flood("lists in lists", many("[" * 900 + "]" * 900 + ",", values=_VALUES)),
    Flood(
        "as many names as are taken",
        http(b'{"status":200%b}' % b"".join(b',"%x":1' % number for number in range(90_000))),
    ),
    Flood("long numbers", many("1" * 4000 + ","), told="4,000 digits"),
    Flood("numbers that are none", many("[],", "NaN", values=_VALUES)),
    Flood("a long text", http(b'{"status":200,"error":"' + b"\\u00e9" * 170_000 + b'"}')),
    Flood(
        "long numbers of a language model",
        many("1" * 100 + ",", "NaN", limit=ANSWER_LIMIT),
        host="llm",
    ),
]
WIRE_FLOODS = [
    Flood("gzip bomb", http(bomb(64), 200, ZIPPED)),
    Flood("gzip in gzip", http(gzip.compress(bomb(64)), 200, ZIPPED)),
    Flood(
        "deflate bomb",
        http(bomb(64, 15), 200, ["Content-Type: application/json", "Content-Encoding: deflate"]),
    ),
    Flood(
        "gzip bomb in chunks",
        endless(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"%x\r\n%b\r\n" % (len(bomb(4)), bomb(4)),
        ),
    ),
    Flood(
        "chunks without an end",
        endless(chunked(end=b""), b"10000\r\n" + bytes(65536) + b"\r\n"),
    ),
    Flood(
        "chunks of one byte",
        endless(chunked(end=b""), b"1\r\n \r\n" * 5000),
        (TimedOut, UnreadableReply),
        options=SHORT,
    ),
    Flood("a body without an end", endless(HEAD + b"\r\n", bytes(65536))),
    Flood(
        "a length of a terabyte",
        endless(HEAD + b"Content-Length: 1%b\r\n\r\n" % (b"0" * 12), bytes(65536)),
    ),
    Flood("a header without an end", endless(HEAD, b"X: y\r\n" * 999), (ConnectionFailed,)),
    Flood("a field without an end", endless(HEAD + b"X: ", b"y" * 65536), (ConnectionFailed,)),
    Flood(
        "a first line without an end", endless(b"HTTP/1.1 200 ", b"y" * 65536), (ConnectionFailed,)
    ),
    Flood(
        "103 without an end",
        endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2000),
        (TimedOut,),
        options=SHORT,
        # aiohttp parses what one read brings, up to 256 KiB, in one go: 40 to 50 ms of these.
        held_up=0.1,
    ),
    Flood(
        "a body that drips",
        dripping(HEAD + b"Content-Length: 500\r\n\r\n", b" "),
        (TimedOut,),
        options=SHORT,
    ),
    Flood("a header that drips", dripping(HEAD + b"X: ", b"y"), (TimedOut,), options=SHORT),
]
FLOODS = [*JSON_FLOODS, *WIRE_FLOODS]


async def error_of(pixlab: AsyncPixLab, flood: Flood) -> PixLabError:
    """What the call ends with that meets the flood; it stores something, so it is sent once."""
    try:
        if flood.host == "llm":
            await pixlab.call("toolcall", method="GET")
        else:
            await pixlab.oilpaint(LINK, radius=1)
    except PixLabError as error:
        return error

    raise AssertionError(flood.what)
