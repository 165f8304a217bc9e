"""A call over a connection that is open runs in its caller's own task; see ``HttpxTransport``."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from itertools import count

import anyio
import httpx
import pytest

from pixlab_async import AsyncPixLab, RetryPolicy, TimedOut
from pixlab_async.transports._httpx_wire import Silence, Unopened

from .conftest import Lane
from .scripted import Cut, Script, http, serve, wait_until
from .servers import Seen, head_of, listening
from .test_exchange import client

LINK = "https://media.example/a.png"
ONCE = RetryPolicy(attempts=1)

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])


async def _is_cancelled_after(turns: int, work: Callable[[], Awaitable[object]]) -> bool:
    async def run() -> None:
        await work()

    task = asyncio.create_task(run())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


@asyncio_only
@pytest.mark.parametrize("host", ["has kept it open", "has closed it"])
async def test_a_native_cancellation_at_any_turn_leaves_no_connection(
    lane: Lane, host: str
) -> None:
    """At the first turn of the event loop, at the second, and so on to the call's end."""
    first = [http(), http()] if host == "has kept it open" else [Cut(http())]
    with serve(*[first, [http()]] * 200) as script:
        for turns in count():
            async with client(script, lane, connections=1) as pixlab:
                await pixlab.delete(LINK)
                cancelled = await _is_cancelled_after(turns, lambda: pixlab.delete(LINK))
                assert pixlab.stats().in_use == 0
            await asyncio.to_thread(wait_until, lambda: _all_ended(script))
            if not cancelled:
                break

    assert turns >= 2


def _all_ended(script: Script) -> bool:
    return script.left == script.accepted


@asyncio_only
async def test_a_cancelled_call_costs_its_own_connection_alone(lane: Lane) -> None:
    with serve([http(), b""], [http()] * 3) as script:
        async with client(script, lane) as pixlab:
            async with anyio.create_task_group() as group:
                group.start_soon(pixlab.delete, LINK)
                group.start_soon(pixlab.delete, LINK)
            hung = asyncio.create_task(_deleted(pixlab))
            other = asyncio.create_task(_deleted(pixlab))
            done, _ = await asyncio.wait({hung, other}, return_when=asyncio.FIRST_COMPLETED)
            for task in {hung, other} - done:
                task.cancel()
            await asyncio.wait({hung, other})
            await asyncio.to_thread(wait_until, lambda: script.left == 1)

            assert [task.cancelled() for task in done] == [False]
            assert script.accepted == 2


async def _deleted(pixlab: AsyncPixLab) -> None:
    await pixlab.delete(LINK)


@pytest.mark.parametrize("part", ["header", "body"])
async def test_a_reply_that_drips_ends_at_the_deadline(lane: Lane, part: str) -> None:
    """Each drop comes well before the silence would be too long."""
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n" + b"\r\n" * (part == "body")
    drop = b"X: y\r\n" if part == "header" else b" "

    def talk(connection: socket.socket, seen: Seen) -> None:
        head_of(connection)
        connection.sendall(http())
        head_of(connection)
        connection.sendall(begun)
        connection.settimeout(0.02)
        while True:
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                connection.sendall(drop)

    with listening(talk) as (port, _):
        script = Script([], base_url=f"http://127.0.0.1:{port}")
        async with client(script, lane, timeout=1, retry=ONCE) as pixlab:
            await pixlab.delete(LINK)
            with pytest.raises(TimedOut) as caught:
                await pixlab.with_options(deadline=1.2).delete(LINK)

    assert (caught.value.phase, caught.value.maybe_processed) == ("deadline", True)


async def test_silence_on_an_open_connection_ends_with_the_timeout(lane: Lane) -> None:
    with serve([http(), b""]) as script:
        async with client(script, lane, retry=ONCE) as pixlab:
            await pixlab.delete(LINK)
            with pytest.raises(TimedOut) as caught:
                await pixlab.with_options(timeout=0.05, deadline=10).delete(LINK)

    assert (caught.value.phase, caught.value.sent) == ("read", True)


async def test_silence_that_lasts_until_the_deadline_is_told_as_that(lane: Lane) -> None:
    with serve([http(), b""]) as script:
        async with client(script, lane, timeout=10, retry=ONCE) as pixlab:
            await pixlab.delete(LINK)
            with pytest.raises(TimedOut) as caught:
                await pixlab.with_options(deadline=0.05).delete(LINK)

    assert (caught.value.phase, caught.value.maybe_processed) == ("deadline", True)


@pytest.mark.parametrize("auth", ["query", "header"])
async def test_each_call_has_a_deadline_of_its_own(lane: Lane, auth: str) -> None:
    """Over the connection of one whose deadline has passed, and by the request that it kept."""
    with serve([http()] * 3) as script:
        async with client(script, lane, auth=auth, deadline=0.5) as pixlab:
            await pixlab.delete(LINK)
            await anyio.sleep(0.6)
            assert (await pixlab.delete(LINK)).deleted
            assert (await pixlab.with_options(deadline=None).delete(LINK)).deleted

    assert script.accepted == 1


@pytest.mark.parametrize(
    "reply",
    [Cut(http()), http(headers=["Connection: close"])],
    ids=["without a word", "as the reply says"],
)
async def test_a_connection_that_the_host_closed_costs_no_attempt(
    lane: Lane, reply: bytes | Cut
) -> None:
    with serve([reply], [http()]) as script:
        async with client(script, lane, retry=ONCE) as pixlab:
            await pixlab.delete(LINK)
            await anyio.to_thread.run_sync(wait_until, lambda: script.left == 1)
            gone = await pixlab.delete(LINK)

    assert (gone.meta.attempts, script.accepted, len(script.requests)) == (1, 2, 2)


async def test_nothing_is_sent_in_a_scope_that_was_cancelled_before() -> None:
    with serve([http(), http()], [http()]) as script:
        async with client(script, "httpx") as pixlab:
            await pixlab.delete(LINK)
            with anyio.CancelScope() as scope:
                scope.cancel()
                await pixlab.delete(LINK)

    assert (scope.cancelled_caught, len(script.requests)) == (True, 1)


def test_silence_ends_at_the_deadline_whichever_way_it_is_added() -> None:
    endless, silence = Silence(30.0), Silence(30.0, deadline=110.0)

    assert (100.0 + endless, 100.0 + silence, 70.0 + silence) == (130.0, 110.0, 100.0)
    assert (endless + 100.0, silence + 100.0, silence + 70.0) == (130.0, 110.0, 100.0)
    for add in (Unopened(0).__add__, Unopened(0).__radd__):
        with pytest.raises(httpx.ConnectTimeout):
            add(100.0)


@asyncio_only
async def test_a_cancellation_that_comes_with_a_timeout_is_one(lane: Lane) -> None:
    """Both fall into one turn, since the event loop stood still over both."""
    with serve([http(), b""], [http()]) as script:
        async with client(script, lane, timeout=0.2) as pixlab:
            await pixlab.delete(LINK)
            task = asyncio.create_task(_deleted(pixlab))
            await asyncio.to_thread(wait_until, lambda: len(script.requests) == 2)
            time.sleep(0.3)
            task.cancel()
            await asyncio.wait([task])

    assert (task.cancelled(), len(script.requests)) == (True, 2)
