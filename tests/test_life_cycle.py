"""The life of a client: used, derived and closed, in time and too late, in its loop and not."""

from __future__ import annotations

import asyncio
import gc
import pickle
import warnings
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import httpx
import pytest

from pixlab_async import (
    AsyncPixLab,
    CleanupFailed,
    ConfigurationError,
    Deletion,
    RetryPolicy,
)
from pixlab_async.emulator import Emulator, Fault
from pixlab_async.transports import Reply, Request, TransportChoice

from .conftest import QUICK, Lane, client_of
from .scripted import JSON_OK, Script, http, serve, wait_until

KEY = "0123456789abcdef0123456789abcdef"
LINK = "https://media.example/24p62f73c9583ec6.jpeg"


def client(script: Script, lane: TransportChoice = "httpx", **options: Any) -> AsyncPixLab:
    chosen: dict[str, Any] = {"base_url": script.base_url, "api_key": KEY, "retry": QUICK}
    return AsyncPixLab(transport=lane, **{**chosen, **options})


async def all_have_left(script: Script) -> None:
    """Every connection that there was has ended."""
    await anyio.to_thread.run_sync(wait_until, lambda: script.left == script.accepted)


# --- Before it is used --------------------------------------------------------------------


def test_a_client_may_be_made_outside_an_event_loop(emulator: Emulator, lane: Lane) -> None:
    pixlab = client_of(emulator, lane)

    async def use() -> str | None:
        async with pixlab:
            return (await pixlab.status()).payload

    assert asyncio.run(use())


async def test_a_client_works_before_it_is_entered(emulator: Emulator, lane: Lane) -> None:
    pixlab = client_of(emulator, lane)
    await pixlab.status()

    async with pixlab:
        await pixlab.status()

    await anyio.to_thread.run_sync(wait_until, lambda: emulator.connections == 0)


def test_a_client_that_was_never_used_may_be_forgotten() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AsyncPixLab(api_key=KEY)
        gc.collect()


def test_a_client_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(AsyncPixLab(api_key=KEY))


# --- Closed -------------------------------------------------------------------------------


async def test_closing_twice_is_fine(emulator: Emulator, lane: Lane) -> None:
    pixlab = client_of(emulator, lane)
    await pixlab.status()

    await pixlab.aclose()
    await pixlab.close()


async def test_closing_twice_at_once_is_fine(emulator: Emulator, lane: Lane) -> None:
    pixlab = client_of(emulator, lane)
    await pixlab.status()

    async with anyio.create_task_group() as group:
        group.start_soon(pixlab.aclose)
        group.start_soon(pixlab.aclose)

    await anyio.to_thread.run_sync(wait_until, lambda: emulator.connections == 0)


async def test_a_client_that_is_entered_twice_ends_when_it_is_left_first(
    emulator: Emulator, lane: Lane
) -> None:
    pixlab = client_of(emulator, lane)

    async with pixlab:
        async with pixlab:
            await pixlab.status()
        with pytest.raises(ConfigurationError, match="client is closed"):
            await pixlab.status()


async def _enter(pixlab: AsyncPixLab) -> None:
    async with pixlab:
        raise AssertionError("unreachable")


async def _delete_many(pixlab: AsyncPixLab) -> None:
    async for outcome in pixlab.delete_many([LINK]):
        assert outcome.state == "not_sent"


async def _temporary(pixlab: AsyncPixLab) -> None:
    async with pixlab.temporary(pixlab.oilpaint(LINK, radius=3)):
        raise AssertionError("unreachable")


Door: TypeAlias = Callable[[AsyncPixLab], Coroutine[Any, Any, object]]
DOORS: Mapping[str, Door] = {
    "entering": _enter,
    "a call": lambda pixlab: pixlab.status(),
    "an upload": lambda pixlab: pixlab.store(b"bytes"),
    "bytes": lambda pixlab: pixlab.blob.oilpaint(LINK, radius=3),
    "a derived client": lambda pixlab: pixlab.with_options(deadline=5).status(),
    "a download": lambda pixlab: pixlab.download("http://127.0.0.1:1/a.png", "never.png"),
    "a batch": _delete_many,
    "the counts of a batch": lambda pixlab: pixlab.delete_all([LINK]),
    "a temporary picture": _temporary,
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
async def test_a_closed_client_says_so(emulator: Emulator, door: Door) -> None:
    async with client_of(emulator) as pixlab:
        await pixlab.status()
    before = len(emulator.received)

    with pytest.raises(ConfigurationError, match="client is closed"):
        await door(pixlab)

    assert len(emulator.received) == before


async def test_a_closed_client_has_figures_still(emulator: Emulator) -> None:
    async with client_of(emulator) as pixlab:
        await pixlab.status()

    assert (pixlab.stats().calls, pixlab.stats().in_use) == (1, 0)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_native_cancellation_of_the_closing_leaves_no_connection(lane: Lane) -> None:
    """At its first turn of the event loop, at the second, and so on; twice each time."""
    with serve([http(), b""]) as script:
        turns = 0
        while await _closing_is_cancelled_after(turns, client(script, lane)):
            turns += 1
        await all_have_left(script)

    assert turns > 1


async def _closing_is_cancelled_after(turns: int, pixlab: AsyncPixLab) -> bool:
    async def close() -> None:
        await pixlab.aclose()

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(pixlab.delete, LINK)
    task = asyncio.create_task(close())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    if not turns:
        await pixlab.aclose()  # it had not begun
    return task.cancelled()


# --- Closed while calls are under way -----------------------------------------------------


async def test_calls_that_wait_when_the_client_is_closed_end(
    emulator: Emulator, lane: Lane
) -> None:
    pixlab = AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, connections=1, transport=lane
    )
    emulator.inject(Fault(endpoint="status", latency=0.5))

    async def late() -> None:
        with pytest.raises(ConfigurationError, match="client is closed"):
            await pixlab.status()

    async with anyio.create_task_group() as group:
        group.start_soon(pixlab.status)
        await anyio.to_thread.run_sync(wait_until, lambda: emulator.received)
        group.start_soon(late)
        while pixlab.stats().queued == 0:
            await anyio.lowlevel.checkpoint()
        await pixlab.aclose()

    assert len(emulator.received) == 1
    await anyio.to_thread.run_sync(wait_until, lambda: emulator.connections == 0)


async def test_a_call_that_waits_for_its_next_attempt_when_the_client_is_closed_ends(
    lane: Lane,
) -> None:
    with serve([None]) as script:
        pixlab = client(script, lane, retry=RetryPolicy(base=0.2, cap=0.2))
        pixlab._core.random.seed(1)

        async def call() -> None:
            with pytest.raises(ConfigurationError, match="closed"):
                await pixlab.delete("a.png")

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await anyio.to_thread.run_sync(wait_until, lambda: script.requests)
            await anyio.wait_all_tasks_blocked()
            await pixlab.aclose()


WAYS: Mapping[str, Callable[[], TransportChoice]] = {
    "httpx": lambda: "httpx",
    "fast": lambda: "fast",
    "foreign": lambda: httpx.AsyncHTTPTransport(verify=False),
}


@pytest.mark.parametrize("lane", WAYS)
async def test_a_client_that_is_closed_at_any_step_of_a_call_leaves_no_connection(
    lane: str,
) -> None:
    """At the first turn of the event loop, at the second, and so on."""
    with serve([http(), http()]) as script:
        ends = [await _closed_after(turns, client(script, WAYS[lane]())) for turns in range(30)]
        await all_have_left(script)

    assert "refused" in ends
    assert set(ends) <= {"deleted", "refused"}


async def _closed_after(turns: int, pixlab: AsyncPixLab) -> str:
    end = ""

    async def call() -> None:
        nonlocal end
        try:
            await pixlab.delete(LINK)
            end = "deleted"
        except ConfigurationError as error:
            assert error.message.startswith(("The client is closed", "The client was closed"))
            end = "refused"

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        for _ in range(turns):
            await anyio.lowlevel.checkpoint()
        await pixlab.aclose()
    return end


async def test_a_call_under_way_when_the_client_is_closed_ends_by_itself(
    emulator: Emulator, lane: Lane
) -> None:
    emulator.inject(Fault(endpoint="status", latency=0.5))
    pixlab = client_of(emulator, lane)
    payloads: list[str | None] = []

    async def call() -> None:
        payloads.append((await pixlab.status()).payload)

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.to_thread.run_sync(wait_until, lambda: emulator.received)
        await pixlab.aclose()

    assert payloads
    await anyio.to_thread.run_sync(wait_until, lambda: emulator.connections == 0)


async def test_a_download_under_way_when_the_client_is_closed_ends_by_itself(
    emulator: Emulator, picture: bytes, lane: Lane, tmp_path: Path
) -> None:
    pixlab = client_of(emulator, lane)
    media = await pixlab.store(picture)
    emulator.inject(Fault(endpoint="media", latency=0.5))

    async with anyio.create_task_group() as group:
        group.start_soon(pixlab.download, media, tmp_path / "a.png")
        while not pixlab._core.downloads.in_use:
            await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        await pixlab.aclose()

    assert (tmp_path / "a.png").read_bytes() == picture
    await anyio.to_thread.run_sync(wait_until, lambda: emulator.connections == 0)


async def test_a_picture_in_use_when_the_client_is_closed_is_told_of(
    emulator: Emulator, picture: bytes, lane: Lane
) -> None:
    pixlab = client_of(emulator, lane)

    with pytest.raises(CleanupFailed, match="client is closed") as caught:
        async with pixlab.temporary(pixlab.store(picture)):
            await pixlab.aclose()

    assert caught.value.media is not None
    assert emulator.stored() == [caught.value.media.link]


async def test_a_batch_whose_client_is_closed_ends_with_an_outcome_for_each_link_taken(
    emulator: Emulator, lane: Lane
) -> None:
    pixlab = client_of(emulator, lane)
    emulator.inject(Fault(endpoint="delete", latency=0.01, times=None))
    outcomes: list[int] = []

    with pytest.raises(ConfigurationError, match="client is closed") as caught:
        async with pixlab.delete_many([LINK] * 300, missing_ok=True) as batch:
            async for outcome in batch:
                outcomes.append(outcome.index)
                await pixlab.aclose()

    summary = caught.value.batch
    assert summary is not None
    assert sorted(outcomes) == list(range(summary.total))
    assert summary.total < 300


# --- Never closed -------------------------------------------------------------------------


async def test_a_client_that_is_never_closed_warns(emulator: Emulator, lane: Lane) -> None:
    pixlab = client_of(emulator, lane)
    await pixlab.status()
    transport = pixlab._core.transport

    with pytest.warns(ResourceWarning, match="An AsyncPixLab was never closed: use `async with`"):
        del pixlab

    await transport.aclose()


# --- Derived ------------------------------------------------------------------------------


async def test_closing_a_derived_client_leaves_the_connections_open(
    emulator: Emulator, lane: Lane
) -> None:
    async with client_of(emulator, lane) as pixlab:
        async with pixlab.with_options(deadline=5) as tenant:
            await tenant.status()

        await pixlab.status()
        await tenant.status()


async def test_a_parent_that_is_closed_ends_the_calls_of_derived_clients(lane: Lane) -> None:
    """The one under way by itself, the one that waits by an error."""
    with serve([http(), b""]) as script:
        pixlab = client(script, lane, connections=1)
        tenant = pixlab.with_options(deadline=5, tag="tenant")
        ended: list[str] = []

        async def first() -> None:
            await tenant.delete(LINK)
            ended.append("first")

        async def second() -> None:
            with pytest.raises(ConfigurationError, match="client is closed"):
                await tenant.delete(LINK)
            ended.append("second")

        async with anyio.create_task_group() as group:
            group.start_soon(first)
            while not tenant.stats().in_use:
                await anyio.lowlevel.checkpoint()
            group.start_soon(second)
            while not tenant.stats().queued:
                await anyio.lowlevel.checkpoint()
            await pixlab.aclose()
        await all_have_left(script)

    assert sorted(ended) == ["first", "second"]


async def test_a_derived_client_keeps_its_parent(emulator: Emulator, lane: Lane) -> None:
    """Who holds the derived one alone is not told that what it uses was never closed."""
    tenant = client_of(emulator, lane).with_options(deadline=5).with_options(tag="a")
    transport = tenant._core.transport
    await tenant.status()
    gc.collect()

    with pytest.warns(ResourceWarning, match="never closed"):
        del tenant

    await transport.aclose()


# --- Other event loops --------------------------------------------------------------------


async def _use_and_leave(pixlab: AsyncPixLab) -> None:
    """Use a client and end its event loop, without closing it."""
    await pixlab.status()
    await pixlab._core.transport.aclose()


LOOPS = ("asyncio", "trio")


@pytest.mark.parametrize("second", LOOPS)
@pytest.mark.parametrize("first", LOOPS)
def test_use_in_a_second_event_loop_says_the_mend(
    emulator: Emulator, first: str, second: str
) -> None:
    pixlab = client_of(emulator)
    anyio.run(_use_and_leave, pixlab, backend=first)
    before = len(emulator.received)

    with pytest.raises(ConfigurationError, match="one AsyncPixLab for each event loop"):
        anyio.run(pixlab.status, backend=second)

    anyio.run(pixlab.aclose, backend=second)  # quiet: its connections went with its loop
    assert len(emulator.received) == before


def test_use_of_the_fast_lane_in_a_second_event_loop_says_the_mend(emulator: Emulator) -> None:
    pixlab = client_of(emulator, "fast")
    asyncio.run(_use_and_leave(pixlab))

    for door in (pixlab.status, partial(_enter, pixlab), partial(_delete_many, pixlab)):
        with pytest.raises(ConfigurationError, match=r"for each asyncio\.run"):
            anyio.run(door)

    asyncio.run(pixlab.aclose())


def test_what_was_closed_in_its_event_loop_is_closed_in_the_next(emulator: Emulator) -> None:
    pixlab = client_of(emulator)

    async def use() -> None:
        async with pixlab:
            await pixlab.status()

    asyncio.run(use())
    with pytest.raises(ConfigurationError, match="client is closed"):
        asyncio.run(use())


def test_waiters_of_an_event_loop_that_is_gone_do_not_stop_the_closing(lane: Lane) -> None:
    """A loop that was closed in the middle of its tasks wakes nobody any more."""
    with serve([b""]) as script, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the loop's own complaint of what it left behind
        loop = asyncio.new_event_loop()
        pixlab = client(script, lane, connections=1, deadline=None)
        tasks = loop.run_until_complete(_queue(pixlab))
        loop.close()
        asyncio.run(pixlab.aclose())
        for task in tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        del tasks, task, pixlab
        gc.collect()


async def _queue(pixlab: AsyncPixLab) -> list[asyncio.Task[Deletion]]:
    """Two calls for one connection."""
    tasks = [asyncio.ensure_future(_deletion(pixlab)) for _ in range(2)]
    while not pixlab.stats().queued:
        await asyncio.sleep(0)
    return tasks


async def _deletion(pixlab: AsyncPixLab) -> Deletion:
    return await pixlab.delete(LINK)


# --- What a call sees of its caller -------------------------------------------------------

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


class Asked:
    """A transport that notes in whose context it is called."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def send(self, request: Request) -> Reply:
        self.seen.append(WHO.get())
        return Reply(200, {}, JSON_OK)

    def fetch(self, url: str, *, timeout: float) -> Any:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to close."""


@asynccontextmanager
async def asked() -> AsyncGenerator[tuple[AsyncPixLab, Asked]]:
    transport = Asked()
    async with AsyncPixLab(api_key=KEY, transport=transport) as pixlab:
        yield pixlab, transport


async def test_a_call_runs_in_the_context_of_its_caller() -> None:
    """Through the bridge's child task, the workers of a batch, and a temporary picture's task."""
    async with asked() as (pixlab, transport):
        WHO.set("first")
        await pixlab.delete(LINK)
        WHO.set("second")
        await pixlab.delete_all([LINK])
        WHO.set("third")
        async with pixlab.delete_many([LINK]) as batch:
            WHO.set("fourth")
            async for _ in batch:
                pass

    assert transport.seen == ["first", "second", "third"]


async def test_what_a_call_runs_for_its_caller_may_set_the_callers_context() -> None:
    async def vault() -> str:
        await anyio.lowlevel.checkpoint()
        WHO.set("the vault")
        return KEY

    async with asked() as (pixlab, transport):
        await pixlab.with_options(api_key=vault).delete(LINK)

    assert (WHO.get(), transport.seen) == ("the vault", ["the vault"])
