"""The bridge: what a child task ends with comes up as it is."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from pixlab_async._bridge import DeadlineReached, bridged, sheltered


async def test_a_result_comes_up() -> None:
    async def answer() -> int:
        await anyio.lowlevel.checkpoint()
        return 42

    assert await bridged(answer) == 42


@pytest.mark.parametrize("error", [KeyError, SystemExit])
async def test_an_error_comes_up_without_a_group(error: type[BaseException]) -> None:
    async def fail() -> None:
        raise error

    with pytest.raises(error):
        await bridged(fail)


async def test_a_deadline_ends_it() -> None:
    with pytest.raises(DeadlineReached):
        await bridged(anyio.sleep_forever, anyio.current_time() + 0.01)


async def test_grace_ends_what_is_sheltered() -> None:
    with pytest.raises(DeadlineReached):
        await sheltered(anyio.sleep_forever, 0.01)


async def test_what_is_sheltered_goes_on_when_the_caller_is_cancelled() -> None:
    ended = False

    async def work() -> None:
        nonlocal ended
        await anyio.sleep(0.02)
        ended = True

    with anyio.CancelScope() as scope:
        scope.cancel()
        await sheltered(work, 5)

    assert ended


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_child_that_alone_is_cancelled_is_a_cancellation() -> None:
    async def doomed() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        await bridged(doomed)
