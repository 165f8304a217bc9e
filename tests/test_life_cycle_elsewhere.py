"""A client in other threads and processes: refused at once where it does not belong, unharmed."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

import anyio
import anyio.from_thread
import pytest
from anyio.lowlevel import current_token

from pixlab_async import AsyncPixLab, ConfigurationError
from pixlab_async.emulator import Emulator
from pixlab_async.transports._httpx_tls import _locked, http_context, ssl_context

from .conftest import Lane, client_of
from .scripted import http, serve, wait_until
from .test_life_cycle import DOORS, KEY, LINK, Door, all_have_left, client

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
ignores_forks = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


# --- Threads ------------------------------------------------------------------------------


def test_of_two_threads_that_first_use_a_client_at_once_one_has_it() -> None:
    """Both are in the middle of it before either goes on."""
    pixlab = AsyncPixLab(api_key=KEY)
    middle, entered = threading.Barrier(2, timeout=5), threading.Barrier(2, timeout=5)
    ends: list[str] = []

    def halt(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is current_token.__code__:
            sys.setprofile(None)
            middle.wait()

    async def enter() -> None:
        sys.setprofile(halt)
        try:
            await pixlab.__aenter__()
            ends.append("has it")
        except ConfigurationError as refused:
            assert "another event loop" in refused.message
            ends.append("refused")
        entered.wait()
        with suppress(ConfigurationError):  # of the one that does not have it
            await pixlab.aclose()

    _in_threads(*[partial(anyio.run, enter)] * 2)
    assert sorted(ends) == ["has it", "refused"]


def _in_threads(*targets: Callable[[], object]) -> None:
    """Run them all at once; raise what one of them raises."""
    errors: list[BaseException] = []

    def run(target: Callable[[], object]) -> None:
        try:
            target()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_use_in_a_second_thread_is_refused_and_harms_nothing(
    door: Door,
) -> None:
    _use_in_a_second_thread("httpx", door)


def test_use_of_the_fast_lane_in_a_second_thread_is_refused_and_harms_nothing() -> None:
    _use_in_a_second_thread("fast", DOORS["a call"])


def _use_in_a_second_thread(lane: Lane, door: Door) -> None:
    async def trespass(pixlab: AsyncPixLab) -> None:
        with pytest.raises(ConfigurationError, match="first used in another event loop"):
            await door(pixlab)

    async def use() -> None:
        async with client(script, lane) as pixlab:
            await pixlab.delete(LINK)
            await asyncio.to_thread(anyio.run, trespass, pixlab)
            await pixlab.delete(LINK)

    with serve([http(), http()]) as script:
        asyncio.run(use())

    assert (script.accepted, len(script.requests)) == (1, 2)


async def test_closing_in_a_second_thread_is_refused_while_the_first_goes_on(
    lane: Lane, anyio_backend: str
) -> None:
    with serve([http(), http()]) as script:
        pixlab = client(script, lane)
        await pixlab.delete(LINK)

        with pytest.raises(ConfigurationError, match="another event loop, which goes on: close it"):
            await anyio.to_thread.run_sync(partial(anyio.run, pixlab.aclose))
        await pixlab.delete(LINK)
        await pixlab.aclose()
        await all_have_left(script)

    assert script.accepted == 1


async def test_a_client_lives_in_the_event_loop_of_a_worker_thread(
    emulator: Emulator, lane: Lane, anyio_backend: str
) -> None:
    async def use() -> str | None:
        async with client_of(emulator, lane) as pixlab:
            return (await pixlab.status()).payload

    assert await anyio.to_thread.run_sync(partial(anyio.run, use, backend=anyio_backend))
    await anyio.to_thread.run_sync(wait_until, lambda: emulator.connections == 0)


async def test_threads_call_through_the_event_loop_of_the_client(
    emulator: Emulator, lane: Lane
) -> None:
    async with client_of(emulator, lane) as pixlab:
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(
                    anyio.to_thread.run_sync, partial(anyio.from_thread.run, pixlab.status)
                )

    assert len(emulator.received) == 5


# --- Forks --------------------------------------------------------------------------------


def in_a_fork(act: Callable[..., object], *arguments: object) -> str:
    """What it says, or raises, in a forked child; which then ends without any clean-up."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - the parent counts
        signal.alarm(20)  # no child outlives its test
        try:
            said = str(act(*arguments))
        except BaseException as error:  # whatever it is: this process must not run pytest
            said = f"{type(error).__name__}: {error}"
        finally:
            os.write(writing, said.encode())
            os._exit(0)

    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def first_step(coroutine: Awaitable[object]) -> str:
    """Run it without an event loop, until it waits: what is refused at once does not."""
    try:
        coroutine.__await__().__next__()
    except StopIteration:
        return "ended"

    return "waits"


def _first_step_of(door: Door, pixlab: AsyncPixLab) -> str:  # pragma: no cover - in the child
    return first_step(door(pixlab))


def is_refused(said: str) -> bool:
    return "ConfigurationError" in said and "before this process was forked" in said


@forks
@ignores_forks
async def test_use_in_a_forked_child_is_refused_at_once(lane: Lane) -> None:
    """Not a step is waited for, and the parent's connection serves on."""
    with serve([http(), http()]) as script:
        async with client(script, lane) as pixlab:
            await pixlab.delete(LINK)
            said = [in_a_fork(_first_step_of, door, pixlab) for door in AT_ONCE]
            await pixlab.delete(LINK)

    assert [sentence for sentence in said if not is_refused(sentence)] == []
    assert (script.accepted, len(script.requests)) == (1, 2)


# A batch and a temporary picture begin tasks before they call, so they need an event loop.
AT_ONCE = [
    door
    for name, door in DOORS.items()
    if name not in ("a batch", "the counts of a batch", "a temporary picture")
]


@forks
@ignores_forks
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_use_in_a_loop_of_the_forked_child_is_refused(lane: Lane, backend: str) -> None:
    """As in a pool of processes: the parent has a loop, and each child one of its own."""
    with serve([http(), http()]) as script, asyncio.Runner() as runner:
        pixlab = client(script, lane)
        runner.run(_deletion(pixlab))
        said = [
            in_a_fork(partial(anyio.run, door, pixlab, backend=backend)) for door in DOORS.values()
        ]
        runner.run(_deletion(pixlab))
        runner.run(pixlab.aclose())

    assert [sentence for sentence in said if not is_refused(sentence)] == []
    assert (script.accepted, len(script.requests)) == (1, 2)


async def _deletion(pixlab: AsyncPixLab) -> None:
    await pixlab.delete(LINK)


async def _status(pixlab: AsyncPixLab) -> None:
    await pixlab.status()


async def test_a_client_of_another_process_is_refused_and_left_alone() -> None:
    """The same where nothing is forked, so that it can be measured."""
    with serve([http(), http()]) as script:
        async with client(script) as pixlab:
            await pixlab.delete(LINK)
            pid, pixlab._core._pid = pixlab._core._pid, 0
            assert is_refused(f"ConfigurationError: {await _refusal(pixlab)}")
            await pixlab.aclose()
            pixlab.__del__()
            pixlab._core._pid, pixlab._core.closed = pid, False
            await pixlab.delete(LINK)

    assert (script.accepted, len(script.requests)) == (1, 2)


async def _refusal(pixlab: AsyncPixLab) -> str:
    with pytest.raises(ConfigurationError) as refused:
        await pixlab.status()
    return refused.value.message


@forks
@ignores_forks
async def test_a_forked_child_that_closes_or_forgets_the_client_leaves_the_parents_connections(
    lane: Lane,
) -> None:
    with serve([http(), http()]) as script:
        pixlab = client(script, lane)
        await pixlab.delete(LINK)
        said = in_a_fork(_closed_and_forgotten, pixlab)
        with anyio.fail_after(5):
            await pixlab.delete(LINK)
        await pixlab.aclose()

    assert (
        said == "ended, and then: The client is closed: make a new AsyncPixLab, or close it later."
    )
    assert (script.accepted, len(script.requests)) == (1, 2)


def _closed_and_forgotten(pixlab: AsyncPixLab) -> str:  # pragma: no cover - in the child
    ended = first_step(pixlab.aclose())
    with pytest.raises(ConfigurationError) as refused:
        first_step(pixlab.status())
    return f"{ended}, and then: {refused.value.message}"


@forks
@ignores_forks
async def test_a_forked_child_is_not_told_that_the_parents_client_was_never_closed(
    lane: Lane,
) -> None:
    with serve([http()]) as script:
        pixlab = client(script, lane)
        await pixlab.delete(LINK)
        said = in_a_fork(_warnings_of_del, pixlab)
        await pixlab.aclose()

    assert said == "[]"


def _warnings_of_del(pixlab: AsyncPixLab) -> list[str]:  # pragma: no cover - in the child
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pixlab.__del__()
    return [str(warning.message) for warning in caught]


@forks
@ignores_forks
def test_a_client_that_was_never_used_is_the_forked_childs_to_use(
    emulator: Emulator, lane: Lane
) -> None:
    pixlab = client_of(emulator, lane)

    async def use() -> str:
        async with pixlab:
            return str((await pixlab.delete(LINK, missing_ok=True)).state)

    assert in_a_fork(anyio.run, use) == "already_gone"


@forks
@ignores_forks
def test_a_new_client_works_in_a_forked_child(emulator: Emulator, lane: Lane) -> None:
    async def use() -> str:
        async with client_of(emulator, lane) as pixlab:
            return str((await pixlab.delete(LINK, missing_ok=True)).state)

    with asyncio.Runner() as runner:
        pixlab = client_of(emulator, lane)
        runner.run(_status(pixlab))
        assert in_a_fork(anyio.run, use) == "already_gone"
        runner.run(pixlab.aclose())


@forks
@ignores_forks
def test_certificates_that_a_thread_reads_while_the_process_forks_do_not_lock_the_child() -> None:
    """The thread that holds the lock is not there in the child, and never lets go of it."""
    reads, go_on = threading.Event(), threading.Event()

    def slow() -> Any:
        reads.set()
        go_on.wait()

    async def read() -> str:
        with anyio.fail_after(5):
            return type(await ssl_context()).__name__

    reader = threading.Thread(target=_locked, args=(slow,))
    reader.start()
    reads.wait()
    http_context.cache_clear()
    said = in_a_fork(anyio.run, read)
    go_on.set()
    reader.join()

    assert said == "SSLContext"


# --- multiprocessing ----------------------------------------------------------------------


def _delete_in_a_worker(pixlab: AsyncPixLab, said: Any) -> None:  # pragma: no cover - in the child
    try:
        anyio.run(pixlab.delete, LINK)
        said.put("deleted")
    except ConfigurationError as refused:
        said.put(f"ConfigurationError: {refused}")


@forks
@ignores_forks
def test_a_worker_of_multiprocessing_that_is_forked_is_refused(lane: Lane) -> None:
    context = multiprocessing.get_context("fork")
    said = context.SimpleQueue()
    with serve([http(), http()]) as script, asyncio.Runner() as runner:
        pixlab = client(script, lane)
        runner.run(_deletion(pixlab))
        worker = context.Process(target=_delete_in_a_worker, args=(pixlab, said))
        worker.start()
        worker.join()
        runner.run(_deletion(pixlab))
        runner.run(pixlab.aclose())

    assert is_refused(said.get())
    assert (worker.exitcode, script.accepted, len(script.requests)) == (0, 1, 2)


def test_a_worker_of_multiprocessing_that_is_spawned_is_never_given_a_client() -> None:
    context = multiprocessing.get_context("spawn")
    worker = context.Process(target=_delete_in_a_worker, args=(AsyncPixLab(api_key=KEY), None))

    with pytest.raises(TypeError, match="make one in each process"):
        worker.start()

    gc.collect()
