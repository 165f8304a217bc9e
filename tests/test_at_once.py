"""What is awaited at once: no turns for others where nothing is waited for, and no other change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

import anyio
import pytest

from pixlab_async.transports._at_once import AtOnce, turn_of_others

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])


async def _turns_of_others(work: Awaitable[object]) -> int:
    """How many turns another task has until the work is done."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async with anyio.create_task_group() as group:
        group.start_soon(count)
        await anyio.lowlevel.checkpoint()
        before = turns
        await work
        found = turns - before
        group.cancel_scope.cancel()
    return found


async def _gives_way(times: int) -> None:
    for _ in range(times):
        await anyio.lowlevel.checkpoint()


async def test_it_gives_way_no_more_than_once() -> None:
    politely = await _turns_of_others(_gives_way(6))
    at_once = await _turns_of_others(AtOnce(_gives_way(6), turn_of_others()))

    assert politely >= 5
    assert at_once <= 1


async def test_it_keeps_nobody_out_who_does_it_again_and_again() -> None:
    async def work() -> None:
        for _ in range(10):
            await AtOnce(_gives_way(2), turn_of_others())

    assert await _turns_of_others(work()) >= 9


@asyncio_only
async def test_who_gives_way_again_and_again_waits_for_somebody() -> None:
    done: list[str] = []

    async def wait() -> str:
        while not done:
            await asyncio.sleep(0)
        return done[0]

    asyncio.get_running_loop().call_soon(done.append, "done")

    assert await AtOnce(wait(), turn_of_others()) == "done"


async def test_it_waits_for_what_there_is_to_wait_for() -> None:
    event = anyio.Event()

    async def wait() -> str:
        await event.wait()
        return "set"

    async def work() -> None:
        assert await AtOnce(wait(), turn_of_others()) == "set"

    async with anyio.create_task_group() as group:
        group.start_soon(work)
        await anyio.wait_all_tasks_blocked()
        event.set()


async def test_an_error_comes_up_as_it_is() -> None:
    async def fail() -> None:
        await anyio.lowlevel.checkpoint()
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        await AtOnce(fail(), turn_of_others())


async def test_a_cancelled_scope_ends_it() -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("")

    with anyio.move_on_after(0.01) as scope:
        await AtOnce(wait(), turn_of_others())

    assert (scope.cancelled_caught, len(ended)) == (True, 1)


async def test_a_scope_that_was_cancelled_before_ends_it() -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await AtOnce(anyio.lowlevel.checkpoint_if_cancelled(), turn_of_others())
        pytest.fail("it went on")

    assert scope.cancelled_caught


@asyncio_only
async def test_a_native_cancellation_reaches_into_where_it_waits() -> None:
    waiting = asyncio.get_running_loop().create_future()

    async def wait() -> str:
        with suppress(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0)
        return "went on"

    async def work() -> str:
        return await AtOnce(wait(), turn_of_others())

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()

    assert await task == "went on"


@asyncio_only
async def test_what_fails_after_a_cancellation_does_not_hold_it() -> None:
    async def wait() -> None:
        failure: Exception | None = None
        try:
            await anyio.sleep_forever()
        except asyncio.CancelledError:
            failure = KeyError("x")
        assert failure is not None
        raise failure

    async def work() -> None:
        await AtOnce(wait(), turn_of_others())

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(KeyError) as caught:
        await task
    assert caught.value.__context__ is None


def test_what_is_closed_in_the_middle_is_closed_inside() -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.Future(loop=loop)
        finally:
            ended.append("")

    loop = asyncio.new_event_loop()
    steps = AtOnce(wait(), None).__await__()
    next(steps)
    steps.close()
    loop.close()

    assert ended == [""]
