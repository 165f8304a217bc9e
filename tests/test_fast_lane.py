"""What is the fast lane's own: where it refuses, hard cancellations, connections that age."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from contextlib import suppress

import anyio
import pytest

from pixlab_async import AsyncPixLab, ConfigurationError, RetryPolicy
from pixlab_async.emulator import Emulator, Fault
from pixlab_async.transports import TransportFault, make_transport

from .conftest import QUICK
from .scripted import JSON_OK, http, serve, wait_until
from .test_lanes import opened, send

KEY = "0123456789abcdef0123456789abcdef"
LINK = "https://media.example/a.png"

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_it_refuses_trio() -> None:
    with serve([http()]) as script:
        async with AsyncPixLab(base_url=script.base_url, api_key=KEY, transport="fast") as pixlab:
            with pytest.raises(ConfigurationError, match="under asyncio only"):
                await pixlab.delete(LINK)

    assert script.accepted == 0


def test_it_says_which_extra_is_missing() -> None:
    code = (
        "import sys; sys.modules['aiohttp'] = None\n"
        "from pixlab_async import AsyncPixLab, ConfigurationError\n"
        "try: AsyncPixLab(transport='fast')\n"
        "except ConfigurationError as error: print(error)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert "pip install '.[fast]'" in done.stdout


def test_it_does_without_httpx_on_plain_http() -> None:
    """The default lane's import takes longer than everything that the fast one needs."""
    code = (
        "import sys\n"
        "from pixlab_async import AsyncPixLab\n"
        "AsyncPixLab(transport='fast')\n"
        "print('httpx' in sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "False"


@asyncio_only
async def test_4_000_natively_cancelled_calls_leave_100_slots_usable(emulator: Emulator) -> None:
    """Cut off at any instant: on the way to a connection, waiting, in the middle of the reply."""
    randomly = random.Random(11)
    emulator.inject(Fault(endpoint="status", latency=0.01, times=None))
    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, connections=100, transport="fast"
    ) as pixlab:
        tasks: list[asyncio.Task[object]] = []

        async def churn() -> None:
            for _ in range(20):
                task = asyncio.create_task(_status(pixlab))
                tasks.append(task)
                await asyncio.sleep(randomly.uniform(0, 0.05))
                task.cancel()
                await asyncio.wait([task])

        await asyncio.gather(*[churn() for _ in range(200)])
        assert sum(task.cancelled() for task in tasks) > 400
        assert emulator.connections <= 100
        assert (pixlab.stats().in_use, pixlab.stats().queued) == (0, 0)
        await asyncio.gather(*[pixlab.status() for _ in range(100)])

    await anyio.to_thread.run_sync(wait_until, lambda: emulator.connections == 0)


async def _status(pixlab: AsyncPixLab) -> object:
    return await pixlab.status()


@asyncio_only
async def test_a_native_cancellation_at_each_step_lets_go_of_the_connection() -> None:
    """Cancelled at the first turn of the event loop, at the second, and so on to the end."""
    with serve([http()] * 2) as script:
        async with AsyncPixLab(
            base_url=script.base_url, api_key=KEY, connections=1, transport="fast"
        ) as pixlab:
            turns = 0
            while await _is_cancelled_after(turns, pixlab):
                assert pixlab.stats().in_use == 0
                turns += 1
            assert turns > 2
            assert (await pixlab.delete(LINK)).deleted


async def _is_cancelled_after(turns: int, pixlab: AsyncPixLab) -> bool:
    async def delete() -> None:
        await pixlab.delete(LINK)

    task = asyncio.create_task(delete())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


@asyncio_only
async def test_connections_that_died_while_idle_are_dropped_at_once() -> None:
    """Each serves one call, then a second one meets a closed connection on all five."""
    with serve(*[[http(JSON_OK), None]] * 5, [http()] * 9) as script:
        async with AsyncPixLab(
            base_url=script.base_url,
            api_key=KEY,
            retry=RetryPolicy(attempts=1),
            transport="fast",
        ) as pixlab:
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(pixlab.delete, LINK)
            assert script.accepted == 5

            assert (await pixlab.delete(LINK)).meta.attempts == 2
            assert (await pixlab.delete(LINK)).meta.attempts == 1

    assert script.accepted == 6


@asyncio_only
async def test_what_follows_a_reply_is_nobody_elses_reply() -> None:
    with serve([http() + http(b"smuggled")], [http()]) as script:
        async with opened("fast") as transport:
            await send(transport, script)
            assert (await send(transport, script)).body == JSON_OK

    assert script.accepted == 2


@asyncio_only
async def test_a_switch_of_protocol_is_no_answer() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    with serve([switch, b""], [http()]) as script:
        async with opened("fast") as transport:
            with suppress(TransportFault):
                reply = await send(transport, script, timeout=0.2)
                assert reply.status == 101
            assert (await send(transport, script)).body == JSON_OK


@asyncio_only
async def test_a_closed_lane_keeps_no_connection() -> None:
    with serve([http()]) as script:
        transport = make_transport("fast", None)
        await send(transport, script)
        await transport.aclose()
        await transport.aclose()
        await send(transport, script)

        await anyio.to_thread.run_sync(wait_until, lambda: script.left == script.accepted == 2)


@asyncio_only
async def test_a_call_under_way_when_it_is_closed_ends(emulator: Emulator) -> None:
    emulator.inject(Fault(endpoint="status", latency=0.2))
    pixlab = AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, transport="fast", retry=QUICK
    )
    async with anyio.create_task_group() as group:
        group.start_soon(pixlab.status)
        await anyio.to_thread.run_sync(wait_until, lambda: emulator.received)
        await pixlab.aclose()

    await anyio.to_thread.run_sync(wait_until, lambda: emulator.connections == 0)
