"""A thousand clients in a row: nothing is left of them, neither open nor in memory."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
import tracemalloc
import weakref
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from pixlab_async import AsyncPixLab
from pixlab_async.emulator import Emulator, Fault

from .conftest import Lane, client_of
from .scripted import Script, http, serve, wait_until
from .test_life_cycle import LINK, client

linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what Linux shows")

# What some clients leave in caches that do not grow: of urls, of types, of the event loop.
WARM_UP, CLIENTS = 20, 300


async def _one(script: Script, lane: Lane) -> None:
    async with client(script, lane) as pixlab:
        await pixlab.delete(LINK)


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def _alive() -> Counter[str]:
    """Objects of ours and of the HTTP libraries, by their class."""
    gc.collect()
    kinds = (type(each) for each in gc.get_objects())
    rooms = ("pixlab_async", "httpx", "httpcore", "h11", "aiohttp", "anyio")
    names = Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
    return Counter({name: count for name, count in names.items() if name.startswith(rooms)})


@linux
async def test_300_clients_in_a_row_leave_nothing_open_and_nothing_in_memory(lane: Lane) -> None:
    """A thousand and more are in the soak: see benchmarks/soak.py."""
    with serve([http()]) as script:
        for _ in range(WARM_UP):
            await _one(script, lane)
        await anyio.to_thread.run_sync(wait_until, lambda: script.left == script.accepted)
        threads, open_files, alive = threading.active_count(), _descriptors(), _alive()
        with _traced() as grown:
            for _ in range(CLIENTS):
                await _one(script, lane)
            more = _alive() - alive
        await anyio.to_thread.run_sync(wait_until, lambda: script.left == script.accepted)

    assert more == Counter()
    assert (threading.active_count(), _descriptors()) == (threads, open_files)
    assert script.accepted == WARM_UP + CLIENTS
    assert grown[0] < CLIENTS * 500  # bytes for each: trio keeps a row for each deadline, for now


@contextmanager
def _traced() -> Generator[list[int]]:
    """Bytes that were allocated in the block, and are in use at its end."""
    grown: list[int] = []
    tracemalloc.start()
    try:
        yield grown
        gc.collect()
        grown.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()


async def test_a_closed_client_is_freed_without_the_garbage_collector(lane: Lane) -> None:
    """And so are its connections: no knot of ours holds them."""
    with serve([http()]) as script, _no_collector():
        await _one(script, lane)
        gc.collect()
        pixlab = client(script, lane)
        async with pixlab:
            await pixlab.delete(LINK)
            tenant = pixlab.with_options(deadline=5)
            await tenant.delete(LINK)
        holds = [weakref.ref(each) for each in (pixlab, pixlab._core, pixlab._core.transport)]
        del pixlab, tenant
        left = [type(ref()).__name__ for ref in holds if ref() is not None]
        knots = _knots()

    assert (left, knots) == ([], [])


@contextmanager
def _no_collector() -> Generator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _knots() -> list[str]:
    """Classes of ours, and of the libraries', that only the collector would free."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    found = {f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.garbage}
    return sorted(name for name in found if name.startswith(("pixlab", "httpx", "aiohttp")))


async def test_a_call_that_failed_leaves_no_knot(lane: Lane) -> None:
    with serve([http(), None]) as script, _no_collector():
        async with client(script, lane) as pixlab:
            await pixlab.delete(LINK)
            gc.collect()
            with pytest.raises(Exception, match="delete"):
                await pixlab.with_options(deadline=0.05).delete(LINK)
        del pixlab
        knots = _knots()

    assert knots == []


async def test_calls_leave_no_task(lane: Lane, anyio_backend: str, emulator: Emulator) -> None:
    async with client_of(emulator, lane) as pixlab:
        before = len(anyio.get_running_tasks())
        emulator.inject(Fault(endpoint="status", latency=0.01, times=None))
        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(_cut_short, pixlab, number / 2000)
        async for _ in pixlab.delete_many([LINK] * 30, missing_ok=True):
            break
        await anyio.wait_all_tasks_blocked()
        left = len(anyio.get_running_tasks()) - before

    assert left == 0


async def _cut_short(pixlab: AsyncPixLab, seconds: float) -> None:
    with anyio.move_on_after(seconds):
        await pixlab.status()


def test_debug_mode_of_asyncio_has_nothing_to_say(
    emulator: Emulator, lane: Lane, picture: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """No call from a wrong thread, nothing never awaited, no step of the loop over a second."""

    async def use() -> None:
        asyncio.get_running_loop().slow_callback_duration = 1.0
        async with client_of(emulator, lane) as pixlab:
            async with pixlab.temporary(pixlab.store(picture)) as media:
                assert media.link
            async with pixlab.delete_many([LINK] * 60, missing_ok=True) as batch:
                async for _ in batch:
                    pass
            await asyncio.gather(*[_cut_short(pixlab, number / 5000) for number in range(20)])

    with caplog.at_level(logging.WARNING, "asyncio"):
        asyncio.run(use(), debug=True)

    assert caplog.text == ""
