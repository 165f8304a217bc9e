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
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from pixlab_async import AsyncPixLab, PixLabError, RetryPolicy
from pixlab_async.emulator import Emulator, Fault

from .conftest import Lane, client_of
from .scripted import Answer, Cut, Script, http, serve, wait_until
from .test_life_cycle import LINK, client

linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what Linux shows")

# What some clients leave in caches that do not grow: of urls, of types, of the event loop.
WARM_UP = 20
CLIENTS = 1000 if os.environ.get("PIXLAB_SWEEP") == "full" else 120
# To trace what is allocated takes time.
TRACED = 60
ONCE = RetryPolicy(attempts=1)


async def _one(script: Script, lane: Lane) -> None:
    async with client(script, lane) as pixlab:
        await pixlab.delete(LINK)


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _alive() -> Counter[str]:
    """Objects of ours and of the HTTP libraries, by their class."""
    gc.collect()
    kinds: list[type[object]] = [type(each) for each in gc.get_objects()]
    names = Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
    return Counter({name: count for name, count in names.items() if name.startswith(ROOMS)})


@linux
@pytest.mark.timeout(300)
async def test_clients_in_a_row_leave_nothing_open_and_nothing_in_memory(lane: Lane) -> None:
    """A thousand of them in `nox -s sweep`."""
    with serve([http()]) as script:
        for _ in range(WARM_UP):
            await _one(script, lane)
        await anyio.to_thread.run_sync(wait_until, lambda: script.left == script.accepted)
        threads, open_files, alive = threading.active_count(), _descriptors(), _alive()
        for _ in range(CLIENTS - TRACED):
            await _one(script, lane)
        with _traced() as grown:
            for _ in range(TRACED):
                await _one(script, lane)
        more = _alive() - alive
        await anyio.to_thread.run_sync(wait_until, lambda: script.left == script.accepted)

    assert more == Counter()
    assert threading.active_count() <= threads
    assert _descriptors() <= open_files
    assert script.accepted == WARM_UP + CLIENTS
    assert grown[0] < TRACED * 100


ROOMS = ("pixlab_async", "httpx", "httpcore", "h11", "aiohttp", "anyio")


@contextmanager
def _traced() -> Generator[list[int]]:
    """Bytes that our code and the libraries allocated in the block, and that are in use still."""
    grown: list[int] = []
    tracemalloc.start()
    try:
        yield grown
        gc.collect()
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    filters = [tracemalloc.Filter(inclusive=True, filename_pattern=f"*/{room}/*") for room in ROOMS]
    statistics = snapshot.filter_traces(filters).statistics("filename")
    grown.append(sum(statistic.size for statistic in statistics))


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
    gc.freeze()  # what is there already need not be looked through, now or later
    try:
        yield
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _knots() -> list[str]:
    """Classes of ours whose objects only the collector would free; libraries may have others."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    found = {f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.garbage}
    return sorted(name for name in found if name.startswith("pixlab_async"))


FAILURES: Mapping[str, Callable[[AsyncPixLab, Path], Awaitable[object]]] = {
    "a call": lambda pixlab, _: pixlab.delete(LINK),
    "a download": lambda pixlab, folder: pixlab.download(
        f"{pixlab._core.origin}/a.png", folder / "a.png"
    ),
    "a temporary picture": lambda pixlab, _: pixlab.generate_then_delete(
        pixlab.oilpaint(LINK, radius=3), lambda _: anyio.sleep(0)
    ),
}
ANSWERS: Mapping[str, Answer] = {
    "no reply": None,
    "half a reply": Cut(http(length=500)),
    "no HTTP": Cut(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "an error": http(b'{"status":500,"error":"no"}', 500),
    "a wait that is too long": http(b'{"status":429}', 429, ["Retry-After: 9999"]),
    "silence": b"",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("act", FAILURES.values(), ids=FAILURES)
async def test_what_failed_leaves_no_knot(
    lane: Lane,
    act: Callable[[AsyncPixLab, Path], Awaitable[object]],
    answer: Answer,
    tmp_path: Path,
) -> None:
    """An error holds frames, and these the request: none of them may hold the error."""
    with serve([answer]) as script, _no_collector():
        async with client(script, lane, deadline=0.1, retry=ONCE) as pixlab:
            await _failed(act(pixlab, tmp_path))
            gc.collect()
            await _failed(act(pixlab, tmp_path))
        del pixlab
        knots = _knots()

    assert knots == []


async def _failed(act: Awaitable[object]) -> None:
    try:
        await act
    except PixLabError:
        return

    raise AssertionError("it worked")


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
