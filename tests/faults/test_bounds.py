"""What is too much, too slow or too deep: an error in time, in bounded memory, and others run.

That the event loop is never held up for over 50 ms is measured in processor time of its own
thread, so that other programs on the machine do not count; on a slow machine the yardstick is
the time that the same machine takes for a plain piece of JSON.
"""

from __future__ import annotations

import gc
import gzip
import json
import sys
import time
import tracemalloc
import zlib
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from attrs import field, frozen

from pixlab_async import AsyncPixLab, ConnectionFailed, PixLabError, TimedOut, UnreadableReply
from pixlab_async._protocol import ANSWER_LIMIT, JSON_LIMIT
from pixlab_async._reply import _VALUES
from pixlab_async.transports._body import BodyReader

from ..conftest import QUICK, Lane
from ..scripted import Answer, http
from .rows import HEAD, chunked
from .server import Behaviour, FaultPath, FaultServer, dripping, endless, fault_server

KEY = "0123456789abcdef0123456789abcdef"
LINK = "https://media.example/a.png"
MEBIBYTE = 1024 * 1024
HELD_UP = 0.05
# What is the reply's own doing is so each time; what a busy machine adds is not.
TRIES = 4
ZIPPED = ["Content-Type: application/json", "Content-Encoding: gzip"]


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
    """One reply that is too much, and what must come of it."""

    what: str
    answer: Answer | Behaviour
    errors: tuple[type[PixLabError], ...] = (UnreadableReply,)
    told: str = ""
    host: str = "api"
    options: dict[str, Any] = field(factory=dict[str, Any])

    def __str__(self) -> str:
        return self.what


SHORT = {"deadline": 0.3}
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
    ),
    Flood(
        "a body that drips",
        dripping(HEAD + b"Content-Length: 500\r\n\r\n", b" "),
        (TimedOut,),
        options=SHORT,
    ),
    Flood("a header that drips", dripping(HEAD + b"X: ", b"y"), (TimedOut,), options=SHORT),
]


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@asynccontextmanager
async def warm_client(path: FaultPath, lane: Lane, flood: Flood) -> AsyncGenerator[AsyncPixLab]:
    """A client that has made a call: what is loaded and made once is there."""
    options: dict[str, Any] = {"retry": QUICK, "deadline": 20.0, **flood.options}
    async with AsyncPixLab(
        base_url=path.base_url, api_key=KEY, transport=lane, **options
    ) as pixlab:
        await pixlab.call("next")
        yield pixlab


async def error_of(pixlab: AsyncPixLab, flood: Flood) -> PixLabError:
    """What the call ends with that meets the flood."""
    with pytest.raises(PixLabError) as caught:
        if flood.host == "llm":
            await pixlab.call("toolcall", method="GET")
        else:
            await pixlab.oilpaint(LINK, radius=1)
    return caught.value


@contextmanager
def undisturbed() -> Generator[None]:
    """Neither what other tests left in memory is collected, nor what runs is traced."""
    tracer = sys.gettrace()
    gc.collect()
    gc.freeze()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
        gc.unfreeze()


def yardstick() -> float:
    """Seconds of this machine for a hundred thousand empty lists."""
    text = f"[{'[],' * 99_999}[]]"
    begin = time.thread_time()
    json.loads(text)
    return time.thread_time() - begin


async def longest_hold_up(pixlab: AsyncPixLab, flood: Flood) -> tuple[float, PixLabError]:
    """The longest time, in seconds of this thread, for which other tasks had no turn."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        last = time.thread_time()
        while True:
            await checkpoint()
            now = time.thread_time()
            longest, last = max(longest, now - last), now

    async with anyio.create_task_group() as group:
        group.start_soon(beat)
        await checkpoint()
        error = await error_of(pixlab, flood)
        await checkpoint()
        group.cancel_scope.cancel()
    return longest, error


@pytest.mark.parametrize("flood", [*JSON_FLOODS, *WIRE_FLOODS], ids=str)
async def test_a_flood_ends_with_an_error_and_holds_nobody_up(
    flood: Flood, lane: Lane, server: FaultServer
) -> None:
    path = server.path(flood.answer)
    async with warm_client(path, lane, flood) as pixlab:
        with undisturbed():
            held_up, error = await longest_hold_up(pixlab, flood)
            while held_up > max(HELD_UP, 5 * yardstick()) and path.requests < TRIES:
                held_up, error = await longest_hold_up(pixlab, flood)
        assert (await pixlab.call("next"))["next"] is True

    assert isinstance(error, flood.errors)
    assert flood.told in error.message
    assert error.attempts == 1
    assert path.requests < TRIES


@pytest.mark.parametrize("flood", WIRE_FLOODS, ids=str)
async def test_a_flood_takes_little_memory(flood: Flood, lane: Lane, server: FaultServer) -> None:
    path = server.path(flood.answer)
    async with warm_client(path, lane, flood) as pixlab:
        tracemalloc.start()
        try:
            await error_of(pixlab, flood)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 8 * JSON_LIMIT


def test_a_bomb_is_unpacked_a_mebibyte_at_a_time() -> None:
    """As a picture may be large: between the steps other tasks have their turn."""
    body = BodyReader(64 * MEBIBYTE, "gzip")
    body.feed(bomb(32))
    turns = 0
    while body.goes_on():
        turns += 1

    assert turns >= 31
    assert body.finish() == bytes(32 * MEBIBYTE)


def test_after_a_hundred_chunks_others_have_their_turn() -> None:
    body = BodyReader(MEBIBYTE)
    turns = 0
    for _ in range(1000):
        body.feed(b" ")
        turns += body.goes_on()

    assert turns == 10
